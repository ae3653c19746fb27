//! What a guest asks of a model, bounded and checked before anything is spent. Pure.

use std::sync::Arc;

use serde_json::Value;

use super::{Message, Part, Request, Role};

/// Bounds of one request. The bytes of a call are bounded by the limit `hostcall` besides.
const MESSAGES: usize = 4_096;
const TOOLS: usize = 512;
const STOPS: usize = 4;
const SCHEMA_BYTES: usize = 64 << 10;
/// Stops a schema or an argument that nests until a parser's stack ends.
const SCHEMA_DEPTH: usize = 64;
/// Stops patterns that compile to gigabytes.
const PATTERN_BYTES: usize = 1 << 20;

/// Upper bounds of what providers add to a text's own tokens: a token has at least one byte.
const TOKENS_PER_REQUEST: u64 = 64;
const TOKENS_PER_MESSAGE: u64 = 16;
const TOKENS_PER_TOOL: u64 = 256;
/// The most that a provider we know counts for one picture (Anthropic, 4,784 for its largest).
const TOKENS_PER_IMAGE: u64 = 5_000;

/// A request that is well-formed, and what its reply must fit.
#[derive(Clone, Debug)]
pub(super) struct Checked {
    pub(super) request: Request,
    pub(super) schema: Option<Arc<jsonschema::Validator>>,
    /// Tokens of the reply that the guest asked for.
    pub(super) max_tokens: Option<u32>,
    pub(super) images: bool,
    /// No provider counts more tokens than this for the request.
    pub(super) bound: u64,
    /// About as many tokens as a provider will count.
    pub(super) estimate: u64,
}

/// Text for people out of hostile hands: cut, and without control characters.
pub(super) fn shown(text: &str) -> String {
    let kept: String = text.chars().filter(|c| !c.is_control()).take(400).collect();
    kept
}

impl Checked {
    /// # Errors
    /// What is wrong with it, for the guest.
    pub(super) fn new(request: Request, max_tokens: Option<u32>) -> Result<Self, String> {
        if request.messages.is_empty() || request.messages.len() > MESSAGES {
            return Err(format!("a request has 1 to {MESSAGES} messages"));
        }
        if request.tools.len() > TOOLS {
            return Err(format!("a request names at most {TOOLS} tools"));
        }
        if request.stop.len() > STOPS || request.stop.iter().any(|text| text.is_empty() || text.len() > 256) {
            return Err(format!("at most {STOPS} stop texts of 1 to 256 bytes"));
        }
        if request.temperature.is_some_and(|temperature| !(0.0..=2.0).contains(&temperature)) {
            return Err("the temperature is 0 to 2".to_owned());
        }
        if max_tokens == Some(0) {
            return Err("`max-tokens` is at least 1".to_owned());
        }
        for tool in &request.tools {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
            if !(1..=64).contains(&tool.name.len()) || !tool.name.bytes().all(plain) {
                return Err("a tool's name is 1 to 64 of `[A-Za-z0-9_-]`".to_owned());
            }
            if !tool.input_schema.is_object() {
                return Err(format!("the schema of `{}` is no JSON object", tool.name));
            }
        }
        let mut system = true;
        for message in &request.messages {
            system &= message.role == Role::System;
            check_message(message, system)?;
        }
        let schema = request.output_schema.as_ref().map(compile).transpose()?.map(Arc::new);
        let images =
            request.messages.iter().flat_map(|message| &message.content).any(|part| matches!(part, Part::Image { .. }));
        let (bytes, extra) = size(&request);
        let checked =
            Self { schema, max_tokens, images, bound: bytes + extra, estimate: bytes / 4 + extra / 4, request };
        Ok(checked)
    }

    /// Whether the reply's text fits the schema that was asked for.
    ///
    /// # Errors
    /// Where it does not.
    pub(super) fn fits(&self, content: &[Part]) -> Result<(), String> {
        let Some(schema) = &self.schema else { return Ok(()) };
        if content.iter().any(|part| matches!(part, Part::ToolCall(_))) {
            return Ok(());
        }
        let texts = content.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            _ => None,
        });
        let text: String = texts.collect();
        let value: Value = serde_json::from_str(&text).map_err(|error| format!("the reply is no JSON: {error}"))?;
        schema.validate(&value).map_err(|error| shown(&format!("the reply does not fit the schema: {error}")))
    }
}

fn check_message(message: &Message, system: bool) -> Result<(), String> {
    if message.role == Role::System && !system {
        return Err("system messages come first".to_owned());
    }
    for part in &message.content {
        match (message.role, part) {
            (_, Part::Text(_)) => {}
            (Role::User, Part::Image { media_type, data }) => {
                let known = ["image/png", "image/jpeg", "image/gif", "image/webp"];
                if !known.contains(&media_type.as_str()) || data.is_empty() {
                    return Err("an image is a PNG, JPEG, GIF or WebP".to_owned());
                }
            }
            (Role::User, Part::ToolResult { id, name, .. }) if !id.is_empty() && !name.is_empty() => {}
            (Role::Assistant, Part::Thinking { .. }) => {}
            (Role::Assistant, Part::ToolCall(call)) => {
                let object = serde_json::from_str::<serde_json::Map<String, Value>>(&call.arguments).is_ok();
                if !object || call.id.is_empty() || call.name.is_empty() {
                    return Err("a tool call has an id, a name, and a JSON object as arguments".to_owned());
                }
            }
            _ => {
                return Err(
                    "images and tool results are the user's, thinking and tool calls the assistant's".to_owned()
                );
            }
        }
    }
    Ok(())
}

