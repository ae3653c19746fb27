//! Components that componentize-py and jco build, as they are: each of WIT's types there and back.

use crate::{
    common::Holm,
    install::{javascript, python},
};

/// A function, what it is given, and what it gives.
const CALLS: [(&str, &str, &str); 16] = [
    ("bools", r#"{"it":true}"#, "true"),
    (
        "integers",
        r#"{"small":-128,"large":4294967295,"signed":-9223372036854775808,"wide":18446744073709551615}"#,
        r#"[-128,4294967295,"-9223372036854775808","18446744073709551615"]"#,
    ),
    ("floats", r#"{"single":0.5,"double":-0.0}"#, "[0.5,-0.0]"),
    ("floats", r#"{"single":"NaN","double":"Infinity"}"#, r#"["NaN","Infinity"]"#),
    ("chars", r#"{"it":"\ud83d\ude80"}"#, "\"\u{1f680}\""),
    ("strings", r#"{"it":"a\u0000ü"}"#, r#""a\u0000ü""#),
    ("lists", r#"{"it":[[1,-2],[]]}"#, "[[1,-2],[]]"),
    ("bytes", r#"{"it":"AP+A"}"#, r#""AP+A""#),
    ("records", r#"{"it":{"x":1,"y":2.5,"label":"a"}}"#, r#"{"x":1.0,"y":2.5,"label":"a"}"#),
    ("records", r#"{"it":{"x":1,"y":2}}"#, r#"{"x":1.0,"y":2.0,"label":null}"#),
    ("tuples", r#"{"it":[true,"x"]}"#, r#"[true,"x"]"#),
    (
        "variants",
        r#"{"it":[{"tag":"nothing"},{"tag":"circle","val":1.5},{"tag":"polygon","val":[{"x":0,"y":0}]}]}"#,
        r#"[{"tag":"nothing"},{"tag":"circle","val":1.5},{"tag":"polygon","val":[{"x":0.0,"y":0.0,"label":null}]}]"#,
    ),
    ("enums", r#"{"it":"dark-green"}"#, r#""dark-green""#),
    ("rights-of", r#"{"it":["run","read"]}"#, r#"["read","run"]"#),
    ("options", "{}", "null"),
    ("results", r#"{"it":{"ok":7}}"#, "7"),
];

fn check(name: &str, component: Option<Vec<u8>>) {
    let Some(component) = component else { return };
    let holm = Holm::new();
    holm.file(&format!("{name}.wasm"), component);
    holm.run(&["install", &format!("{name}.wasm")]).succeeds();
    for (function, arguments, expected) in CALLS {
        let said = holm.run(&["tool", "call", &format!("{name}/shapes.{function}"), arguments]);
        assert_eq!(said.succeeds().stdout.trim_end(), expected, "{name} {function} {arguments}");
    }
    let failed = holm.run(&["tool", "call", &format!("{name}/shapes.results"), r#"{"it":{"err":"no"}}"#]);
    assert!(failed.talk.contains(&format!("{name}/shapes.results failed: no")), "{}", failed.talk);
}

#[test]
fn python_is_a_tool() {
    check("snake", python());
}

#[test]
fn javascript_is_a_tool() {
    check("script", javascript());
}
