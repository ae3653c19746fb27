//! Tool calls: a caller that would use the rights of what it calls.

use std::sync::Arc;

use holm_kernel::{
    Answer,
    account::{Bytes, Fuel},
    storage::{BucketId, Driver},
};
use holm_tests::{Always, Guest, guest, machine};

use crate::{Directory, deputy, run};

#[test]
fn confused_deputy() {
    let directory = Directory::new().with("his", "DEPUTY").with("mine", "CALLER");
    run(async move {
        let (his, mine) = (directory.join("his"), directory.join("mine"));
        deputy(machine(), "clerk", &[&format!("fs={his}:ro")]).await;
        let calls = ["clerk/read", his.as_str(), "clerk/read", mine.as_str(), "clerk/absent", "x"];
        // Without the grant there is no tool, whatever it would do.
        let report = guest("confused_deputy").arguments(calls).grant(&format!("fs={mine}:ro")).attack().await;
        report.exits(0).denied("tool", "not granted").prints(
            "clerk/read denied tool=clerk/read: not granted\nclerk/read denied tool=clerk/read: not granted\n\
             clerk/absent denied tool=clerk/absent: not granted\n",
        );
        // With it the tool works with its own rights: no path in the arguments lends it the caller's.
        let attacker = guest("confused_deputy").arguments(calls).grant(&format!("fs={mine}:ro"));
        let report = attacker.grant("tool=clerk/*").attack().await;
        report
            .exits(0)
            .prints("clerk/read \"DEPUTY\"\nclerk/read failed permission denied\nclerk/absent no-such-tool\n");
        // And it confers nothing on the caller.
        let escape = guest("path_escape").named("confused-deputy").arguments([his.as_str()]);
        let report = escape.grant("tool=clerk/*").attack().await;
        assert!(!report.stdout.contains("DEPUTY"), "{report:#?}");
    });
}

#[test]
fn a_tool_that_its_user_was_not_shown() {
    run(async {
        let guest_of = |name: &str| guest("deputy").named(name).grant("storage=notes:rw");
        // As if its list had been another when it was installed.
        let whole = guest_of("sly").install().await;
        let shown = whole.tools.iter().filter(|tool| tool.name == "get").cloned().collect();
        machine().plugins.install(guest_of("sly").program_with_tools(shown));
        let calls = ["sly/get", "x", "sly/put", "x", "sly/get", "x"];
        let report = guest("confused_deputy").arguments(calls).grant("tool=sly/*").attack().await;
        report.exits(0).prints("sly/get \"nothing\"\nsly/put no-such-tool\nsly/get \"nothing\"\n");
    });
}

#[test]
fn kept_answers() {
    // An answer of a mebibyte, with its quotes.
    let directory = Directory::new().with("large", &"x".repeat((1 << 20) - 2));
    run(async move {
        let large = directory.join("large");
        deputy(machine(), "hoard", &[&format!("fs={large}:ro")]).await;
        let attacker = guest("kept_answers").arguments([large.as_str()]).grant("tool=hoard/*");
        let report = attacker.limit(|limits| limits.memory = Bytes(24 << 20)).attack().await;
        report.exits(0);
        assert!(report.stdout.starts_with("kept some: true, kept all: false\n"), "{report:#?}");
        assert!(report.stdout.ends_with("again: true\n"), "{report:#?}");
    });
}

#[test]
fn search_flood() {
    run(async {
        deputy(machine(), "finder", &[]).await;
        deputy(machine(), "secret", &[]).await;
        let flood = guest("search_flood").arguments(["flood"]).grant("tool=finder/*");
        flood.limit(|limits| limits.fuel = Fuel(300_000_000)).attack().await.faults("out-of-fuel");
        let looks = |query: &str| guest("search_flood").arguments([query]);
        // What is not granted is not found, by whatever words.
        let report = looks("delegate secret").grant("tool=finder/*").attack().await;
        report.exits(0).prints("finder/delegate delegate\n");
        looks("delegate").attack().await.exits(0).prints("");
        let long = "x".repeat(1025);
        looks(&long).grant("tool=*/*").attack().await.exits(0).prints("a query has at most 1024 bytes\n");
    });
}

#[test]
fn a_tool_keeps_a_drawer_for_each_caller() {
    run(async {
        let rights = ["storage=notes:rw", "storage=notes-*:rw", "spawn=scribe"];
        deputy(machine(), "keeper", &rights).await;
        guest("quota_race").named("scribe").grant("storage=*:rw").install().await;
        let caller = |name: &str| guest("confused_deputy").named(name).grant("tool=keeper/*");
        caller("ann").arguments(["keeper/put", "of ann"]).attack().await.exits(0);
        caller("bob").arguments(["keeper/get", ""]).attack().await.exits(0).prints("keeper/get \"nothing\"\n");
        caller("ann").arguments(["keeper/get", ""]).attack().await.exits(0).prints("keeper/get \"of ann\"\n");
        // What a tool starts keeps its notes in the same drawer, not in one that all callers share.
        let report = caller("ann").arguments(["keeper/delegate", "scribe"]).attack().await;
        report.exits(0);
        assert!(report.stdout.contains("Code(0)"), "{report:#?}");
        let found = async |owner: &str| {
            let bucket = BucketId { owner: Some(owner.to_owned()), name: "notes".to_owned() };
            machine().gate.get(&bucket, "delegated").await.unwrap().is_some()
        };
        assert!(found("scribe@ann").await && !found("scribe").await);
    });
}

