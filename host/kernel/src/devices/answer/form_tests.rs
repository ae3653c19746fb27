//! Schemas, and what fits them.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::Form;

fn form(fields: &Value, required: &[&str]) -> Result<Form, super::FormError> {
    Form::parse(&json!({ "type": "object", "properties": fields, "required": required }).to_string())
}

/// What becomes of a reply to a form of one field `it`, which is required.
fn check(field: Value, replies: &[Value], expected: Expect) {
    let form = form(&json!({ "it": field }), &["it"]).expect("a form");
    let said = replies.iter().map(|reply| match form.fit(&json!({ "it": reply, "more": 1 })) {
        Ok(kept) => format!("{reply} kept {}\n", Value::Object(kept)),
        Err(error) => format!("{reply} {error}\n"),
    });
    expected.assert_eq(&said.collect::<String>());
}

#[test]
fn replies_fit_their_fields() {
    check(
        json!({ "type": "string", "minLength": 2, "maxLength": 3 }),
        &[json!("ab"), json!("ü"), json!("abcd"), json!(1), json!(null)],
        expect![[r#"
            "ab" kept {"it":"ab"}
            "ü" `it` is too short
            "abcd" `it` is too long
            1 `it` is no text
            null `it` is no text
        "#]],
    );
    check(
        json!({ "type": "integer", "minimum": 0, "maximum": 9 }),
        &[json!(0), json!(9.5), json!(10), json!(-1), json!("1")],
        expect![[r#"
            0 kept {"it":0}
            9.5 `it` is no whole number
            10 `it` is too large
            -1 `it` is too small
            "1" `it` is no number
        "#]],
    );
    check(
        json!({ "type": "string", "oneOf": [{ "const": "a", "title": "First" }, { "const": "b", "title": "Second" }] }),
        &[json!("a"), json!("First"), json!(["a"])],
        expect![[r#"
            "a" kept {"it":"a"}
            "First" `it` is none of the choices
            ["a"] `it` is none of the choices
        "#]],
    );
    check(
        json!({ "type": "array", "items": { "type": "string", "enum": ["a", "b"] }, "minItems": 1, "maxItems": 2 }),
        &[json!(["a", "b"]), json!([]), json!(["a", "a", "a"]), json!(["c"]), json!("a")],
        expect![[r#"
            ["a","b"] kept {"it":["a","b"]}
            [] `it` has too few choices
            ["a","a","a"] `it` has too many choices
            ["c"] `it` is none of the choices
            "a" `it` is no list of choices
        "#]],
    );
    for (format, fits, not) in [
        ("email", "ada@example.com", "ada"),
        ("uri", "https://example.com", "nowhere"),
        ("date", "2026-11-25", "25.11.2026"),
        ("date-time", "2026-11-25T12:00:00Z", "noon"),
    ] {
        let form = form(&json!({ "it": { "type": "string", "format": format } }), &["it"]).expect("a form");
        assert!(form.fit(&json!({ "it": fits })).is_ok() && form.fit(&json!({ "it": not })).is_err(), "{format}");
    }
}

#[test]
fn what_is_optional_may_be_left_out() {
    let form = form(&json!({ "a": { "type": "boolean" }, "b": { "type": "number" } }), &["a"]).expect("a form");
    assert_eq!(Value::Object(form.fit(&json!({ "a": true, "b": null })).expect("it fits")), json!({ "a": true }));
    assert_eq!(form.fit(&json!({ "b": 1 })).map_err(|error| error.to_string()), Err("`a` is missing".to_owned()));
    assert!(form.fit(&json!([])).is_err());
}

#[test]
fn what_is_no_form_is_refused() {
    let many: serde_json::Map<_, _> = (0..65).map(|index| (index.to_string(), json!({ "type": "boolean" }))).collect();
    let cases = [
        (json!({}), &[][..], expect!["a form has 1 to 64 fields of at most 256 choices"]),
        (Value::Object(many), &[], expect!["a form has 1 to 64 fields of at most 256 choices"]),
        (
            json!({ "a": { "type": "object" } }),
            &[],
            expect!["`a` is neither a string, a number, a boolean, nor choices among strings"],
        ),
        (json!({ "a": { "type": "string", "enum": [1] } }), &[], expect!["`a` has choices that are no texts"]),
        (json!({ "a": { "type": "string", "enum": ["x", "x"] } }), &[], expect!["`a` has no choices, or one twice"]),
        (json!({ "a": { "type": "string", "title": "\u{1b}[2J" } }), &[], expect!["hidden characters in `a`"]),
        (json!({ "\u{202e}": { "type": "string" } }), &[], expect!["hidden characters in `�`"]),
        (json!({ "a": { "type": "boolean", "default": "yes" } }), &[], expect!["`a` is neither true nor false"]),
        (json!({ "a": { "type": "boolean" } }), &["b"], expect!["`b` is required and not described"]),
    ];
    for (fields, required, expected) in cases {
        expected.assert_eq(&form(&fields, required).expect_err("no form").to_string());
    }
    let schema = r#"{"type":"object","properties":{"b":{"type":"boolean"},"a":{"type":"boolean"}}}"#;
    let fields = Form::parse(schema).expect("a form").fields;
    assert_eq!(fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>(), ["b", "a"]);
    let twice = Form::parse(&schema.replace("\"b\"", "\"a\"")).expect_err("no form");
    assert_eq!(twice.to_string(), "`a` is described twice");
    for schema in ["", "[]", "{}", r#"{"type":"string"}"#, r#"{"type":"array","properties":{"a":{"type":"boolean"}}}"#]
    {
        assert_eq!(Form::parse(schema), Err(super::FormError::Form), "{schema}");
    }
}
