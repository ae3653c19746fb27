//! What a guest asks of a model, bounded and checked before anything is spent. Pure.

use serde_json::Value;

use super::{Message, Part, Request, Role, schema};

/// Bounds of one request. The bytes of a call are bounded by the limit `hostcall` besides.
const MESSAGES: usize = 4_096;
const TOOLS: usize = 512;
const STOPS: usize = 4;

/// Upper bounds of what providers add to a text's own tokens: a token has at least one byte.
const TOKENS_PER_REQUEST: u64 = 64;
const TOKENS_PER_MESSAGE: u64 = 16;
const TOKENS_PER_TOOL: u64 = 256;
/// The most that a provider we know counts for one picture (Anthropic, 4,784 for its largest).
const TOKENS_PER_IMAGE: u64 = 5_000;

/// A request that is well-formed.
#[derive(Clone, Debug)]
pub(super) struct Checked {
    pub(super) request: Request,
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
        request.output_schema.as_ref().map_or(Ok(()), schema::bounded)?;
        let images =
            request.messages.iter().flat_map(|message| &message.content).any(|part| matches!(part, Part::Image { .. }));
        let (bytes, extra) = size(&request);
        let checked = Self { max_tokens, images, bound: bytes + extra, estimate: bytes / 4 + extra / 4, request };
        Ok(checked)
    }

    /// The reply's text, where it must fit a schema: a reply that calls tools need not.
    pub(super) fn to_fit(&self, content: &[Part]) -> Option<(&Value, String)> {
        let schema = self.request.output_schema.as_ref()?;
        if content.iter().any(|part| matches!(part, Part::ToolCall(_))) {
            return None;
        }
        let texts = content.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            _ => None,
        });
        Some((schema, texts.collect()))
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
    fn a_reply_that_calls_tools_need_not_fit() {
        let schema = serde_json::json!({ "type": "object" });
        let request = Request { output_schema: Some(schema), ..asks(vec![text(Role::User, "hi")]) };
        let checked = Checked::new(request, None).expect("taken");
        let said = [Part::Text("{\"a\":".into()), Part::Text("3}".into())];
        assert_eq!(checked.to_fit(&said).map(|(_, text)| text), Some("{\"a\":3}".to_owned()));
        let call = crate::llm::ToolCall { id: "a".into(), name: "b".into(), arguments: "{}".into(), signature: None };
        assert_eq!(checked.to_fit(&[Part::ToolCall(call)]), None);
    }
}
