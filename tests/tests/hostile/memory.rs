//! Memories, tables and instances: what grows.

use holm_kernel::{CompileError, ImageError, SpawnError, account::Bytes};
use holm_tests::guest;

use crate::{run, wat, written};

const PAGE: u64 = 64 << 10;

/// The number before a word in a guest's output.
fn number(text: &str, after: &str, before: &str) -> u64 {
    let found = text.split(after).nth(1).and_then(|rest| rest.split(before).next());
    found.unwrap_or_else(|| panic!("{text}")).trim().parse().unwrap()
}

#[test]
fn memory_bomb() {
    run(async {
        let report = guest("memory_bomb").limit(|limits| limits.memory = Bytes(128 * PAGE)).attack().await;
        report.exits(0);
        // Its tables take some bytes of the last page.
        assert_eq!(number(&report.stdout, "begins\n", " pages"), 127, "{report:#?}");
    });
}

#[test]
fn memory_bomb_family() {
    run(async {
        let attacker =
            guest("memory_bomb_family").grant("spawn=self").limit(|limits| limits.memory = Bytes(256 * PAGE));
        let report = attacker.attack().await;
        report.exits(0);
        let child = number(&report.stdout, "child: ", " pages");
        let own = number(&report.stdout, "own: ", " pages");
        assert_eq!(child + own, 255, "{report:#?}");
        assert_eq!(number(&report.stdout, "then: ", " pages"), 255, "{report:#?}");
    });
}

#[test]
fn many_memories() {
    run(async {
        // Forty memories, each grown page by page until none may: 256 pages in all.
        let memories: String = (0..40).map(|index| format!("(memory $m{index} 0)")).collect();
        let grow: String = (0..40)
            .map(|index| {
                format!(
                    "(block $full{index} (loop $more{index}
                        (br_if $full{index} (i32.eq (memory.grow $m{index} (i32.const 1)) (i32.const -1)))
                        (local.set $pages (i32.add (local.get $pages) (i32.const 1)))
                        (br_if $more{index} (i32.lt_u (memory.size $m{index}) (i32.const 10)))))"
                )
            })
            .collect();
        let text = wat::module(&format!(
            r#"{memories} (func (export "run") (result i32) (local $pages i32) {grow}
            (i32.ne (local.get $pages) (i32.const 256)))"#
        ));
        written("many-memories", &text).limit(|limits| limits.memory = Bytes(256 * PAGE)).attack().await.exits(0);
    });
}

#[test]
fn too_many_memories() {
    run(async {
        let text =
            wat::module(&format!(r#"{} (func (export "run") (result i32) (i32.const 0))"#, "(memory 0)".repeat(90)));
        written("too-many-memories", &text).attack().await.faults("limit");
    });
}

#[test]
fn refused_growth_gives_back() {
    run(async {
        // Its memory may have two pages: what the engine refuses costs nothing, however often.
        let text = wat::module(
            r#"(memory $small 1 2) (memory $other 0) (func (export "run") (result i32) (local $n i32)
            (loop $again
                (drop (memory.grow $small (i32.const 100)))
                (local.set $n (i32.add (local.get $n) (i32.const 1)))
                (br_if $again (i32.lt_u (local.get $n) (i32.const 1000))))
            (i32.eq (memory.grow $other (i32.const 255)) (i32.const -1)))"#,
        );
        written("refused-growth", &text).limit(|limits| limits.memory = Bytes(256 * PAGE)).attack().await.exits(0);
    });
}

#[test]
fn table_bomb() {
    run(async {
        // Two tables, together as large as the limit: not one element more.
        let text = wat::module(
            r#"(table $a 0 funcref) (table $b 0 funcref) (func (export "run") (result i32) (local $n i32)
            (loop $more
                (if (i32.ne (table.grow $a (ref.null func) (i32.const 1)) (i32.const -1))
                    (then (local.set $n (i32.add (local.get $n) (i32.const 1)))))
                (if (i32.ne (table.grow $b (ref.null func) (i32.const 1)) (i32.const -1))
                    (then (local.set $n (i32.add (local.get $n) (i32.const 1))) (br $more))))
            (i32.ne (local.get $n) (i32.const 10000)))"#,
        );
        written("table-bomb", &text).limit(|limits| limits.table_elements = 10_000).attack().await.exits(0);
    });
}

#[test]
fn giant_table() {
    run(async {
        let text = wat::module(r#"(table 50000000 funcref) (func (export "run") (result i32) (i32.const 0))"#);
        written("giant-table", &text).attack().await.faults("limit");
    });
}

#[test]
fn ten_thousand_instances() {
    run(async {
        // More than a thousand do not even compile.
        let refused = written("ten-thousand-instances", &wat::instances(10_000)).try_start().await.err();
        assert!(
            matches!(refused, Some(SpawnError::Image(ImageError::Compile(CompileError::Invalid(_))))),
            "{refused:?}"
        );
        written("many-instances", &wat::instances(900)).attack().await.faults("limit");
        // Exactly as many as it may, and one more.
        written("instances-64", &wat::instances(64)).attack().await.exits(0);
        written("instances-65", &wat::instances(65)).attack().await.faults("limit");
    });
}
