//! Denied, granted, revoked.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod common;

use common::Holm;
use expect_test::expect;

#[test]
fn a_denial_names_the_command_that_then_works() {
    let holm = Holm::new();
    holm.install("reader", "fs_ok", "fs = [\"*:rw\"]");
    holm.file("data/text", "some words");
    std::fs::create_dir(holm.work().join("out")).unwrap();
    holm.check(
        &[
            &["run", "reader", "data/text", "out/loud"],
            &["grant", "reader", "fs=./data/text:ro"],
            &["run", "reader", "data/text", "out/loud"],
            &["grant", "reader", "fs=./out:rw"],
            &["run", "reader", "data/text", "out/loud"],
            &["revoke", "reader", "fs=data/text"],
            &["run", "reader", "data/text", "out/loud"],
            &["revoke", "reader", "fs=nothing"],
            &["revoke", "reader", "--all"],
        ],
        expect![[r#"
            $ holm run reader data/text out/loud
            ! holm: denied: reader may not read ./data/text (not granted); to allow it: holm grant reader fs=./data/text:ro
            !
            ! thread 'main' (1) panicked
            ! the granted file is readable: Os { code: 2, kind: PermissionDenied, message: "Permission denied" }
            ! note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
            ! error: reader was ended: trap: wasm trap: wasm `unreachable` instruction executed
            ? 5

            $ holm grant reader fs=./data/text:ro
            fs=[TEST]/work/data/text:ro
            ! reader holds

            $ holm run reader data/text out/loud
            ! holm: denied: reader may not write ./out/loud (not granted); to allow it: holm grant reader fs=./out/loud:rw
            !
            ! thread 'main' (1) panicked
            ! the granted directory is writable: Os { code: 2, kind: PermissionDenied, message: "Permission denied" }
            ! note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
            ! error: reader was ended: trap: wasm trap: wasm `unreachable` instruction executed
            ? 5

            $ holm grant reader fs=./out:rw
            fs=[TEST]/work/data/text:ro
            fs=[TEST]/work/out:rw
            ! reader holds

            $ holm run reader data/text out/loud
            ["loud"]

            $ holm revoke reader fs=data/text
            fs=[TEST]/work/out:rw
            ! reader holds

            $ holm run reader data/text out/loud
            ! holm: denied: reader may not read ./data/text (not granted); to allow it: holm grant reader fs=./data/text:ro
            !
            ! thread 'main' (1) panicked
            ! the granted file is readable: Os { code: 2, kind: PermissionDenied, message: "Permission denied" }
            ! note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
            ! error: reader was ended: trap: wasm trap: wasm `unreachable` instruction executed
            ? 5

            $ holm revoke reader fs=nothing
            ! error: `reader` holds no grant that `fs=nothing` covers; it holds fs=[TEST]/work/out:rw
            ! hint: `holm inspect reader` shows what it may do
            ? 4

            $ holm revoke reader --all
            ! reader holds no grants
        "#]],
    );
    assert_eq!(std::fs::read_to_string(holm.work().join("out/loud")).unwrap(), "SOME WORDS");
}

#[test]
fn grants_end_at_the_ceiling_and_before_holms_own_files() {
    let holm = Holm::new();
    holm.install("reader", "fs_ok", "fs = [\"*:ro\"]");
    let home = format!("fs={}:ro", holm.home().display());
    holm.check(
        &[
            &["grant", "reader", "fs=.:rw"],
            &["grant", "reader", "storage=notes:rw"],
            &["grant", "reader", "fs=*:ro"],
            &["grant", "reader", "fs=/:ro"],
            &["grant", "reader", &home],
            &["grant", "reader", "fs"],
            &["grant", "reader", "files=x"],
            &["run", "reader", "--grant", &home, "--", "a", "b"],
            &["run", "reader", "--grant", "fs=.:rw", "--", "a", "b"],
            &["grant", "writer", "fs=.:ro"],
        ],
        expect![[r#"
            $ holm grant reader fs=.:rw
            ! error: `reader` does not ask for fs=[TEST]/work:rw; its ceiling is fs=*:ro
            ? 3

            $ holm grant reader storage=notes:rw
            ! error: `reader` does not ask for storage=notes:rw; its ceiling is fs=*:ro
            ? 3

            $ holm grant reader fs=*:ro
            ! error: `fs=*:ro` would grant every file there is: name a file or folder, like `fs=./data:ro`
            ? 2

            $ holm grant reader fs=/:ro
            ! error: `fs=/:ro` reaches `[TEST]/home`, which is Holm's own and granted to nobody: name folders beside it
            ? 3

            $ holm grant reader fs=[TEST]/home:ro
            ! error: `fs=[TEST]/home:ro` reaches `[TEST]/home`, which is Holm's own and granted to nobody: name folders beside it
            ? 3

            $ holm grant reader fs
            ! error: `fs` is no grant: write `capability=rule`, like `fs=./data:ro`
            ? 2

            $ holm grant reader files=x
            ! error: there is no capability `files`: there are llm, fs, memory, storage, spawn, exec, tool, net
            ? 2

            $ holm run reader --grant fs=[TEST]/home:ro -- a b
            ! error: `fs=[TEST]/home:ro` reaches `[TEST]/home`, which is Holm's own and granted to nobody: name folders beside it
            ? 3

            $ holm run reader --grant fs=.:rw -- a b
            ! error: `reader` does not ask for fs=[TEST]/work:rw; its ceiling is fs=*:ro
            ? 3

            $ holm grant writer fs=.:ro
            ! error: no plugin `writer` is installed
            ! hint: `holm list` shows what is installed
            ? 4
        "#]],
    );
}

#[test]
fn a_component_alone_has_the_grants_of_its_run() {
    let holm = Holm::new();
    holm.guest("fs_ok");
    holm.file("text", "words");
    std::fs::create_dir(holm.work().join("out")).unwrap();
    holm.check(
        &[
            &["run", "fs_ok.wasm", "text", "out/loud"],
            &["run", "--grant", "fs=text:ro", "--grant", "fs=out:rw", "fs_ok.wasm", "text", "out/loud"],
            &["run", "fs_ok", "text", "out/loud"],
        ],
        expect![[r#"
            $ holm run fs_ok.wasm text out/loud
            ! holm: denied: fs-ok may not read ./text (not granted); to allow it: holm run --grant fs=./text:ro fs_ok.wasm
            !
            ! thread 'main' (1) panicked
            ! the granted file is readable: Os { code: 2, kind: PermissionDenied, message: "Permission denied" }
            ! note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
            ! error: fs_ok.wasm was ended: trap: wasm trap: wasm `unreachable` instruction executed
            ? 5

            $ holm run --grant fs=text:ro --grant fs=out:rw fs_ok.wasm text out/loud
            ["loud"]

            $ holm run fs_ok text out/loud
            ! error: no plugin `fs_ok` is installed
            ! hint: `holm list` shows what is installed
            ? 4
        "#]],
    );
}

#[test]
fn grants_of_one_run_end_with_it() {
    let holm = Holm::new();
    holm.install("reader", "fs_ok", "fs = [\"*:rw\"]");
    holm.file("text", "words");
    std::fs::create_dir(holm.work().join("out")).unwrap();
    let run = ["run", "--grant", "fs=text:ro", "--grant", "fs=out:rw", "reader", "text", "out/loud"];
    holm.run(&run).succeeds();
    holm.run(&["run", "reader", "text", "out/loud"]).ends(5);
}

#[test]
fn the_audit_tells_what_was_denied() {
    let holm = Holm::new();
    holm.install("reader", "fs_ok", "fs = [\"*:ro\"]");
    holm.run(&["run", "reader", "text", "out"]).ends(5);
    let records = holm.run(&["audit", "--denied", "--plugin", "reader", "--json"]).succeeds().stdout;
    let record: serde_json::Value = serde_json::from_str(records.lines().next().unwrap()).unwrap();
    let resource = format!("{}/text:ro", holm.work().canonicalize().unwrap().display());
    assert_eq!(
        (record["device"].as_str(), record["resource"].as_str(), record["rule"].as_str()),
        (Some("fs"), Some(resource.as_str()), Some("not granted"))
    );
    assert!(holm.run(&["audit", "--plugin", "other"]).succeeds().stdout.is_empty());
}
