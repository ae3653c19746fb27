//! Policies: plugins that judge others, and those who would not be judged.

use std::{sync::Arc, time::Duration};

use holm_kernel::{Answer, Moment, account::Fuel, process::KilledBy};
use holm_tests::{Always, Guest, component, eventually, guest, machine};

use crate::{deputy, run};

/// Installs a policy that does what the events themselves say, and sets it over these plugins.
async fn policy(name: &str, moments: impl IntoIterator<Item = Moment>, over: &[&str]) {
    let policy = Guest::new(machine(), "judge", component("judge")).named(name);
    policy.judges(moments).install().await;
    over.iter().for_each(|plugin| machine().plugins.judged(plugin, &[name]));
}

/// Who calls a tool of `clerk`, each time with one of these, under a policy.
fn ward(name: &str, its: &[&str]) -> Guest {
    let calls: Vec<&str> = its.iter().flat_map(|it| ["judged-clerk/get", it]).collect();
    guest("confused_deputy").named(name).arguments(calls).grant("tool=judged-clerk/*")
}

const ALLOWED: &str = "judged-clerk/get \"nothing\"\n";

#[test]
fn what_a_policy_denies_does_not_happen() {
    run(async {
        deputy(machine(), "judged-clerk", &["storage=notes:rw"]).await;
        policy("tool-judge", [Moment::BeforeTool], &["ward"]).await;
        let report = ward("ward", &["plain", "!deny", "plain"]).attack().await;
        let denied = "judged-clerk/get denied tool=judged-clerk/get: policy `tool-judge`: it says so\n";
        report.exits(0).denied("tool", "policy `tool-judge`").prints(&format!("{ALLOWED}{denied}{ALLOWED}"));
        // Without a grant there is nothing to judge, and no policy gives what no grant does.
        let report = guest("confused_deputy").named("ward").arguments(["judged-clerk/get", "plain"]).attack().await;
        report.exits(0).denied("tool", "not granted");
        // Nobody else is judged.
        ward("free", &["!deny"]).attack().await.exits(0).prints(ALLOWED);
        // A budget pays for what happens alone.
        let calls = ["judged-clerk/get", "!deny", "judged-clerk/get", "a", "judged-clerk/get", "b"];
        let counted = guest("confused_deputy").named("ward").arguments(calls);
        let report = counted.grant("tool=judged-clerk/*:calls=1/run").attack().await;
        assert_eq!(report.exits(0).over("calls/run").stdout.matches("nothing").count(), 1);
    });
}

#[test]
fn a_policy_that_fails_denies() {
    run(async {
        deputy(machine(), "judged-clerk", &["storage=notes:rw"]).await;
        policy("frail-judge", [Moment::BeforeTool], &["frail-ward"]).await;
        machine().plugins.judged("orphan-ward", &["gone-judge"]);
        let report = ward("frail-ward", &["!trap"]).attack().await;
        report.exits(0).denied("tool", "policy `frail-judge` failed, which denies: fault trap");
        // One that spins burns what its ward set aside for it, and no more.
        let spun = ward("frail-ward", &["!spin", "plain"]).limit(|limits| limits.fuel = Fuel(2_000_000_000));
        let report = spun.attack().await;
        report.exits(0).denied("tool", "failed, which denies: fault out-of-fuel");
        assert!(report.stdout.ends_with(ALLOWED), "{report:#?}");
        // One whose ward leaves it nothing to run on.
        let alone = ward("frail-ward", &["plain"]).limit(|limits| limits.children = 0);
        alone.attack().await.exits(0).denied("tool", "failed, which denies");
        // One that is no longer there.
        ward("orphan-ward", &["plain"]).attack().await.exits(0).denied("tool", "policy `gone-judge` failed");
        // Its reason is short, and hides nothing.
        let report = ward("frail-ward", &["!lie"]).attack().await;
        assert!(report.exits(0).stdout.len() < 2_000 && report.stdout.contains("\\u{1b}[2Jxxx"), "{report:#?}");
    });
}

#[test]
fn what_is_withheld_is_not_seen() {
    run(async {
        deputy(machine(), "judged-clerk", &["storage=notes:rw"]).await;
        policy("end-judge", [Moment::AfterTool, Moment::AfterModel, Moment::AfterSpawn], &["end-ward"]).await;
        let calls = ["judged-clerk/put", "!deny", "judged-clerk/get", "x"];
        let report = guest("confused_deputy").named("end-ward").arguments(calls).grant("tool=judged-clerk/*");
        let report = report.attack().await;
        report.exits(0).denied("tool", "policy `end-judge`");
        assert!(!report.stdout.contains("!deny"), "{report:#?}");
        // A reply that is judged is told whole or not at all, also where it is streamed.
        for way in ["complete", "stream"] {
            let steps = [format!("{way} fast tell !deny"), format!("{way} fast tell this")];
            let asks = guest("llm_ok").named("end-ward").grant("llm=*").arguments(steps.iter().map(String::as_str));
            let report = asks.attack().await;
            report.exits(0).denied("llm", "policy `end-judge`");
            let (denied, told) = report.stdout.split_once('\n').expect("two lines");
            assert!(!denied.contains("!deny") && told.contains("1 out"), "{report:#?}");
        }
        let report = guest("judged").named("end-ward").grant("spawn=*").arguments(["spawn", "die now"]).attack().await;
        report.exits(0).denied("spawn", "policy `end-judge`");
    });
}

