//! Typed functions that would harm their caller or the host: by what they are called, by their types, by
//! what they give and what they are given.

use holm_kernel::{
    ImageError, Spawn, SpawnError, ToolAnswer, ToolError,
    account::{Bytes, Fuel, Limits},
    process::ExitStatus,
};
use holm_tests::{Guest, Neighbour, guest, machine};

use crate::{run, wat};

/// Calls a tool of a component beside a neighbour, who does not notice.
async fn called(guest: &Guest, tool: &str, arguments: String, limits: Limits) -> ToolAnswer {
    let mut neighbour = Neighbour::of(machine(), "typed").await;
    neighbour.works().await;
    let spawn = Spawn { limits, ..Spawn::new(guest.program()) };
    let answer = machine().kernel.call_tool(spawn, tool, arguments).await.unwrap();
    neighbour.ends().await;
    answer
}

fn faults(answer: &ToolAnswer, kind: &str) {
    match &answer.result {
        Err(ToolError::Ended(ExitStatus::Fault(fault))) => assert_eq!(fault.kind(), kind, "{answer:?}"),
        _ => panic!("no fault: {answer:?}"),
    }
}

/// A component of one function `f`, of this type, whose core function gives where its result lies.
fn giving(types: &str, result: &str, data: &str, more: &str) -> Guest {
    let text = format!(
        r#"(component
        (core module $m
            (memory (export "memory") 64)
            {data}
            (func (export "f") (result i32) (i32.const 0))
            (func (export "post") (param i32) {more}))
        (core instance $i (instantiate $m))
        {types}
        (func $f (result {result}) (canon lift (core func $i "f")
            (memory (core memory $i "memory")) (post-return (core func $i "post"))))
        (export "f" (func $f)))"#
    );
    Guest::new(machine(), "giving", wat::component(&text))
}

#[test]
fn results_that_are_none() {
    run(async {
        let data = r#"(data (i32.const 0) "\08\00\00\00\02\00\00\00\ff\fe")"#;
        let answer = called(&giving("", "string", data, ""), "f", "{}".into(), Limits::default()).await;
        faults(&answer, "trap");
        // Beyond its memory.
        let data = r#"(data (i32.const 0) "\08\00\00\00\ff\ff\ff\7f")"#;
        for result in ["string", "(list u8)", "(list (tuple u64 u64))"] {
            let answer = called(&giving("", result, data, ""), "f", "{}".into(), Limits::default()).await;
            faults(&answer, "trap");
        }
    });
}