/// Who calls the tools of a deputy, each with its argument.
fn caller(calls: &[&str]) -> Guest {
    guest("confused_deputy").arguments(calls.iter().copied())
}

const DENIED: &str = "not granted";

#[test]
fn arguments_beyond_the_grant_are_denied() {
    run(async {
        deputy(machine(), "filter", &["storage=notes:rw"]).await;
        let calls = [
            // Resolved first: this is within, and is passed on as it was checked.
            ("mine/./x//../y", "\"1\""),
            ("mine/../yours", "denied tool=filter/put?it=yours: not granted"),
            ("../mine/x", "denied tool=filter/put: not granted"),
            ("mine/..\\\\..\\\\yours", "denied tool=filter/put: not granted"),
            ("minemine/x", "denied tool=filter/put?it=minemine/x: not granted"),
            // Another argument of the same name: which one would the tool read?
            ("mine/x\",\"it\":\"yours", "invalid-arguments"),
            ("yours\",\"x\":\"mine/x", "denied tool=filter/put?it=yours: not granted"),
        ];
        let arguments: Vec<&str> = calls.iter().flat_map(|(it, _)| ["filter/put", it]).collect();
        let report = caller(&arguments).grant("tool=filter/*?it=mine/*").attack().await;
        let expected: String = calls.iter().map(|(_, said)| format!("filter/put {said}\n")).collect();
        report.exits(0).denied("tool", DENIED).prints(&expected);
        let report = caller(&["filter/get", "mine/x"]).grant("tool=filter/*?it=mine/*").attack().await;
        // The tool was given what was checked.
        report.exits(0).prints("filter/get \"mine/y\"\n");
        // The ceiling's own predicate holds whatever was granted, and no grant would help.
        let bound = caller(&["filter/get", "yours"]).ceiling(&["tool=filter/*?it=mine/*"]).grant("tool=*/*");
        bound.attack().await.exits(0).denied("tool", "beyond the ceiling of its manifest");
    });
}

#[test]
fn a_budget_of_calls_ends() {
    run(async {
        deputy(machine(), "counter", &["storage=notes:rw"]).await;
        let calls = ["counter/get", "x"].repeat(4);
        // One over the budget; and it is its grant's, so that another run of it finds nothing left.
        let spender = || caller(&calls).named("spender").grant("tool=counter/*:calls=3/hour");
        let report = spender().attack().await;
        report.exits(0).over("calls/hour");
        assert_eq!(report.stdout.matches("nothing").count(), 3, "{report:#?}");
        let report = spender().attack().await;
        assert_eq!(report.exits(0).over("calls/hour").stdout.matches("nothing").count(), 0);
        // In a run, the run's; what was denied did not count.
        let mixed = ["counter/get", "x", "counter/put", "x", "counter/get", "x", "counter/get", "x"];
        let run = || caller(&mixed).named("mixed").grant("tool=counter/get:calls=2/run");
        for _ in 0..2 {
            let report = run().attack().await;
            assert_eq!(report.exits(0).over("calls/run").denied("tool", DENIED).stdout.matches("nothing").count(), 2);
        }
    });
}

#[test]
fn what_asks_is_asked_at_every_call() {
    run(async {
        deputy(machine(), "asked", &["storage=notes:rw"]).await;
        let calls = ["asked/get", "a\u{202e}b"].repeat(3);
        let guest = || caller(&calls).grant("tool=asked/*:ask");
        let yes = Always::new(Answer::Once);
        let report = guest().operator(yes.clone()).attack().await;
        assert_eq!(report.exits(0).stdout.matches("nothing").count(), 3);
        {
            let asked = yes.asked.lock();
            assert_eq!(asked.len(), 3, "{asked:?}");
            let question = &asked[0];
            assert_eq!((question.resource.as_str(), question.rule.as_str()), ("asked/get", "`asked/*:ask`"));
            let detail = &question.approval.as_ref().expect("its arguments").detail;
            assert_eq!(detail, "{\"it\":\"a\\u{202e}b\"}");
        }
        // A no, and nobody to ask.
        let no = Always::new(Answer::Deny);
        let report = guest().operator(no.clone()).attack().await;
        assert_eq!(report.exits(0).denied("tool", "nobody allowed it").stdout.matches("denied").count(), 3);
        assert_eq!(no.asked.lock().len(), 3);
        guest().attack().await.exits(0).denied("tool", "nobody allowed it");
        // The strictest of the rules that admit a call holds, and what was not allowed did not count.
        let strict =
            caller(&["asked/get", "x"]).named("strict").grant("tool=*/*").grant("tool=asked/get:ask,calls=1/hour");
        let report = strict.operator(no).attack().await;
        report.exits(0).denied("tool", "`asked/get:ask,calls=1/hour` asks");
        let strict =
            caller(&["asked/get", "x"]).named("strict").grant("tool=*/*").grant("tool=asked/get:ask,calls=1/hour");
        strict.operator(yes).attack().await.exits(0).prints("asked/get \"nothing\"\n");
    });
}

#[test]
fn who_says_no_is_left_in_peace() {
    run(async {
        deputy(machine(), "nagged", &["storage=notes:rw"]).await;
        let calls = ["nagged/get", "x"].repeat(40);
        let no: Arc<Always> = Always::new(Answer::Deny);
        let report = caller(&calls).grant("tool=nagged/*:ask").operator(no.clone()).attack().await;
        assert_eq!(report.exits(0).stdout.matches("denied").count(), 40);
        assert_eq!(no.asked.lock().len(), 16);
    });
}