#[test]
fn a_request_is_judged_before_it_leaves() {
    run(async {
        policy("ask-judge", [Moment::BeforeModel], &["ask-ward"]).await;
        let steps = ["complete fast tell !deny", "stream fast tell !deny", "complete fast say 1"];
        let report = guest("llm_ok").named("ask-ward").grant("llm=*").arguments(steps).attack().await;
        report.exits(0).denied("llm", "policy `ask-judge`");
        assert_eq!(report.exit.tokens, 11, "only the last was made: {report:#?}");
    });
}

#[test]
fn a_tree_is_judged_as_its_root_is() {
    run(async {
        policy("tree-judge", [Moment::BeforeSpawn, Moment::BeforeStop], &["tree-ward"]).await;
        let ward = || guest("judged").named("tree-ward").grant("spawn=*");
        let report = ward().arguments(["spawn", "stop !deny", "spawn", "stop done", "stop", "!deny"]).attack().await;
        report.exits(0).denied("spawn", "policy `tree-judge`").denied("task", "policy `tree-judge`");
        assert_eq!(report.stdout.matches("stop ok\n").count(), 1, "{report:#?}");
        // A child of another plugin is judged by the policies of both.
        guest("judged").named("stranger").install().await;
        policy("child-judge", [Moment::BeforeStop], &["other-ward"]).await;
        machine().plugins.judged("stranger", &[]);
        let report =
            guest("judged").named("other-ward").grant("spawn=*").arguments(["spawn", "stop !deny"]).attack().await;
        assert!(report.exits(0).stdout.starts_with("stop denied"), "{report:#?}");
        // A policy is not judged, not even by itself.
        machine().plugins.judged("tree-judge", &["tree-judge"]);
        ward().arguments(["stop", "done"]).attack().await.exits(0).prints("stop ok\n");
        // After the end there is nothing to stop; it is only told.
        ward().arguments(["stopped", "!deny"]).attack().await.exits(0).prints("stopped ok\n");
    });
}

#[test]
fn a_policy_has_its_user_asked() {
    run(async {
        deputy(machine(), "judged-clerk", &["storage=notes:rw"]).await;
        policy("asking-judge", [Moment::BeforeTool], &["asking-ward"]).await;
        let yes = Always::new(Answer::Once);
        let ward = || guest("confused_deputy").named("asking-ward").arguments(["judged-clerk/get", "!ask"]);
        let report = ward().grant("tool=judged-clerk/*").operator(yes.clone()).attack().await;
        report.exits(0).prints(ALLOWED);
        // A grant that asks as well does not ask twice, and a policy that allows does not answer for its user.
        let report = ward().grant("tool=judged-clerk/*:ask").operator(yes.clone()).attack().await;
        report.exits(0).prints(ALLOWED);
        let rules: Vec<String> = yes.asked.lock().iter().map(|question| question.rule.clone()).collect();
        let asked = "policy `asking-judge` (it says so)";
        assert_eq!(rules, [asked.to_owned(), format!("`judged-clerk/*:ask` and {asked}")]);
        ward().grant("tool=judged-clerk/*").attack().await.exits(0).denied("tool", "nobody allowed it");
        let no = Always::new(Answer::Deny);
        let plain = guest("confused_deputy").named("asking-ward").arguments(["judged-clerk/get", "plain"]);
        let report = plain.grant("tool=judged-clerk/*:ask").operator(no).attack().await;
        report.exits(0).denied("tool", "`judged-clerk/*:ask` asks, and nobody allowed it");
    });
}

#[test]
fn what_is_put_off_waits_for_its_user() {
    run(async {
        let kernel = &machine().kernel;
        deputy(machine(), "judged-clerk", &["storage=notes:rw"]).await;
        policy("later-judge", [Moment::BeforeTool], &["later-ward"]).await;
        let ours = || kernel.pending().into_iter().find(|pending| pending.question.plugin == "later-ward");
        let waits = async || {
            eventually(|| ours().is_some(), || "nothing waits".to_owned()).await;
            ours().expect("it waits")
        };
        let told: Arc<Always> = Always::new(Answer::Deny);
        for allow in [true, false] {
            let report = ward("later-ward", &["!defer"]).operator(told.clone());
            let report = report.attack_with(async |started| {
                let pending = waits().await;
                assert_eq!(pending.question.approval.expect("its arguments").detail, r#"{"it":"!defer"}"#);
                // It waits as long as it takes, and blocks nobody.
                tokio::time::sleep(Duration::from_millis(50)).await;
                started.is("blocked").await;
                assert!(kernel.answer(pending.id, allow) && !kernel.answer(pending.id, allow));
            });
            let report = report.await;
            match allow {
                true => report.exits(0).prints(ALLOWED),
                false => report.exits(0).denied("tool", "nobody allowed it"),
            };
        }
        assert_eq!(told.asked.lock().len(), 2, "its operator is told by which number");
        // Who is killed meanwhile waits no more; its right revoked meanwhile, it is denied.
        let report = ward("later-ward", &["!defer"]).attack_with(async |started| {
            waits().await;
            started.kill();
        });
        report.await.killed(KilledBy::Operator);
        assert!(ours().is_none());
        let report = ward("later-ward", &["!defer"]).attack_with(async |started| {
            let pending = waits().await;
            started.revoke("tool");
            assert!(kernel.answer(pending.id, true));
        });
        report.await.exits(0).denied("tool", "revoked");
    });
}
