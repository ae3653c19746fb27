//! Handles: too many, forged, stale, and arguments too large to lift.

use holm_tests::guest;

use crate::{Directory, deputy, run};
use holm_tests::machine;

#[test]
fn million_handles() {
    let directory = Directory::new().with("file", "x");
    run(async move {
        let of = |kind: &str| {
            let guest = guest("million_handles").named(&format!("million-{kind}")).limit(|limits| limits.handles = 100);
            guest.grant("storage=notes:ro").grant(&format!("fs={}:ro", directory.join("")))
        };
        let report = of("buckets").arguments(["buckets"]).attack().await;
        report.exits(0).over("handles");
        // Three places are taken by the root directory and the streams of a program.
        let held: u64 = report.stdout.split(' ').next().unwrap().parse().unwrap();
        assert!((95..=100).contains(&held) && report.stdout.ends_with("quota handles 100\n"), "{report:#?}");
        of("pollables").arguments(["pollables"]).attack().await.faults("limit");
        of("descriptors").arguments(["descriptors"]).attack().await.faults("limit");
        let files = of("files").limit(|limits| limits.open_files = 16).arguments(["files", &directory.join("file")]);
        let report = files.attack().await;
        report.exits(0).over("open-files").prints("16 files, then QuotaExceeded\n");
    });
}

#[test]
fn forged_handle() {
    run(async {
        for kind in ["forged", "dropped", "other"] {
            let attacker = guest("forged_handle").named(&format!("forged-{kind}")).arguments([kind]);
            attacker.grant("storage=notes:rw").attack().await.faults("bad-handle").prints("");
        }
    });
}

#[test]
fn giant_argument() {
    run(async {
        deputy(machine(), "deputy", &[]).await;
        for call in ["put", "commit", "log", "tool", "argv"] {
            let attacker = guest("giant_argument").named(&format!("giant-{call}")).arguments([call]);
            let attacker = attacker.grant("storage=notes:rw").grant("tool=deputy/*").grant("spawn=self");
            attacker.attack().await.faults("hostcall").prints("");
        }
        // Exactly as much as `hostcall` says, and one byte more.
        let of = |bytes: &'static str| {
            let guest = guest("giant_argument").named("giant-exact").arguments(["log", bytes]);
            guest.limit(|limits| limits.hostcall.0 = 100_000)
        };
        of("100000").attack().await.exits(0).prints("it went through\n");
        of("100001").attack().await.faults("hostcall").prints("");
    });
}

#[test]
fn random_flood() {
    run(async {
        let report = guest("random_flood").arguments(["65536", "65537"]).attack().await;
        report.faults("limit").over("random").prints("65536 bytes\n");
        let report = guest("random_flood").arguments(["4294967296"]).attack().await;
        report.faults("limit").over("random").prints("");
    });
}

#[test]
fn zeroes_bomb() {
    run(async {
        guest("zeroes_bomb").attack().await.faults("trap").traps("cannot write more zeroes").prints("");
    });
}

#[test]
fn unasked_write() {
    run(async {
        // A component's own fault: the protocol of streams says to ask first.
        guest("unasked_write").grant("spawn=self").attack().await.faults("trap");
    });
}

#[test]
fn held_streams() {
    let directory = Directory::new().with("file", "x");
    run(async move {
        let of = |kind: &str, path: String| {
            let attacker = guest("held_streams").named(&format!("held-{kind}")).limit(|limits| limits.open_files = 16);
            attacker.grant(&format!("fs={}:ro", directory.join(""))).arguments([kind, path.as_str()])
        };
        of("bytes", directory.join("file")).attack().await.exits(0).over("open-files").prints("16 held\n");
        // A directory being read counts beside the directory itself, which is let go.
        let report = of("names", directory.join("")).attack().await;
        report.exits(0).over("open-files").prints("15 held\n");
    });
}

#[test]
fn long_names() {
    run(async {
        let report = guest("long_names").grant("spawn=*").grant("tool=*/*").attack().await;
        report.exits(0).prints("true\ntrue\ntrue\ntrue\ntrue\n");
    });
}

#[test]
fn letting_go() {
    run(async {
        let report = guest("letting_go").grant("spawn=self").attack().await;
        report.exits(0).prints("it ended\n");
        assert!(report.stderr.contains("Cancelled"), "{report:#?}");
    });
}
