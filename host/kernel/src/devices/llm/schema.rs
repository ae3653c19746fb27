//! JSON schemas from guests: how large they may be, how long a check may take, and the check. Pure.
//!
//! What is slow runs off the workers: see `checking`.

use jsonschema::{PatternOptions, Validator};
use serde_json::{Map, Value};

use super::{check::shown, steps::Steps};

/// Bytes of a schema.
const SCHEMA_BYTES: usize = 64 << 10;
/// Stops a schema that nests until a parser's stack ends.
const SCHEMA_DEPTH: usize = 64;
/// Patterns of a schema, and bytes that each may compile to. Stops patterns that compile to gigabytes.
const PATTERNS: usize = 64;
pub(super) const PATTERN_BYTES: usize = 256 << 10;
/// A misfit is told in the validator's words where it takes no longer than this to find them; each
/// alternative that does not fit is a text in memory.
const TOLD_STEPS: u64 = 1 << 16;
/// What the validator knows besides the newest.
const DRAFTS: [&str; 4] = ["2020-12", "2019-09", "draft-07", "draft-06"];

/// Fuel for each step of a check: about the instructions that its time would run.
pub(super) const STEP_FUEL: u64 = 16;

/// Whether a schema is one that may be compiled: its size, its references, its patterns.
///
/// # Errors
/// What is wrong with it, for the guest.
pub(super) fn bounded(schema: &Value) -> Result<(), String> {
    if schema.to_string().len() > SCHEMA_BYTES || depth(schema) > SCHEMA_DEPTH {
        return Err(format!("a schema has at most {SCHEMA_BYTES} bytes and {SCHEMA_DEPTH} levels"));
    }
    if patterns(schema) > PATTERNS {
        return Err(format!("a schema has at most {PATTERNS} patterns"));
    }
    let mut fault = None;
    let root = schema.as_object().map(std::ptr::from_ref);
    walk(schema, |object| {
        let own = std::ptr::from_ref(object);
        fault = fault.take().or_else(|| refused(object, root == Some(own)).err());
    });
    fault.map_or(Ok(()), Err)
}

/// What a schema may not say: it refers to its own definitions, and to nothing else.
fn refused(object: &Map<String, Value>, root: bool) -> Result<(), String> {
    let text = |word: &str| object.get(word).and_then(Value::as_str);
    if let Some(to) = text("$ref")
        && (to.contains('%') || !(to == "#" || to.starts_with("#/")))
    {
        return Err(shown(&format!("a schema refers to itself alone, like `#/$defs/name`, not to `{to}`")));
    }
    // To compile them takes twice as long with each level of references.
    for word in ["unevaluatedProperties", "unevaluatedItems"] {
        if object.contains_key(word) {
            return Err(format!("a schema is closed by `additionalProperties` or `items`, not by `{word}`"));
        }
    }
    for word in ["$dynamicRef", "$recursiveRef"] {
        if text(word).is_some() {
            return Err(format!("a schema refers by `$ref`, not by `{word}`"));
        }
    }
    if !root && text("$id").is_some() {
        return Err("only the whole of a schema has an `$id`".to_owned());
    }
    match text("$schema") {
        Some(draft) if !root || !DRAFTS.iter().any(|known| draft.contains(known)) => {
            Err(format!("`$schema` is one of {}, and stands at the top", DRAFTS.join(", ")))
        }
        _ => Ok(()),
    }
}

fn patterns(schema: &Value) -> usize {
    let mut count = 0;
    walk(schema, |object| {
        count += usize::from(object.get("pattern").is_some_and(Value::is_string));
        count += object.get("patternProperties").and_then(Value::as_object).map_or(0, Map::len);
    });
    count
}

/// Shows each object in a value.
fn walk<'a>(value: &'a Value, mut look: impl FnMut(&'a Map<String, Value>)) {
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::Array(items) => open.extend(items),
            Value::Object(fields) => {
                look(fields);
                open.extend(fields.values());
            }
            _ => {}
        }
    }
}

fn depth(value: &Value) -> usize {
    let mut deepest = 0;
    let mut open = vec![(value, 1)];
    while let Some((value, level)) = open.pop() {
        deepest = deepest.max(level);
        match value {
            Value::Array(items) => open.extend(items.iter().map(|item| (item, level + 1))),
            Value::Object(fields) => open.extend(fields.values().map(|field| (field, level + 1))),
            _ => {}
        }
    }
    deepest
}

/// Fuel to compile it: by its bytes, and by what its patterns may become.
pub(super) fn price(schema: &Value) -> u64 {
    let bytes = schema.to_string().len() as u64;
    bytes.saturating_mul(256).saturating_add(patterns(schema) as u64 * PATTERN_BYTES as u64)
}

/// A schema that was found [`bounded`]: no remote references (the crate has no resolver here),
/// patterns that match in linear time.
///
/// # Errors
/// It is no schema.
pub(super) fn compile(schema: &Value) -> Result<Validator, String> {
    let patterns = PatternOptions::regex().size_limit(PATTERN_BYTES).dfa_size_limit(PATTERN_BYTES);
    jsonschema::options()
        .with_pattern_options(patterns)
        .build(schema)
        .map_err(|error| shown(&format!("the output schema is wrong: {error}")))
}

