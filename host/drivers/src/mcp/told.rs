//! A tool as a server tells of it: what may be kept of that, and the digest by which it is known again.

use holm_kernel::{
    is_hidden,
    program::{Digest, ToolDescription},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Tools of one server. Stops catalogues that no model can read.
pub(super) const TOOLS: usize = 512;
/// Bytes of one tool's texts. Stops schemas that fill a context window.
const TOOL_BYTES: usize = 128 << 10;
/// Bytes of a first sentence.
const SUMMARY_BYTES: usize = 200;
/// Values inside values of a schema. Stops those that overflow whoever walks them.
const DEPTH: usize = 64;

/// A tool of a server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tool {
    /// What a guest is told of it.
    #[serde(flatten)]
    pub description: ToolDescription,
    /// What it is called before people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What the server says it does to its world. Nothing relies on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Value>,
    /// The sha-256 of all of that.
    pub digest: String,
}

impl Tool {
    /// What a server told.
    ///
    /// # Errors
    /// Why it is not taken.
    pub(super) fn new(told: &rmcp::model::Tool) -> Result<Self, &'static str> {
        let input = Value::Object(told.input_schema.as_ref().clone());
        let output = told.output_schema.as_ref().map(|schema| Value::Object(schema.as_ref().clone()));
        let annotations = told.annotations.as_ref().and_then(|annotations| serde_json::to_value(annotations).ok());
        let text = told.description.as_deref().unwrap_or_default().to_owned();
        Self::of(&told.name, told.title.clone(), text, input, output, annotations)
    }

    /// A tool with these texts.
    pub(super) fn of(
        name: &str,
        title: Option<String>,
        text: String,
        input: Value,
        output: Option<Value>,
        annotations: Option<Value>,
    ) -> Result<Self, &'static str> {
        if !is_tool_name(name) {
            return Err("has a name that is not 1 to 128 of A-Z, a-z, 0-9, _, - and .");
        }
        let values = [Some(&input), output.as_ref(), annotations.as_ref()];
        if values.into_iter().flatten().any(|value| !is_flat(value, DEPTH)) {
            return Err("has a schema that is nested too deeply");
        }
        let told = Value::from_iter([
            ("name", Value::from(name)),
            ("title", title.clone().into()),
            ("description", text.clone().into()),
            ("input", input.clone()),
            ("output", output.clone().unwrap_or_default()),
            ("annotations", annotations.clone().unwrap_or_default()),
        ]);
        let canonical = canonical(&told).to_string();
        if canonical.len() > TOOL_BYTES {
            return Err("has over 128 KiB of texts");
        }
        if hides(&told) {
            return Err("holds hidden characters in what it says of itself");
        }
        let description = ToolDescription {
            name: name.to_owned(),
            summary: summary(&text),
            description: text,
            input_schema: input.to_string(),
            output_schema: output.map(|schema| schema.to_string()),
        };
        Ok(Self { description, title, annotations, digest: Digest::of(canonical.as_bytes()).to_string() })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.description.name
    }
}

/// What MCP calls a tool (SEP-986).
fn is_tool_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    (1..=128).contains(&text.len()) && text.bytes().all(plain)
}

/// The first sentence.
fn summary(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let sentence = line.split_once(". ").map_or(line, |(sentence, _)| sentence);
    let cut = sentence.floor_char_boundary(SUMMARY_BYTES);
    if cut < sentence.len() { format!("{}…", &sentence[..cut]) } else { sentence.to_owned() }
}

fn is_flat(value: &Value, depth: usize) -> bool {
    match value {
        Value::Array(values) => depth > 0 && values.iter().all(|value| is_flat(value, depth - 1)),
        Value::Object(values) => depth > 0 && values.values().all(|value| is_flat(value, depth - 1)),
        _ => true,
    }
}

/// Whether a text in it, or the name of a value, hides something.
fn hides(value: &Value) -> bool {
    let hidden = |text: &str| text.chars().any(|char| is_hidden(char) && !matches!(char, '\n' | '\t' | '\r'));
    match value {
        Value::String(text) => hidden(text),
        Value::Array(values) => values.iter().any(hides),
        Value::Object(values) => values.iter().any(|(name, value)| hidden(name) || hides(value)),
        _ => false,
    }
}

/// The same value with the names in each object in their order: a server may tell them in another each time.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Array(values) => values.iter().map(canonical).collect(),
        Value::Object(values) => {
            let mut names: Vec<_> = values.iter().collect();
            names.sort_by(|one, other| one.0.cmp(other.0));
            names.into_iter().map(|(name, value)| (name.clone(), canonical(value))).collect()
        }
        value => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tool(name: &str, text: &str, input: Value) -> Result<Tool, &'static str> {
        Tool::of(name, None, text.to_owned(), input, None, None)
    }

    #[test]
    fn a_tool_is_known_again_by_all_that_is_said_of_it() {
        let one = tool("Get.time-1", "Tells. More.", json!({"a": 1, "b": {"x": 1, "y": 2}})).expect("taken");
        let same: Value = serde_json::from_str(r#"{"b":{"y":2,"x":1},"a":1}"#).expect("JSON");
        assert_eq!(one.digest, tool("Get.time-1", "Tells. More.", same).expect("taken").digest);
        assert_eq!(one.description.summary, "Tells");
        for (name, text, input) in [
            ("Get.time-2", "Tells. More.", json!({"a": 1, "b": {"x": 1, "y": 2}})),
            ("Get.time-1", "Tells. More!", json!({"a": 1, "b": {"x": 1, "y": 2}})),
            ("Get.time-1", "Tells. More.", json!({"a": 1, "b": {"x": 1, "y": 3}})),
        ] {
            assert_ne!(one.digest, tool(name, text, input).expect("taken").digest);
        }
    }

    #[test]
    fn what_hides_or_never_ends_is_not_taken() {
        let mut deep = json!(1);
        for _ in 0..100 {
            deep = json!([deep]);
        }
        for (name, text, input) in [
            ("a/b", "x", json!({})),
            ("a b", "x", json!({})),
            ("", "x", json!({})),
            ("a", "x\u{202e}y", json!({})),
            ("a", "x\u{e0041}", json!({})),
            ("a", "x", json!({"properties": {"p": {"description": "\u{200b}"}}})),
            ("a", "x", json!({"properties": {"p\u{1b}": {}}})),
            ("a", "x", json!({"deep": deep})),
            ("a", &"x".repeat(TOOL_BYTES), json!({})),
        ] {
            assert!(tool(name, text, input).is_err(), "{name}");
        }
        assert!(
            tool(&"a".repeat(128), "line\n\tline", json!({})).is_ok() && tool(&"a".repeat(129), "", json!({})).is_err()
        );
    }
}
