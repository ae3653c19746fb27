//! Anthropic's messages. Source: <https://docs.anthropic.com/en/api/messages>.

use holm_kernel::llm::{Attempt, Effort, Event, Failure, Message, Part, Role, StopReason, ToolChoice, Usage};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    dialect::{self, Dialect, Frames, Reader, arguments, base64, json, set},
    status,
};

/// The dialect.
pub(super) struct Messages;

impl Dialect for Messages {
    const BASE_URL: &'static str = "https://api.anthropic.com/v1";
    const MAKER: &str = "anthropic";
    const FRAMES: Frames = Frames::Events;

    fn key_header(&self) -> (&'static str, &'static str) {
        ("x-api-key", "")
    }

    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        &[("anthropic-version", "2023-06-01")]
    }

    fn path(&self, _model: &str) -> String {
        "messages".to_owned()
    }

    fn body(&self, attempt: &Attempt, _host: &str) -> Value {
        let request = &attempt.request;
        let told = request.messages.iter().filter(|message| message.role != Role::System);
        let mut messages: Vec<Value> = told.map(message).filter(|message| message["content"] != json!([])).collect();
        let mut system = dialect::system(request).map(|text| json!([{ "type": "text", "text": text }]));
        let mut tools: Vec<Value> = request
            .tools
            .iter()
            .map(
                |tool| json!({ "name": tool.name, "description": tool.description, "input_schema": tool.input_schema }),
            )
            .collect();
        if attempt.traits.prompt_cache {
            // Always at the same places: after the tools, after the instructions, after the last turn.
            mark(tools.last_mut());
            mark(system.as_mut().and_then(|blocks| blocks.get_mut(0)));
            mark(messages.last_mut().and_then(|message| message["content"].as_array_mut()?.last_mut()));
        }
        let mut body = json!({
            "model": &*attempt.model,
            "max_tokens": request.max_tokens,
            "messages": messages,
            "stream": true,
        });
        set(&mut body, "system", system);
        set(&mut body, "temperature", request.temperature);
        if !request.stop.is_empty() {
            set(&mut body, "stop_sequences", Some(json!(request.stop)));
        }
        if !tools.is_empty() {
            set(&mut body, "tools", Some(tools));
            set(&mut body, "tool_choice", choice(&request.tool_choice));
        }
        let mut output = json!({});
        if let Some(effort) = request.effort.filter(|_| attempt.traits.effort) {
            match effort {
                Effort::None => set(&mut body, "thinking", Some(json!({ "type": "disabled" }))),
                effort => {
                    set(&mut body, "thinking", Some(json!({ "type": "adaptive" })));
                    set(&mut output, "effort", Some(effort.as_str()));
                }
            }
        }
        if let Some(schema) = &request.output_schema {
            set(&mut output, "format", Some(json!({ "type": "json_schema", "schema": schema })));
        }
        if output != json!({}) {
            set(&mut body, "output_config", Some(output));
        }
        body
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::<MessagesReader>::default()
    }
}

/// Asks the provider to keep the prompt up to here.
fn mark(block: Option<&mut Value>) {
    if let Some(block) = block {
        set(block, "cache_control", Some(json!({ "type": "ephemeral" })));
    }
}

/// Stands before what is sealed as a whole: no seal of a text begins so, they are base64.
const REDACTED: &str = "redacted:";

fn choice(choice: &ToolChoice) -> Option<Value> {
    match choice {
        ToolChoice::Auto => None,
        ToolChoice::None => Some(json!({ "type": "none" })),
        ToolChoice::Required => Some(json!({ "type": "any" })),
        ToolChoice::Named(name) => Some(json!({ "type": "tool", "name": name })),
    }
}

