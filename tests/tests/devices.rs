//! Guests that behave, one family a device.

use std::fs;

use holm_kernel::Answer;
use holm_tests::{Always, guest, machine};

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
        // What is read and written is recorded by its name, also where a stream does it.
        for (name, operations) in [("in.txt", ["read"]), ("out/b.txt", ["write"])] {
            let resource = path.join(name).display().to_string();
            let about = |record: &&holm_kernel::audit::Record| record.resource == resource;
            let recorded: Vec<_> = report.records.iter().filter(about).map(|record| &*record.operation).collect();
            assert!(operations.iter().all(|operation| recorded.contains(operation)), "{report:#?}");
        }
    });
}

#[test]
fn fs_denied() {
    machine().block_on(async {
        let report = guest("fs_denied").arguments(["/etc/passwd", "x.txt"]).directory("/tmp".as_ref()).run().await;
        report.exits(0).denied("fs", "not granted");
    });
}

/// What a guest is told of a path that is not in its granted working directory, and its operator.
fn looked_up(path: &str, answer: Answer) -> (String, Vec<String>) {
    let directory = tempfile::tempdir().expect("a directory");
    let here = directory.path().canonicalize().expect("it exists");
    machine().block_on(async {
        let operator = Always::new(answer);
        let guest = guest("fs_denied").arguments([path]).directory(&here).operator(operator.clone());
        let report = guest.grant(&format!("fs={}:ro", here.display())).run().await;
        report.exits(0);
        let asked = operator.asked.lock().iter().map(|question| question.resource.clone()).collect();
        (report.stdout, asked)
    })
}

#[test]
fn a_path_of_the_host_is_told_where_the_working_directory_is_granted() {
    let (said, asked) = looked_up("/etc/passwd", Answer::Deny);
    // Both readings are answered: there is no ./etc here, and /etc/passwd is not granted.
    assert!(said.starts_with("/etc/passwd: NotFound, Some(Denial { capability: \"fs\""), "{said}");
    assert_eq!(asked, ["/etc/passwd:ro"]);
    // Whether it exists is not told.
    let (absent, asked) = looked_up("/etc/no such file", Answer::Deny);
    assert_eq!(absent.replace("no such file", "passwd"), said);
    assert_eq!(asked, ["/etc/no such file:ro"]);
    let (said, _) = looked_up("/etc/passwd", Answer::Once);
    assert!(said.starts_with("/etc/passwd: read "), "{said}");
    // What begins like nothing of the host's is its own, and only absent.
    let (said, asked) = looked_up("absent/file.txt", Answer::Deny);
    assert_eq!((said.as_str(), asked.len()), ("absent/file.txt: NotFound, None\n", 0));
}

#[test]
fn memory_ok() {
    machine().block_on(async {
        let report = guest("memory_ok").grant("memory=diary:rw").run().await;
        report.exits(0);
        let forgot = |record: &&holm_kernel::audit::Record| record.operation == "forget" && record.resource == "diary";
        assert!(report.records.iter().any(|record| forgot(&record)), "{report:#?}");
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
