//! Every limit has a guest that hits exactly it: this table, checked against the limits themselves.

use std::collections::BTreeSet;

use holm_kernel::account::Limits;

/// A limit and the test whose guest meets it.
const MET: &[(&str, &str)] = &[
    ("fuel", "loop_without_calls"),
    ("on-empty", "stopped_on_empty_it_goes_on"),
    ("memory", "memory_bomb"),
    ("table-elements", "table_bomb"),
    ("instances", "ten_thousand_instances"),
    ("wall-time", "past_its_time"),
    ("handles", "million_handles"),
    ("children", "fork_wide"),
    ("depth", "fork_deep"),
    ("open-files", "million_handles"),
    ("files-created", "many_files"),
    ("written", "disk_fill"),
    ("log-lines", "log_flood"),
    ("log-bytes", "log_flood"),
    ("output", "output_flood"),
    ("storage", "storage_flood"),
    ("hostcall", "giant_argument"),
    ("random", "random_flood"),
    ("mailbox", "mailbox_flood"),
    ("audit", "audit_flood"),
    ("model-calls", "calls_without_end"),
    ("tokens", "twenty_children_and_one_budget"),
    ("money", "money_is_a_limit_too"),
    ("model-streams", "replies_that_nobody_reads"),
    ("remembered", "remembering"),
    ("requests", "requests_that_nobody_reads"),
    ("network", "a_body_that_never_ends"),
    ("questions", "questions_without_end"),
];

/// [`Limits::STACK`] is no key of the table, and met all the same.
const STACK: &str = "deep_recursion";

#[test]
fn every_limit_is_met_by_a_guest() {
    let limits = serde_json::to_value(Limits::default()).unwrap();
    let all: BTreeSet<&str> = limits.as_object().unwrap().keys().map(String::as_str).collect();
    let met: BTreeSet<&str> = MET.iter().map(|(limit, _)| *limit).collect();
    assert_eq!(all, met);
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile");
    let sources: String = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    for (limit, test) in MET.iter().chain(&[("stack", STACK)]) {
        assert!(sources.contains(&format!("fn {test}()")), "{limit}: there is no test {test}");
    }
}
