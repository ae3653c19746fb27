//! A child's rights never pass its parent's, whatever is granted, passed on and asked for.

use holm_kernel::{
    devices::{
        Capability, Grants,
        fs::{FsRule, FsWant, normalise},
        llm::{LlmRule, LlmWant},
        memory::{MemoryRule, MemoryWant, SpaceAccess},
        net::{NetRule, NetWant, law::Target},
        spawn::{SpawnRule, SpawnWant},
        storage::{StorageRule, StorageWant},
        tool::{Arguments, ToolRule, ToolWant},
    },
    grant::Access,
};
use proptest::{collection::vec, prelude::*, sample::select};

/// What a call may want, of every capability.
#[derive(Clone, Debug)]
enum Want {
    Fs(FsWant),
    Storage(StorageWant),
    Memory(MemoryWant),
    Spawn(SpawnWant),
    Tool(ToolWant),
    Net(NetWant),
    Llm(LlmWant),
}

fn admits(grants: &Grants, want: &Want) -> bool {
    fn any<R: Capability>(grants: &Grants, want: &R::Want) -> bool {
        R::rules(grants).admitting(want).next().is_some()
    }
    match want {
        Want::Fs(want) => any::<FsRule>(grants, want),
        Want::Storage(want) => any::<StorageRule>(grants, want),
        Want::Memory(want) => any::<MemoryRule>(grants, want),
        Want::Spawn(want) => any::<SpawnRule>(grants, want),
        Want::Tool(want) => any::<ToolRule>(grants, want),
        Want::Net(want) => any::<NetRule>(grants, want),
        Want::Llm(want) => any::<LlmRule>(grants, want),
    }
}

fn access() -> impl Strategy<Value = Access> {
    select(vec![Access::Read, Access::Write])
}

/// A short path over few names, so that rules and wants meet often; with `..` in it, too.
fn path() -> impl Strategy<Value = String> {
    vec(select(vec!["a", "ab", "b", "..", "."]), 0..4).prop_map(|parts| format!("/{}", parts.join("/")))
}

fn name() -> impl Strategy<Value = String> {
    vec(select(vec!["a", "b", "-", "*", "ab"]), 1..4).prop_map(|parts| parts.concat())
}

/// What arguments have to be: over two names, patterns of paths and of plain texts.
fn predicates() -> impl Strategy<Value = String> {
    let value = select(vec!["*", "a*", "a", "a/*", "a/b", "b%3A*", "/a/*", "x://a/*"]);
    vec((select(vec!["p", "q"]), value), 0..3).prop_map(|all| {
        let all: Vec<String> = all.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        if all.is_empty() { String::new() } else { format!("?{}", all.join("&")) }
    })
}

fn terms() -> impl Strategy<Value = String> {
    select(vec!["", ":ask", ":calls=2/hour", ":ask,calls=1/run"]).prop_map(str::to_owned)
}