fn message(message: &Message) -> Value {
    let block = |part: &Part| match part {
        Part::Text(text) if text.is_empty() => None,
        Part::Text(text) => Some(json!({ "type": "text", "text": text })),
        Part::Image { media_type, data } => {
            let source = json!({ "type": "base64", "media_type": media_type, "data": base64(data) });
            Some(json!({ "type": "image", "source": source }))
        }
        // Only what it sealed itself is taken back.
        Part::Thinking { text, signature } => {
            signature.as_ref().map(|signature| match signature.strip_prefix(REDACTED) {
                Some(data) => json!({ "type": "redacted_thinking", "data": data }),
                None => json!({ "type": "thinking", "thinking": text, "signature": signature }),
            })
        }
        Part::ToolCall(call) => {
            Some(json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": arguments(&call.arguments) }))
        }
        Part::ToolResult { id, content, is_error, .. } => {
            Some(json!({ "type": "tool_result", "tool_use_id": id, "content": content, "is_error": is_error }))
        }
    };
    let (results, others): (Vec<&Part>, Vec<&Part>) =
        message.content.iter().partition(|part| matches!(part, Part::ToolResult { .. }));
    let blocks: Vec<Value> = results.into_iter().chain(others).filter_map(block).collect();
    let role = if message.role == Role::Assistant { "assistant" } else { "user" };
    json!({ "role": role, "content": blocks })
}

#[derive(Default)]
struct MessagesReader {
    usage: Usage,
    stop: Option<StopReason>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Piece {
    MessageStart {
        message: Started,
    },
    ContentBlockStart {
        index: u32,
        content_block: Block,
    },
    ContentBlockDelta {
        index: u32,
        delta: Delta,
    },
    MessageDelta {
        delta: Ending,
        usage: Option<Counts>,
    },
    MessageStop,
    Error {
        error: Value,
    },
    /// `ping`, `content_block_stop`, and what comes later.
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Started {
    usage: Option<Counts>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block {
    Text {
        #[serde(default)]
        text: String,
    },
    ToolUse {
        id: String,
        name: String,
    },
    /// Reasoning that nobody may read; it wants it back as it is.
    RedactedThinking {
        data: String,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[serde(tag = "type")]
enum Delta {
    #[serde(rename = "text_delta")]
    Text { text: String },
    #[serde(rename = "thinking_delta")]
    Thinking { thinking: String },
    #[serde(rename = "signature_delta")]
    Signature { signature: String },
    #[serde(rename = "input_json_delta")]
    Arguments { partial_json: String },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Ending {
    stop_reason: Option<String>,
}

/// Cumulative; a later count replaces an earlier one.
#[derive(Deserialize)]
struct Counts {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
}

impl MessagesReader {
    fn count(&mut self, counts: &Counts) -> Event {
        if let Some(fresh) = counts.input_tokens {
            // What is read from its cache and written to it is counted apart.
            self.usage.cached = counts.cache_read_input_tokens.unwrap_or(0);
            self.usage.cache_written = counts.cache_creation_input_tokens.unwrap_or(0);
            self.usage.input = fresh.saturating_add(self.usage.cached).saturating_add(self.usage.cache_written);
        }
        self.usage.output = counts.output_tokens.unwrap_or(self.usage.output);
        Event::Usage(self.usage)
    }
}

impl Reader for MessagesReader {
    fn read(&mut self, data: &str, events: &mut Vec<Event>) -> Result<(), Failure> {
        match json(data)? {
            Piece::MessageStart { message } => events.extend(message.usage.as_ref().map(|counts| self.count(counts))),
            Piece::ContentBlockStart { content_block: Block::Text { text }, .. } if !text.is_empty() => {
                events.push(Event::Text(text));
            }
            Piece::ContentBlockStart { index, content_block: Block::ToolUse { id, name } } => {
                events.push(Event::ToolCall { index, id, name, signature: None });
            }
            Piece::ContentBlockStart { content_block: Block::RedactedThinking { data }, .. } => {
                // A part of its own: the seal before it is whole.
                events.extend([Event::Thinking(String::new()), Event::ThinkingSignature(format!("{REDACTED}{data}"))]);
            }
            Piece::ContentBlockDelta { index, delta } => events.extend(match delta {
                Delta::Text { text } => Some(Event::Text(text)),
                Delta::Thinking { thinking } => Some(Event::Thinking(thinking)),
                Delta::Signature { signature } => Some(Event::ThinkingSignature(signature)),
                Delta::Arguments { partial_json } => Some(Event::Arguments { index, fragment: partial_json }),
                Delta::Other => None,
            }),
            Piece::MessageDelta { delta, usage } => {
                events.extend(usage.as_ref().map(|counts| self.count(counts)));
                self.stop = match delta.stop_reason.as_deref() {
                    None => self.stop,
                    Some("max_tokens" | "model_context_window_exceeded") => Some(StopReason::MaxTokens),
                    Some("stop_sequence") => Some(StopReason::StopText),
                    Some("tool_use") => Some(StopReason::ToolCalls),
                    Some("refusal") => return Err(Failure::Refused("it declined to go on".to_owned())),
                    Some(_) => Some(StopReason::End),
                };
            }
            Piece::MessageStop => {
                let stop =
                    self.stop.ok_or_else(|| Failure::Unavailable("its reply ended without a reason".to_owned()))?;
                events.push(Event::Stop(stop));
            }
            Piece::Error { error } => return Err(status::told(&error)),
            Piece::ContentBlockStart { .. } | Piece::Other => {}
        }
        Ok(())
    }
}