/// A schema from a guest: no remote references (the crate has no resolver here), patterns that
/// match in linear time, bounded in size and depth.
fn compile(schema: &Value) -> Result<jsonschema::Validator, String> {
    if schema.to_string().len() > SCHEMA_BYTES || depth(schema) > SCHEMA_DEPTH {
        return Err(format!("a schema has at most {SCHEMA_BYTES} bytes and {SCHEMA_DEPTH} levels"));
    }
    let patterns = jsonschema::PatternOptions::regex().size_limit(PATTERN_BYTES).dfa_size_limit(PATTERN_BYTES);
    jsonschema::options()
        .with_pattern_options(patterns)
        .build(schema)
        .map_err(|error| shown(&format!("the output schema is wrong: {error}")))
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

/// Bytes of text, and tokens that providers add.
fn size(request: &Request) -> (u64, u64) {
    let mut bytes = 0;
    let mut extra = TOKENS_PER_REQUEST;
    for message in &request.messages {
        extra += TOKENS_PER_MESSAGE;
        for part in &message.content {
            bytes += match part {
                Part::Text(text) => text.len(),
                Part::Image { .. } => {
                    extra += TOKENS_PER_IMAGE;
                    0
                }
                Part::Thinking { text, signature } => text.len() + signature.as_ref().map_or(0, String::len),
                Part::ToolCall(call) => {
                    extra += TOKENS_PER_MESSAGE;
                    call.id.len() + call.name.len() + call.arguments.len()
                }
                Part::ToolResult { id, name, content, .. } => {
                    extra += TOKENS_PER_MESSAGE;
                    id.len() + name.len() + content.len()
                }
            } as u64;
        }
    }
    for tool in &request.tools {
        extra += TOKENS_PER_TOOL;
        bytes += (tool.name.len() + tool.description.len() + tool.input_schema.to_string().len()) as u64;
    }
    if let Some(schema) = &request.output_schema {
        extra += TOKENS_PER_TOOL;
        bytes += schema.to_string().len() as u64;
    }
    (bytes, extra)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(role: Role, text: &str) -> Message {
        Message { role, content: vec![Part::Text(text.into())] }
    }

    fn asks(messages: Vec<Message>) -> Request {
        Request { messages, ..Request::default() }
    }

    fn schema(schema: Value) -> Result<Checked, String> {
        let request = Request { output_schema: Some(schema), ..asks(vec![text(Role::User, "hi")]) };
        Checked::new(request, None)
    }

    #[test]
    fn a_bound_is_never_below_the_bytes() {
        let checked = Checked::new(asks(vec![text(Role::User, &"x".repeat(1000))]), None).expect("taken");
        assert_eq!(checked.bound, 1000 + TOKENS_PER_REQUEST + TOKENS_PER_MESSAGE);
        assert!(checked.estimate < checked.bound);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let thinking =
            Message { role: Role::User, content: vec![Part::Thinking { text: "x".into(), signature: None }] };
        for messages in [
            vec![],
            vec![text(Role::User, "x"); MESSAGES + 1],
            vec![text(Role::User, "x"), text(Role::System, "late")],
            vec![thinking],
        ] {
            assert!(Checked::new(asks(messages), None).is_err());
        }
        assert!(Checked::new(asks(vec![text(Role::User, "x")]), Some(0)).is_err());
    }

    #[test]
    fn a_reply_must_fit_its_schema() {
        let checked = schema(serde_json::json!({"type": "object", "required": ["age"]})).expect("taken");
        assert!(checked.fits(&[Part::Text("{\"age\":".into()), Part::Text("3}".into())]).is_ok());
        assert!(checked.fits(&[Part::Text("{}".into())]).is_err());
        assert!(checked.fits(&[Part::Text("no".into())]).is_err());
    }

    #[test]
    fn hostile_schemas_are_refused_at_once() {
        let mut deep = Value::Bool(true);
        for _ in 0..200 {
            deep = serde_json::json!({ "not": deep });
        }
        let huge = serde_json::json!({ "const": "x".repeat(SCHEMA_BYTES) });
        let remote = serde_json::json!({ "$ref": "http://127.0.0.1:1/schema.json" });
        let file = serde_json::json!({ "$ref": "file:///etc/passwd" });
        let bomb = serde_json::json!({ "pattern": "((a{1000}){1000}){1000}" });
        for hostile in [deep, huge, remote, file, bomb] {
            assert!(schema(hostile.clone()).is_err(), "{:.100}", hostile.to_string());
        }
        // Backtracking forever elsewhere, linear here.
        let slow = schema(serde_json::json!({ "pattern": "^(a+)+$" })).expect("taken");
        assert!(slow.fits(&[Part::Text(format!("\"{}!\"", "a".repeat(50_000)))]).is_err());
    }
}
