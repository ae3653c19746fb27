//! `holm memory`: what plugins remember is their user's to see, to take along and to forget.

mod common;

use std::{fs, path::Path};

use common::Holm;
use expect_test::expect;

/// Whether any file below says it, whatever lies around it.
fn says(folder: &Path, word: &str) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        let path = entry.path();
        match path.is_dir() {
            true => says(&path, word),
            false => fs::read(&path).unwrap_or_default().windows(word.len()).any(|window| window == word.as_bytes()),
        }
    })
}

#[test]
fn what_is_remembered_is_its_users() {
    let holm = Holm::new();
    let lines = [
        r#"{"text": "Ada reads her mail before nine.", "kind": "preference", "origin": "user", "time": 1683417600000}"#,
        r#"{"text": "The safe opens with 4711-xyzzy.", "time": 1683417600000}"#,
        r#"{"text": "Ada reads her mail before nine.", "kind": "preference", "origin": "user"}"#,
    ];
    holm.file("facts.jsonl", lines.join("\n"));
    holm.file("hermes/memories/USER.md", "Ada\n§\nlikes tea\n");
    holm.check(
        &[
            &["memory"],
            &["memory", "import", "agent/memory", "facts.jsonl"],
            &["memory", "list", "agent/memory"],
            &["memory", "search", "agent/memory", "when", "does", "Ada", "read", "mail"],
            &["memory", "forget", "agent/memory", "2"],
            &["memory", "forget", "agent/memory", "2"],
            &["memory", "search", "agent/memory", "the", "safe"],
            &["memory", "import", "agent/memory", "hermes"],
            &["memory", "block", "agent/memory", "user"],
            &["memory", "list", "nowhere"],
        ],
        expect![[r#"
            $ holm memory
            ! nothing is remembered yet

            $ holm memory import agent/memory facts.jsonl
            ! remembered 2 records; 1 were known already

            $ holm memory list agent/memory
            ID  TIME        KIND        WORD OF  TEXT
             1  2023-05-07  preference  user     Ada reads her mail before nine.
             2  2023-05-07  fact        agent    The safe opens with 4711-xyzzy.

            $ holm memory search agent/memory when does Ada read mail
            ID  TIME        KIND        WORD OF  TEXT
             1  2023-05-07  preference  user     Ada reads her mail before nine.
            ! hint: found by words alone: `holm model pull minilm` fetches the model that compares meanings

            $ holm memory forget agent/memory 2
            ! forgot 1 record

            $ holm memory forget agent/memory 2
            ! error: agent/memory has no record 2
            ! hint: holm memory list agent/memory
            ? 4

            $ holm memory search agent/memory the safe
            ! hint: found by words alone: `holm model pull minilm` fetches the model that compares meanings
            ! nothing fits

            $ holm memory import agent/memory hermes
            ! hermes/memories/USER.md: 2 records

            $ holm memory block agent/memory user
            Ada
            §
            likes tea

            $ holm memory list nowhere
            ! error: `nowhere` is no space
            ! hint: write PLUGIN/NAME, as `holm memory` lists them, or shared/NAME
            ? 2
        "#]],
    );
    let shown = holm.run(&["memory", "show", "agent/memory", "1"]).succeeds().stdout;
    assert!(shown.contains("1 version 1 preference written by holm on the word of user"), "{shown}");
    let home = holm.home();
    assert!(!says(&home, "xyzzy"), "what is forgotten is gone from the disk");
    let exported = holm.run(&["memory", "export", "agent/memory"]).succeeds().stdout;
    assert_eq!(exported.lines().count(), 3, "{exported}");
    // What was taken along is remembered elsewhere, and known where it was.
    holm.file("copy.jsonl", &exported);
    let again = holm.run(&["memory", "import", "agent/memory", "copy.jsonl"]).succeeds();
    assert!(again.talk.contains("3 were known already"), "{}", again.talk);
    // What is removed with its plugin is not kept.
    holm.install("agent", "fs_ok", "");
    holm.run(&["uninstall", "agent"]).succeeds();
    assert_eq!(holm.run(&["memory", "--json"]).succeeds().stdout.trim(), "[]");
}

#[test]
fn a_plugin_remembers_by_grant() {
    let holm = Holm::new();
    holm.install("diary", "memory_ok", "memory = [\"*:rw\"]");
    let denied = holm.run(&["run", "diary", "--no-ask"]);
    assert!(denied.talk.contains("diary may not add to the memory diary"), "{}", denied.talk);
    assert!(denied.talk.contains("holm grant diary memory=diary:rw"), "{}", denied.talk);
    holm.run(&["grant", "diary", "memory=diary:rw"]).succeeds();
    holm.run(&["run", "diary", "--no-ask"]).succeeds();
    let spaces = holm.run(&["memory"]).succeeds().stdout;
    assert!(spaces.contains("diary/diary"), "{spaces}");
    let talks = holm.run(&["memory", "conversations", "diary/diary"]).succeeds().stdout;
    assert!(talks.contains("monday"), "{talks}");
    let audit = holm.run(&["audit", "--plugin", "diary"]).succeeds().stdout;
    assert!(audit.contains("memory.remember") && audit.contains("memory.forget"), "{audit}");
}
