//! What the command line says about itself, and to who mistypes.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod common;

use common::Holm;
use expect_test::{expect, expect_file};

const VERBS: &[&str] = &[
    "new", "build", "install", "update", "uninstall", "list", "inspect", "grant", "revoke", "run", "tool", "tool list",
    "tool call", "ps", "kill", "stop", "continue", "renice", "topup", "audit", "doctor", "kernel", "shutdown",
];

#[test]
fn help() {
    let holm = Holm::new();
    let mut all = holm.run(&["--help"]).succeeds().transcript();
    for verb in VERBS {
        let mut words: Vec<&str> = verb.split(' ').collect();
        words.push("--help");
        all.push('\n');
        all.push_str(&holm.run(&words).succeeds().transcript());
    }
    expect_file!["help.txt"].assert_eq(&all);
}

#[test]
fn every_verb_is_in_the_help() {
    let help = Holm::new().run(&["--help"]).stdout;
    let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let listed: Vec<&str> = commands.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let known: Vec<&str> = VERBS.iter().filter(|verb| !verb.contains(' ')).copied().collect();
    assert_eq!(listed, known);
}

#[test]
fn mistakes() {
    Holm::new().check(
        &[
            &["instal"],
            &["kill"],
            &["kill", "seven"],
            &["renice", "20", "1"],
            &["run", "--on-empty", "wait", "jq"],
            &["run", "x.wasm", "--grant", "files=x"],
            &["tool", "call", "jq"],
            &["tool", "call", "jq/query", "[1]"],
            &["run", "nowhere"],
            &["run", "./nowhere.wasm"],
            &["new", "Not a Name"],
        ],
        expect![[r#""#]],
    );
}
