//! Memory: its quota, its bounds, and whose it is.

use holm_kernel::account::Bytes;
use holm_tests::guest;

use crate::run;

#[test]
fn remembering() {
    run(async {
        let attacker = guest("remembering").arguments(["flood"]).grant("memory=diary:rw");
        let report = attacker.limit(|limits| limits.remembered = Bytes(200_000)).attack().await;
        report
            .exits(0)
            .over("remembered")
            .prints("some written: true, then quota remembered 200000\nversions: quota remembered 200000\n");
    });
}

#[test]
fn what_others_remember() {
    run(async {
        // Somebody has it: nobody else can tell.
        let owner = guest("remembering").named("owner").arguments(["append"]).grant("memory=diary:append");
        owner.attack().await.exits(0);
        let report = guest("remembering").named("peeking").arguments(["peek"]).attack().await;
        report.exits(0).denied("memory", "not granted");
        let denial = |name: &str, access: &str| format!("{name}: denied memory={name}:{access}: not granted\n");
        let nameless = |name: &str| format!("{name}: denied memory={name}: not the name of a space\n").repeat(2);
        let mut expected = String::new();
        for name in ["shared/plans", "shared/nothing-at-all", "diary"] {
            expected += &(denial(name, "ro") + &denial(name, "rw"));
        }
        for name in ["agent/memory", "../memory", ""] {
            expected += &nameless(name);
        }
        report.prints(&expected);
    });
}

#[test]
fn what_only_adds() {
    run(async {
        let report =
            guest("remembering").named("adding").arguments(["append"]).grant("memory=diary:append").attack().await;
        let denied = |what: &str, rule: &str| format!("{what}: denied memory=diary:rw: {rule}\n");
        let mut expected = denied("write", "not granted");
        for what in ["update", "undo", "forget", "block", "supersede"] {
            expected += &denied(what, "opened for `append`");
        }
        report.exits(0).prints(&format!("{expected}still: a truth\n"));
    });
}

#[test]
fn memory_bounds() {
    run(async {
        let report = guest("remembering").named("huge").arguments(["huge"]).grant("memory=diary:rw").attack().await;
        let lines = report.stdout.lines().filter(|line| !line.ends_with(": invalid")).collect::<Vec<_>>();
        report.exits(0);
        assert_eq!(lines, ["every time: done", "signs: done"], "{report:#?}");
        assert_eq!(report.stdout.lines().count(), 19);
        let report = guest("remembering").named("spaces").arguments(["spaces"]).grant("memory=*:rw").attack().await;
        report.exits(0).prints("1000, then invalid\n");
    });
}

#[test]
fn forged_memories() {
    run(async {
        let report = guest("remembering").arguments(["forge"]).grant("memory=diary:rw").attack().await;
        report.exits(0).prints("1 marks, 1 ends\nweb: true\n");
    });
}

#[test]
fn window_bounds() {
    run(async {
        let report = guest("remembering").named("window").arguments(["window"]).grant("memory=diary:rw").attack().await;
        report.exits(0).prints(
            "name: invalid\nmessage: invalid\nmany: invalid\nsystem: invalid\nsaid: done\nforged: invalid\n\
             beside: done\nlines: 1\npin: not-found\nsmall: invalid\nlarge: done\nsummary: invalid\n\
             snapshots: invalid\nforks: Some((16, \"invalid\"))\n",
        );
    });
}
