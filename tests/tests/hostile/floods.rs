//! Floods: of log lines, output, messages, audit records.

use holm_kernel::{account::Bytes, audit::Decision};
use holm_tests::guest;

use crate::run;

#[test]
fn log_flood() {
    run(async {
        let lines = guest("log_flood").named("log-lines").arguments(["10"]).limit(|limits| limits.log_lines = 1_000);
        let report = lines.attack().await;
        report.exits(0).over("log-lines").prints("1000 written, 99000 refused: quota log-lines 1000\n");
        let bytes = guest("log_flood").named("log-bytes").arguments(["100"]);
        let report = bytes.limit(|limits| limits.log_bytes = Bytes(50_000)).attack().await;
        // A refused line is none: the lines are not used up by it.
        report.exits(0).over("log-bytes").prints("500 written, 99500 refused: quota log-bytes 50000\n");
    });
}

#[test]
fn output_flood() {
    run(async {
        let limit = 64 << 20;
        let attacker = guest("output_flood").arguments([limit.to_string().as_str()]);
        attacker.limit(|limits| limits.output = Bytes(limit)).attack().await.exits(0).over("output");
    });
}

#[test]
fn output_dribble() {
    run(async {
        let attacker = guest("output_dribble").grant("spawn=self").limit(|limits| limits.mailbox = Bytes(130_000));
        let report = attacker.attack().await;
        report.exits(0).prints("code 0\n");
        // A waiting byte counts 65: the pipe held 2,000 of them, not 130,000.
        assert_eq!(report.stderr, "2000 writes\n");
    });
}

#[test]
fn pipe_flood() {
    run(async {
        let report = guest("pipe_flood").grant("spawn=self").attack().await;
        report.exits(0).prints("true\nkilled\n");
    });
}

#[test]
fn mailbox_flood() {
    run(async {
        let attacker = guest("mailbox_flood").arguments(["936"]).grant("spawn=self");
        let report = attacker.limit(|limits| limits.mailbox = Bytes(100_000)).attack().await;
        // A message counts 64 bytes more than it has: a hundred fit.
        report.exits(0).prints(
            "to the parent: 100 sent, then full\ncode 0\nafter its end: 0 sent, then not-found\n\
             to the child: 100 sent, then full\ntoo long: true\n",
        );
    });
}

#[test]
fn audit_flood() {
    run(async {
        let attacker = guest("audit_flood").arguments(["1000"]).limit(|limits| limits.audit = Bytes(17_500));
        let report = attacker.attack().await;
        report.exits(0);
        let denied = |decision: &Decision| matches!(decision, Decision::Denied(_));
        let kept = report.records.iter().filter(|record| denied(&record.decision)).count() as u64;
        // A record counts 160 bytes and the name in it, like `secret99:ro`.
        assert!((95..=105).contains(&kept), "{kept}");
        let dropped = report.records.iter().find(|record| record.device == "audit").unwrap();
        assert!(dropped.decision == Decision::Quota("audit".into()) && dropped.count + kept >= 1_000, "{dropped:?}");
    });
}

#[test]
fn surroundings_bomb() {
    run(async {
        let report = guest("surroundings_bomb").grant("spawn=self").attack().await;
        let refused = "invalid arguments and environment have more than 1 MiB\n";
        let directory = "invalid the directory has more than 4,096 bytes\n";
        report.exits(0).prints(&(refused.repeat(2) + &directory.repeat(2)));
    });
}
