//! Whatever is written in a skill, reading it ends, and does not panic.

use holm_skills::{Skill, strict};
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert, prop_oneof, proptest};

/// Heads that are nearly YAML.
fn heads() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[-?:,\\[\\]{}#&*!|>'\"%@`=<~\\\\ \n\t]{1,4}",
        "(name|description|metadata|allowed-tools|license): ?",
        "[a-z]{1,6}",
        "\n {0,6}",
        "\\PC{1,3}",
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn heads_are_read_or_refused(head in heads(), folder in "\\PC{0,12}") {
        for text in [format!("---\n{head}\n---\nbody"), head] {
            let findings = strict::validate(&text, &folder);
            let properties = strict::Properties::read(&text);
            // What is valid is read, both ways.
            if findings.is_empty() {
                prop_assert!(properties.is_ok());
            }
            if let Ok(skill) = Skill::load(&text, &folder) {
                prop_assert!((1..=64).contains(&skill.name.len()));
                prop_assert!(skill.name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')));
                prop_assert!(!skill.description.chars().any(holm_skills::is_hidden));
            }
        }
    }
}

#[test]
fn heads_take_time_by_their_length() {
    let pieces = [
        "[",
        "{",
        "[{",
        "- ",
        "? ",
        ": ",
        "a: ",
        "&a ",
        "*a ",
        "!a ",
        "\"",
        "'",
        "|\n",
        ">\n ",
        "\n ",
        "#\n",
        "a\n",
        "[a,",
        "{a: ",
        "a: b\n",
        "- - a\n",
        "\\",
        "\t",
        "<<: ",
        "%a\n",
        "...\n",
        "\u{feff}",
        "@",
        "a: [b]\n",
        "\"a\": ",
        "? - ",
        "x: &x [*x]\n",
    ];
    for piece in pieces {
        let head = piece.repeat(60_000 / piece.len());
        let start = std::time::Instant::now();
        for text in [format!("---\nname: x\ndescription: {head}\n---\n"), format!("---\n{head}\n---\n")] {
            strict::validate(&text, "x");
            let _ = Skill::load(&text, "x");
        }
        // A quadratic one takes minutes.
        assert!(start.elapsed() < std::time::Duration::from_secs(20), "{piece:?} took {:?}", start.elapsed());
    }
}
