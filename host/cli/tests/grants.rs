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
        expect![[r#""#]],
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
        expect![[r#""#]],
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
        expect![[r#""#]],
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
    holm.run(&["run", "reader", "text", "out/loud"]).ends(1);
}

#[test]
fn the_audit_tells_what_was_denied() {
    let holm = Holm::new();
    holm.install("reader", "fs_ok", "fs = [\"*:ro\"]");
    holm.run(&["run", "reader", "text", "out"]).ends(1);
    let records = holm.run(&["audit", "--denied", "--plugin", "reader", "--json"]).succeeds().stdout;
    let record: serde_json::Value = serde_json::from_str(records.lines().next().unwrap()).unwrap();
    let resource = format!("{}/text:ro", holm.work().canonicalize().unwrap().display());
    assert_eq!(
        (record["device"].as_str(), record["resource"].as_str(), record["rule"].as_str()),
        (Some("fs"), Some(resource.as_str()), Some("not granted"))
    );
    assert!(holm.run(&["audit", "--plugin", "other"]).succeeds().stdout.is_empty());
}
