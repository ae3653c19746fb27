//! Guests that behave, one family a device.

use std::fs;

use holm_tests::{guest, machine};

#[test]
fn program_ok() {
    machine().block_on(async {
        let report = guest("program_ok").arguments(["a", "b"]).stdin(b"hello").run().await;
        // `wasi:cli` carries success or failure only.
        report.exits(1);
        assert!(report.stdout.contains(r#"stdin "hello""#));
    });
}

#[test]
fn fs_ok() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().canonicalize().expect("it exists");
    fs::write(path.join("in.txt"), "hello").expect("written");
    fs::create_dir(path.join("out")).expect("made");
    machine().block_on(async {
        let report = guest("fs_ok")
            .grant(&format!("fs={}:ro", path.join("in.txt").display()))
            .grant(&format!("fs={}:rw", path.join("out").display()))
            .directory(&path)
            .arguments(["./in.txt", "out/b.txt"])
            .run()
            .await;
        report.exits(0);
        assert_eq!(fs::read_to_string(path.join("out/b.txt")).expect("written"), "HELLO");
    });
}

#[test]
fn fs_denied() {
    machine().block_on(async {
        let report = guest("fs_denied").arguments(["/etc/passwd", "x.txt"]).directory("/tmp".as_ref()).run().await;
        report.exits(0).denied("fs", "not granted");
    });
}

#[test]
fn storage_ok() {
    machine().block_on(async {
        let report = guest("storage_ok").grant("storage=notes:rw").run().await;
        report.exits(0);
    });
}

#[test]
fn spawn_ok() {
    machine().block_on(async {
        let report = guest("spawn_ok").grant("spawn=self").run().await;
        report.exits(0);
        let denied = guest("spawn_ok").run().await;
        denied.denied("spawn", "not granted");
    });
}
