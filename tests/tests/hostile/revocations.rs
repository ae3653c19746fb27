//! Rights taken away while they are used.

use holm_kernel::Answer;
use holm_tests::{Always, Report, eventually, guest, machine};

use crate::{Directory, deputy, run};

/// Runs `revoked KIND` until it is ready, takes the right away, and sends it a line.
async fn revoked(kind: &'static str, grants: &[&str], line: &str, path: &str) -> Report {
    let guest = guest("revoked").named(&format!("revoked-{kind}")).arguments([kind, path]).keep_stdin();
    let guest = grants.iter().fold(guest, |guest, grant| guest.grant(grant));
    guest
        .attack_with(async |started| {
            started.shows("ready").await;
            match kind {
                "blocked" => eventually(|| machine().gate.waiting() > 0, || kind.to_owned()).await,
                "bucket" | "file" | "directory" => {}
                _ => started.is("blocked").await,
            }
            started.revoke(line);
            if matches!(kind, "bucket" | "file" | "directory") {
                started.say("go").await;
            }
        })
        .await
}

#[test]
fn a_bucket() {
    run(async {
        let report = revoked("bucket", &["storage=notes:rw"], "storage=notes:rw", "").await;
        let denied = "denied storage=notes:rw: revoked";
        report.exits(0).denied("storage", "revoked").prints(&format!("ready\nput {denied}\nget {denied}\n"));
    });
}

#[test]
fn a_call_under_way() {
    run(async {
        let report = revoked("blocked", &["storage=notes:rw"], "storage=notes:rw", "").await;
        report.exits(0).denied("storage", "revoked").prints("ready\nget denied storage=notes:rw: revoked\n");
        eventually(|| machine().gate.waiting() == 0, || "the driver still waits".to_owned()).await;
    });
}

#[test]
fn a_file() {
    let directory = Directory::new().with("file", &"x".repeat(1000));
    run(async move {
        let (file, grant) = (directory.join("file"), format!("fs={}:ro", directory.join("")));
        let report = revoked("file", &[&grant], &grant, &file).await;
        report.exits(0).denied("io", "revoked");
        let because = format!("because fs={file}:ro: revoked\n");
        assert!(report.stdout.starts_with("ready\nread Err(") && report.stdout.ends_with(&because), "{report:#?}");
    });
}

#[test]
fn a_directory() {
    let directory = Directory::new().with("one", "").with("two", "");
    run(async move {
        let grant = format!("fs={}:ro", directory.join(""));
        let report = revoked("directory", &[&grant], &grant, &directory.join("")).await;
        report.exits(0).denied("fs", "revoked").prints("ready\nlist access\n");
    });
}

#[test]
fn a_child() {
    run(async {
        let denied = "denied spawn=self: revoked\n";
        let report = revoked("pollable", &["spawn=self"], "spawn=self", "").await;
        report.exits(0).denied("spawn", "revoked").prints(&format!("ready\nwait {denied}"));
        let report = revoked("any", &["spawn=self"], "spawn=self", "").await;
        report.exits(0).denied("spawn", "revoked").prints(&format!("ready\nwait-any {denied}"));
    });
}

#[test]
fn a_tool() {
    run(async {
        deputy(machine(), "deputy", &[]).await;
        let report = revoked("tool", &["tool=deputy/*"], "tool=deputy/*", "").await;
        report.exits(0).denied("tool", "revoked").prints("ready\ncall denied tool=deputy/sleep: revoked\n");
    });
}

#[test]
fn what_was_allowed_once() {
    run(async {
        let operator = Always::new(Answer::Once);
        let guest = guest("revoked").named("revoked-once").arguments(["bucket", ""]).keep_stdin();
        let report = guest
            .operator(operator.clone())
            .attack_with(async |started| {
                started.shows("ready").await;
                let kernel = &machine().kernel;
                let take = |once: &mut holm_kernel::devices::Grants| drop(once.remove("storage=notes:rw"));
                assert_eq!(kernel.revoke_once("another", take), 0);
                assert_eq!(kernel.revoke_once("revoked-once", take), 1);
                started.say("go").await;
            })
            .await;
        assert_eq!(operator.asked.lock().len(), 1);
        let denied = "denied storage=notes:rw: revoked";
        report.exits(0).denied("storage", "revoked").prints(&format!("ready\nput {denied}\nget {denied}\n"));
    });
}