/// A reply's text, and the steps that it takes to check it.
///
/// # Errors
/// It is no JSON, or takes more steps than any check may.
pub(super) fn parsed(schema: &Value, text: &str) -> Result<(Value, u64), String> {
    let value: Value = serde_json::from_str(text).map_err(|error| format!("the reply is no JSON: {error}"))?;
    let steps = Steps::count(schema, &value)?;
    Ok((value, steps))
}

/// Whether a value fits. `steps` is what [`parsed`] found.
///
/// # Errors
/// Where it does not.
pub(super) fn fits(schema: &Value, value: &Value, steps: u64) -> Result<(), String> {
    let validator = compile(schema)?;
    if validator.is_valid(value) {
        return Ok(());
    }
    if steps > TOLD_STEPS {
        return Err("the reply does not fit the schema".to_owned());
    }
    validator.validate(value).map_err(|error| shown(&format!("the reply does not fit the schema: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(schema: &Value, text: &str) -> Result<(), String> {
        bounded(schema)?;
        compile(schema)?;
        let (value, steps) = parsed(schema, text)?;
        fits(schema, &value, steps)
    }

    #[test]
    fn a_reply_must_fit() {
        let schema = json!({ "type": "object", "required": ["age"] });
        assert_eq!(check(&schema, "{\"age\":3}"), Ok(()));
        assert!(check(&schema, "{}").expect_err("refused").contains("\"age\" is a required property"));
        assert!(check(&schema, "no").is_err());
    }

    #[test]
    fn hostile_schemas_are_refused_at_once() {
        let mut deep = Value::Bool(true);
        for _ in 0..200 {
            deep = json!({ "not": deep });
        }
        let many: Vec<Value> = (0..=PATTERNS).map(|_| json!({ "pattern": "a" })).collect();
        let hostile = [
            deep,
            json!({ "const": "x".repeat(SCHEMA_BYTES) }),
            json!({ "$ref": "http://127.0.0.1:1/schema.json" }),
            json!({ "$ref": "file:///etc/passwd" }),
            json!({ "$schema": "http://127.0.0.1:1/meta.json" }),
            json!({ "$schema": "http://json-schema.org/draft-04/schema#" }),
            json!({ "$defs": { "a": { "$dynamicAnchor": "x" } }, "$dynamicRef": "#x" }),
            json!({ "properties": { "a": { "$id": "http://other", "$ref": "#/b" } } }),
            json!({ "allOf": many }),
            json!({ "type": "object", "unevaluatedProperties": false }),
            json!({ "pattern": "((a{1000}){1000}){1000}" }),
        ];
        for hostile in hostile {
            let refused = bounded(&hostile).and_then(|()| compile(&hostile).map(drop));
            assert!(refused.is_err(), "{:.100}", hostile.to_string());
        }
        // Backtracking forever elsewhere, linear here.
        let slow = json!({ "pattern": "^(a+)+$" });
        assert!(check(&slow, &format!("\"{}!\"", "a".repeat(50_000))).is_err());
    }

    /// However its definitions multiply, a schema compiles at once: it takes as long as it is.
    #[test]
    fn compiling_does_not_multiply() {
        let shapes: [fn(Value) -> Value; 10] = [
            |next| json!({ "allOf": [next, next] }),
            |next| json!({ "anyOf": [next, next], "type": "object" }),
            |next| json!({ "oneOf": [next, next], "properties": { "b": next } }),
            |next| json!({ "if": next, "then": next, "else": next }),
            |next| json!({ "not": next, "dependentSchemas": { "a": next } }),
            |next| json!({ "properties": { "a": next, "b": next }, "additionalProperties": next }),
            |next| json!({ "patternProperties": { "a": next }, "propertyNames": next }),
            |next| json!({ "prefixItems": [next, next], "items": next, "contains": next }),
            |next| json!({ "allOf": [next, { "properties": { "a": next } }], "additionalProperties": false }),
            |next| json!({ "$ref": next["$ref"], "allOf": [next], "required": ["a"] }),
        ];
        for shape in shapes {
            for leaf in [json!(true), json!({ "type": "object", "properties": { "a": true }, "required": ["a"] })] {
                let level = |at: usize| (format!("a{at}"), shape(json!({ "$ref": format!("#/$defs/a{}", at + 1) })));
                let definitions: Map<String, Value> = (0..40).map(level).chain([("a40".to_owned(), leaf)]).collect();
                let schema = json!({ "$ref": "#/$defs/a0", "$defs": definitions });
                bounded(&schema).and_then(|()| compile(&schema).map(drop)).expect("taken");
            }
        }
    }

    #[test]
    fn what_people_write_is_taken() {
        let tree = json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "$id": "https://example.com/tree",
            "$ref": "#/definitions/node",
            "definitions": { "node": {
                "type": "object",
                "properties": {
                    "$ref": { "type": "string" }, "id": { "pattern": "^[a-z]+$" },
                    "left": { "$ref": "#/definitions/node" }, "right": { "$ref": "#/definitions/node" },
                },
                "additionalProperties": false,
            } },
        });
        let mut text = "{}".to_owned();
        for _ in 0..60 {
            text = format!("{{\"id\":\"a\",\"left\":{text},\"right\":{{}}}}");
        }
        assert_eq!(check(&tree, &text), Ok(()));
        assert!(check(&tree, &text.replace("\"id\"", "\"it\"")).is_err());
    }
}
