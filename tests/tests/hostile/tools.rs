//! Tool calls: a caller that would use the rights of what it calls.

use holm_kernel::account::Bytes;
use holm_kernel::storage::{BucketId, Driver};
use holm_tests::{guest, machine};

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