fn arguments() -> impl Strategy<Value = String> {
    let value = select(vec![
        r#""a""#,
        r#""a/b""#,
        r#""a/../b""#,
        r#""b:x""#,
        r#""/a/b""#,
        r#""x://a/b""#,
        "1",
        "null",
        r#"["a"]"#,
    ]);
    vec((select(vec!["p", "q"]), value), 0..3).prop_map(|mut all| {
        all.dedup_by_key(|(name, _)| *name);
        let all: Vec<String> = all.into_iter().map(|(name, value)| format!(r#""{name}":{value}"#)).collect();
        format!("{{{}}}", all.join(","))
    })
}

/// Budgets and the shared cache: what a rule for models says beside their names.
fn budgets() -> impl Strategy<Value = String> {
    let word =
        select(vec!["tokens=10/run", "tokens=20/run", "tokens=10/day", "usd=1/run", "calls=3/hour", "shared-cache"]);
    vec(word, 0..4).prop_map(|mut words| {
        words.sort_unstable();
        words.dedup_by_key(|word| {
            word.split('=').next().map(|unit| (unit.to_owned(), word.split('/').nth(1).map(str::to_owned)))
        });
        if words.is_empty() { String::new() } else { format!(":{}", words.join(",")) }
    })
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        (prop_oneof![path(), Just("*".to_owned())], access()).prop_map(|(path, access)| format!("fs={path}:{access}")),
        (any::<bool>(), name(), access()).prop_map(|(shared, name, access)| {
            format!("storage={}{name}:{access}", if shared { "shared/" } else { "" })
        }),
        (any::<bool>(), name(), 0usize..3).prop_map(|(shared, name, access)| {
            let access = ["ro", "append", "rw"][access];
            format!("memory={}{name}:{access}", if shared { "shared/" } else { "" })
        }),
        name().prop_map(|name| format!("spawn={name}")),
        (name(), budgets()).prop_map(|(name, budgets)| format!("llm={name}{budgets}")),
        (name(), name(), predicates(), terms())
            .prop_map(|(plugin, tool, predicates, terms)| format!("tool={plugin}/{tool}{predicates}{terms}")),
        (
            select(vec!["https", "http", "*"]),
            select(vec!["*", "*.a.example", "a.example", "b.a.example", "127.0.0.1"]),
            path()
        )
            .prop_map(|(scheme, host, path)| format!("net={scheme}://{host}{path}")),
    ]
}

/// Rules that parse; a path that climbs above the root is none.
fn grants(most: usize) -> impl Strategy<Value = Grants> {
    vec(line(), 0..most).prop_map(|lines| {
        let mut grants = Grants::default();
        for line in lines {
            let _ = grants.add(&line);
        }
        grants
    })
}

fn want() -> impl Strategy<Value = Want> {
    let plain = || name().prop_map(|name| name.replace('*', "x"));
    prop_oneof![
        (path(), access()).prop_filter_map("above the root", |(path, access)| {
            Some(Want::Fs(FsWant { path: normalise(path.as_ref())?, access }))
        }),
        (any::<bool>(), plain(), access()).prop_map(|(shared, name, access)| {
            let name = if shared { format!("shared/{name}") } else { name };
            Want::Storage(StorageWant { name, access })
        }),
        (any::<bool>(), plain(), 0usize..3).prop_map(|(shared, name, access)| {
            let name = if shared { format!("shared/{name}") } else { name };
            let access = [SpaceAccess::Read, SpaceAccess::Append, SpaceAccess::Write][access];
            Want::Memory(MemoryWant { name, access })
        }),
        plain().prop_map(|name| Want::Spawn(SpawnWant(name))),
        plain().prop_map(|name| Want::Llm(LlmWant(name))),
        (plain(), plain()).prop_map(|(plugin, tool)| Want::Tool(ToolWant::named(format!("{plugin}/{tool}")))),
        (plain(), plain(), arguments()).prop_filter_map("a name stands twice", |(plugin, tool, arguments)| {
            let arguments = Arguments::parse(&arguments).ok()?;
            Some(Want::Tool(ToolWant::call(format!("{plugin}/{tool}"), arguments.into())))
        }),
        (select(vec!["https", "http"]), select(vec!["a.example", "b.a.example", "c.example"]), path()).prop_map(
            |(scheme, host, path)| {
                let target = Target::parse(&format!("{scheme}://{host}{path}")).expect("well-formed");
                Want::Net(NetWant { target, method: "GET".to_owned() })
            }
        ),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// What may be passed on (nothing of it lies beyond) never admits what the giver is not admitted.
    #[test]
    fn what_is_passed_on_is_held(held in grants(8), asked in grants(24), wants in vec(want(), 1..20)) {
        let beyond = held.beyond(&asked);
        let mut passed = Grants::default();
        for line in asked.lines().iter().filter(|line| !beyond.contains(line)) {
            passed.add(line).expect("it was there");
        }
        prop_assert!(held.beyond(&passed).is_empty());
        for want in wants {
            prop_assert!(!admits(&passed, &want) || admits(&held, &want), "{want:?}");
        }
    }

    /// What was removed is gone: no rule that it covers stays.
    #[test]
    fn what_is_removed_is_gone(mut held in grants(8), line in line()) {
        let mut one = Grants::default();
        prop_assume!(one.add(&line).is_ok());
        held.remove(&line).expect("it parsed");
        for left in held.lines() {
            let mut rest = Grants::default();
            rest.add(&left).expect("it was there");
            prop_assert!(!one.beyond(&rest).is_empty(), "{left} stayed");
        }
    }

    /// What is written is what is read again.
    #[test]
    fn lines_are_read_as_written(held in grants(8)) {
        let mut again = Grants::default();
        for line in held.lines() {
            again.add(&line).expect("it was written so");
        }
        prop_assert_eq!(again, held);
    }
}