#[test]
fn results_that_grow_on_the_way() {
    run(async {
        // 500 times the same list of a hundred thousand: less than a mebibyte inside, two gibibytes outside.
        let mut inner = String::new();
        for _ in 0..500 {
            inner += r"\00\10\00\00\a0\86\01\00";
        }
        let data = format!(r#"(data (i32.const 0) "\08\00\00\00\f4\01\00\00{inner}")"#);
        let answer = called(&giving("", "(list (list u32))", &data, ""), "f", "{}".into(), Limits::default()).await;
        faults(&answer, "hostcall");
        // Four mebibytes at once.
        let data = r#"(data (i32.const 0) "\08\00\00\00\00\00\3f\00")"#;
        let answer = called(&giving("", "(list u8)", data, ""), "f", "{}".into(), Limits::default()).await;
        faults(&answer, "hostcall");
        // A text whose JSON is six times as long.
        let data = r#"(data (i32.const 0) "\08\00\00\00\00\00\20\00")"#;
        let answer = called(&giving("", "string", data, ""), "f", "{}".into(), Limits::default()).await;
        faults(&answer, "hostcall");
    });
}

#[test]
fn what_runs_after_the_result_is_metered() {
    run(async {
        let data = r#"(data (i32.const 0) "\08\00\00\00\01\00\00\00a")"#;
        let guest = giving("", "string", data, "(loop (br 0))");
        let limits = Limits { fuel: Fuel(50_000_000), ..Limits::default() };
        faults(&called(&guest, "f", "{}".into(), limits).await, "out-of-fuel");
    });
}

#[test]
fn misdeeds() {
    run(async {
        let typed = guest("typed");
        let limits = || Limits { fuel: Fuel(100_000_000), ..Limits::default() };
        faults(&called(&typed, "misdeeds.panic", "{}".into(), limits()).await, "trap");
        faults(&called(&typed, "misdeeds.spin", "{}".into(), limits()).await, "out-of-fuel");
        faults(&called(&typed, "misdeeds.deep", "{}".into(), Limits::default()).await, "hostcall");
        let many = |count: u32| format!("{{\"count\":{count}}}");
        faults(&called(&typed, "misdeeds.many", many(8 << 20), Limits::default()).await, "hostcall");
        let answer = called(&typed, "misdeeds.many", many(30_000), Limits::default()).await;
        assert_eq!(answer.result.map(|text| text.len()), Ok(40_002));
    });
}

#[test]
fn arguments_that_grow_on_the_way() {
    run(async {
        let typed = guest("typed");
        let small = || Limits { memory: Bytes(16 << 20), ..Limits::default() };
        // A mebibyte of empty lists, each a value of its own.
        let lists = format!("{{\"it\":[{}[]]}}", "[],".repeat(350_000));
        faults(&called(&typed, "shapes.lists", lists, small()).await, "limit");
        // A mebibyte of Base64: three quarters of a million values.
        let bytes = format!("{{\"it\":\"{}\"}}", "AAAA".repeat(256 << 10));
        faults(&called(&typed, "shapes.bytes", bytes, small()).await, "limit");
        // Longer than a call may be.
        let text = format!("{{\"it\":\"{}\"}}", "x".repeat(5 << 20));
        faults(&called(&typed, "shapes.strings", text, Limits::default()).await, "limit");
        // Deeper than JSON goes.
        let deep = format!("{{\"it\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        let answer = called(&typed, "shapes.lists", deep, small()).await;
        assert!(matches!(answer.result, Err(ToolError::InvalidArguments(_))), "{answer:?}");
    });
}

/// A component that exports one function under these names.
fn exporting(names: impl Iterator<Item = String>) -> Guest {
    let exports: String = names.map(|name| format!("(export \"{name}\" (func $f))\n")).collect();
    let text = format!(
        r#"(component (core module $m (func (export "f"))) (core instance $i (instantiate $m))
        (func $f (canon lift (core func $i "f"))) {exports})"#
    );
    Guest::new(machine(), "exporting", wat::component(&text))
}

#[test]
fn names_without_end() {
    run(async {
        let kernel = &machine().kernel;
        let many = exporting((0..10_000).map(|index| format!("f{index}")));
        assert_eq!(kernel.describe_tools(many.program()).await.unwrap().len(), 1024);
        let image = kernel.inspect(&many.program()).await.unwrap();
        assert!(image.refused()[0].1.contains("10000 functions"), "{:?}", image.refused());
        // What is too long for a name is none; nothing else is left of it.
        let long = exporting([format!("f{}", "x".repeat(200))].into_iter());
        let error = kernel.describe_tools(long.program()).await.unwrap_err();
        let SpawnError::Image(ImageError::Unsuitable(told)) = &error else { panic!("{error:?}") };
        assert!(told.contains("longer than 128 bytes"), "{told}");
    });
}

#[test]
fn types_without_end() {
    run(async {
        // Twice as large with each level.
        let mut types = "(type $t0 u64)".to_owned();
        for level in 1..=14 {
            let before = level - 1;
            types += &format!("(type $t{level} (tuple $t{before} $t{before}))");
        }
        // As deep as this.
        types += "(type $d0 u16)";
        for level in 1..=60 {
            types += &format!("(type $d{level} (list $d{}))", level - 1);
        }
        for (result, reason) in [("$t14", "too large to write out"), ("$d60", "deep in each other")] {
            let guest = giving(&types, result, "", "");
            let error = machine().kernel.inspect(&guest.program()).await.err().unwrap();
            let ImageError::Unsuitable(told) = &error else { panic!("{error:?}") };
            assert!(told.contains(reason), "{told}");
        }
    });
}

#[test]
fn a_callee_is_paid_by_its_caller() {
    run(async {
        guest("typed").install().await;
        let tools = machine().kernel.describe_tools(guest("typed").program()).await.unwrap();
        machine().plugins.install(guest("typed").program_with_tools(tools));
        let calls = ["typed/shapes.strings", "x", "typed/misdeeds.spin", "x", "typed/shapes.strings", "y"];
        let report = guest("confused_deputy").arguments(calls).grant("tool=typed/shapes.*").run().await;
        report.exits(0).denied("tool", "not granted").prints(
            "typed/shapes.strings \"x\"\ntyped/misdeeds.spin denied tool=typed/misdeeds.spin: not granted\n\
             typed/shapes.strings \"y\"\n",
        );
    });
}
