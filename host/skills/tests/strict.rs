//! The strict reading beside what the reference says, case by case.

use holm_skills::strict::{Properties, validate};

#[derive(serde::Deserialize)]
struct Table {
    case: Vec<Case>,
}

#[derive(serde::Deserialize)]
struct Case {
    name: String,
    folder: String,
    text: String,
    expected: Vec<String>,
}

fn table() -> Vec<Case> {
    let table: Table = toml::from_str(include_str!("strict.toml")).expect("the table is TOML");
    table.case
}

#[test]
fn every_case_has_the_references_words() {
    for Case { name, folder, text, expected } in table() {
        let findings: Vec<String> = validate(&text, &folder).iter().map(ToString::to_string).collect();
        assert_eq!(findings, expected, "{name}");
    }
}

#[test]
fn the_table_has_each_finding() {
    let words = [
        "must start with YAML",
        "not properly closed",
        "Invalid YAML",
        "must be a YAML mapping",
        "Unexpected fields",
        "Missing required field in frontmatter: name",
        "Missing required field in frontmatter: description",
        "'name' must be a non-empty",
        "'description' must be a non-empty",
        "exceeds 64 character",
        "must be lowercase",
        "start or end with a hyphen",
        "consecutive hyphens",
        "invalid characters",
        "must match skill name",
        "Description exceeds",
        "'compatibility' must be",
        "Compatibility exceeds",
    ];
    let all: String = table().into_iter().flat_map(|case| case.expected).collect();
    for word in words {
        assert!(all.contains(word), "{word}");
    }
}

#[test]
fn properties_are_printed_as_the_reference_does() {
    let text = "---\nname: ' x '\ndescription: |\n  é \"q\"\nlicense:\n  - MIT\n  - a: b\nallowed-tools: Read\nmetadata:\n  a:\n    b: \"it's\"\n  c: 1.0\n---\n";
    let expected = r#"{
  "name": "x",
  "description": "\u00e9 \"q\"",
  "license": [
    "MIT",
    {
      "a": "b"
    }
  ],
  "allowed-tools": "Read",
  "metadata": {
    "a": "{'b': \"it's\"}",
    "c": "1.0"
  }
}"#;
    assert_eq!(Properties::read(text).expect("it is read").to_json(), expected);
    let lacking = |text: &str| Properties::read(text).expect_err("a field is missing").to_string();
    assert_eq!(lacking("---\nname: x\n---\n"), "Missing required field in frontmatter: description");
    assert_eq!(lacking("---\nname: ' '\ndescription: y\n---\n"), "Field 'name' must be a non-empty string");
}

#[test]
fn what_would_exhaust_the_host_is_refused() {
    let deep: String = (0..2000).map(|depth| format!("{}a:\n", " ".repeat(depth % 60))).collect();
    let nested: String = (0..100).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    let dashes = "- ".repeat(20_000);
    let long = format!("name: {}\n", "a".repeat(70_000));
    let flow = "[".repeat(60_000);
    for (head, word) in [
        (&deep, ""),
        (&nested, "blocks within blocks"),
        (&dashes, "blocks within blocks"),
        (&long, "bytes: move"),
        (&flow, "flow mapping"),
    ] {
        let findings = validate(&format!("---\n{head}\n---\n"), "x");
        assert!(findings[0].to_string().contains(word), "{}", findings[0]);
    }
}
