//! From a folder to an installed plugin and back.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod common;

use common::Holm;
use expect_test::expect;

#[test]
fn a_plugin_comes_and_goes() {
    let holm = Holm::new();
    holm.plugin("reader", "fs_ok", "fs = [\"*:rw\"]");
    holm.check(
        &[
            &["list"],
            &["install", "reader"],
            &["install", "--yes", "reader"],
            &["install", "--yes", "reader"],
            &["list"],
            &["inspect", "reader"],
            &["inspect", "raeder"],
            &["tool", "list"],
            &["uninstall", "reader"],
            &["uninstall", "reader"],
            &["list"],
        ],
        expect![[r#""#]],
    );
}

#[test]
fn an_update_says_what_is_new_and_grants_do_not_carry_over_unasked() {
    let holm = Holm::new();
    holm.install("reader", "fs_ok", "fs = [\"*:ro\"]");
    holm.run(&["grant", "reader", "fs=.:ro"]).succeeds();
    holm.plugin("reader", "program_ok", "fs = [\"*:rw\"]\nstorage = [\"notes:rw\"]");
    holm.check(
        &[
            &["install", "--yes", "reader"],
            &["update", "reader"],
            &["update", "--yes", "reader"],
            &["grant", "reader", "fs=.:ro"],
            &["update", "--yes", "--keep-grants", "reader"],
            &["update", "--yes", "nowhere"],
        ],
        expect![[r#""#]],
    );
    // Another version, with a yes to its grants.
    holm.plugin("reader", "fs_ok", "fs = [\"*:ro\"]");
    holm.check(&[&["update", "--yes", "--keep-grants", "reader"]], expect![[r#""#]]);
}

#[test]
fn what_was_changed_after_install_is_not_run() {
    let holm = Holm::new();
    holm.install("reader", "program_ok", "");
    let folder = holm.home().join("plugins/reader");
    let version = std::fs::read_dir(folder).unwrap().flatten().find(|entry| entry.path().is_dir()).unwrap().path();
    std::fs::write(version.join("reader.wasm"), common::component("fs_ok")).unwrap();
    holm.check(&[&["run", "reader"], &["list"]], expect![[r#""#]]);
}

#[test]
fn json_is_json() {
    let holm = Holm::new();
    holm.plugin("reader", "fs_ok", "fs = [\"*:rw\"]");
    let installed = holm.run(&["install", "--yes", "--json", "reader", "--grant", "fs=.:ro"]).succeeds().json();
    assert_eq!(installed["name"], "reader");
    let here = format!("fs={}:ro", holm.work().canonicalize().unwrap().display());
    assert_eq!(installed["grants"][0], here);
    assert_eq!(holm.run(&["list", "--json"]).succeeds().json()[0]["grants"][0], here);
    let inspected = holm.run(&["inspect", "--json", "reader"]).succeeds().json();
    assert_eq!(inspected["ceiling"][0], "fs=*:rw");
    assert_eq!(inspected["effective"][0], here);
    assert_eq!(inspected["limits"]["depth"], 8);
    assert_eq!(holm.run(&["tool", "list", "--json"]).succeeds().json(), serde_json::json!([]));
    assert_eq!(holm.run(&["ps", "--json"]).succeeds().json(), serde_json::json!([]));
    assert_eq!(holm.run(&["revoke", "--json", "reader", "fs"]).succeeds().json()["grants"], serde_json::json!([]));
    let checks = holm.run(&["doctor", "--json"]).succeeds().json();
    assert!(checks.as_array().unwrap().iter().any(|check| check["name"] == "kernel"));
    holm.run(&["run", "reader", "a", "b"]).ends(1);
    for line in holm.run(&["audit", "--json"]).succeeds().stdout.lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(record["plugin"], "reader");
    }
}
