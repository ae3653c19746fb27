//! OpenAI's responses. Source: <https://platform.openai.com/docs/api-reference/responses>.
//!
//! Nothing is stored at the provider: the whole conversation is sent, sealed reasoning included.

use holm_kernel::llm::{Attempt, Event, Failure, Message, Part, Role, StopReason, ToolChoice, Usage};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    dialect::{self, Dialect, Frames, Reader, base64, json, mint, prompt_cache_key, set},
    status,
};

/// The dialect.
pub(super) struct Responses;

impl Dialect for Responses {
    const BASE_URL: &'static str = "https://api.openai.com/v1";
    const MAKER: &str = "openai-responses";
    const FRAMES: Frames = Frames::Events;

    fn key_header(&self) -> (&'static str, &'static str) {
        ("authorization", "Bearer ")
    }

    fn path(&self, _model: &str) -> String {
        "responses".to_owned()
    }

    fn body(&self, attempt: &Attempt, host: &str) -> Value {
        let request = &attempt.request;
        let told = request.messages.iter().filter(|message| message.role != Role::System);
        let mut body = json!({
            "model": &*attempt.model,
            "input": told.flat_map(items).collect::<Vec<_>>(),
            "stream": true,
            "store": false,
            "max_output_tokens": request.max_tokens,
        });
        set(&mut body, "instructions", dialect::system(request));
        set(&mut body, "temperature", request.temperature);
        set(&mut body, "prompt_cache_key", prompt_cache_key(attempt, host));
        if let Some(effort) = request.effort.filter(|_| attempt.traits.effort) {
            set(&mut body, "reasoning", Some(json!({ "effort": effort.as_str(), "summary": "auto" })));
            set(&mut body, "include", Some(json!(["reasoning.encrypted_content"])));
        }
        if !request.tools.is_empty() {
            let tool = |tool: &holm_kernel::llm::Tool| {
                json!({
                    "type": "function",
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.input_schema,
                    "strict": false,
                })
            };
            set(&mut body, "tools", Some(request.tools.iter().map(tool).collect::<Vec<_>>()));
            set(&mut body, "tool_choice", choice(&request.tool_choice));
        }
        if let Some(schema) = &request.output_schema {
            let format = json!({ "type": "json_schema", "name": "reply", "schema": schema, "strict": true });
            set(&mut body, "text", Some(json!({ "format": format })));
        }
        body
    }

    fn refuses(&self, attempt: &Attempt) -> Option<&'static str> {
        (!attempt.request.stop.is_empty()).then_some("this protocol takes no stop texts: use `kind = \"openai\"`")
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::<ResponsesReader>::default()
    }
}

fn choice(choice: &ToolChoice) -> Option<Value> {
    match choice {
        ToolChoice::Auto => None,
        ToolChoice::None => Some(json!("none")),
        ToolChoice::Required => Some(json!("required")),
        ToolChoice::Named(name) => Some(json!({ "type": "function", "name": name })),
    }
}

/// A message's parts, each an item of its own; what can stand together in one message does.
fn items(message: &Message) -> Vec<Value> {
    let assistant = message.role == Role::Assistant;
    let mut items = Vec::new();
    let mut content = Vec::new();
    for part in &message.content {
        match part {
            Part::Text(text) if assistant => content.push(json!({ "type": "output_text", "text": text })),
            Part::Text(text) => content.push(json!({ "type": "input_text", "text": text })),
            Part::Image { media_type, data } => {
                let url = format!("data:{media_type};base64,{}", base64(data));
                content.push(json!({ "type": "input_image", "image_url": url }));
            }
            // The item as it came; another provider's seal is not one.
            Part::Thinking { signature, .. } => {
                let sealed = signature.as_deref().and_then(|seal| serde_json::from_str::<Value>(seal).ok());
                items.extend(sealed.filter(|item| item["type"] == "reasoning"));
            }
            Part::ToolCall(call) => items.push(json!({
                "type": "function_call", "call_id": call.id, "name": call.name, "arguments": call.arguments,
            })),
            Part::ToolResult { id, content, is_error, .. } => {
                let output = if *is_error { format!("error: {content}") } else { content.clone() };
                items.push(json!({ "type": "function_call_output", "call_id": id, "output": output }));
            }
        }
    }
    if !content.is_empty() {
        let role = if assistant { "assistant" } else { "user" };
        let told = json!({ "type": "message", "role": role, "content": content });
        // Reasoning stands before what it led to, the results of tools before what else is said.
        let at = items.iter().position(|item| item["type"] == "function_call").unwrap_or(items.len());
        items.insert(at, told);
    }
    items
}

#[derive(Default)]
struct ResponsesReader {
    /// The provider's indices of the tool calls that were begun; their places are ours.
    begun: Vec<u64>,
}

#[derive(Deserialize)]
struct Piece {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    output_index: u64,
    delta: Option<Value>,
    item: Option<Value>,
    response: Option<Whole>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    code: Option<String>,
    refusal: Option<String>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Whole {
    usage: Option<WholeUsage>,
    error: Option<Value>,
    incomplete_details: Option<Incomplete>,
}

#[derive(Deserialize)]
struct Incomplete {
    reason: Option<String>,
}

#[derive(Deserialize)]
struct WholeUsage {
    #[serde(default)]
    input_tokens: u64,
    #[serde(default)]
    output_tokens: u64,
    input_tokens_details: Option<InputDetails>,
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Default, Deserialize)]
struct InputDetails {
    #[serde(default)]
    cached_tokens: u64,
}

#[derive(Default, Deserialize)]
struct OutputDetails {
    #[serde(default)]
    reasoning_tokens: u64,
}

impl Reader for ResponsesReader {
    fn read(&mut self, data: &str, events: &mut Vec<Event>) -> Result<(), Failure> {
        if data.trim() == "[DONE]" {
            return Ok(());
        }
        let piece: Piece = json(data)?;
        let delta = || piece.delta.as_ref().and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
        match piece.kind.as_str() {
            "response.output_text.delta" => events.extend(delta().map(Event::Text)),
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                events.extend(delta().map(Event::Thinking));
            }
            "response.output_item.added" => self.begin(&piece, events),
            "response.function_call_arguments.delta" => {
                if let (Some(index), Some(fragment)) = (self.index(piece.output_index), delta()) {
                    events.push(Event::Arguments { index, fragment });
                }
            }
            "response.output_item.done" => {
                let reasoning = piece.item.filter(|item| item["type"] == "reasoning");
                let sealed = reasoning.filter(|item| item["encrypted_content"].is_string());
                events.extend(sealed.map(|item| Event::ThinkingSignature(item.to_string())));
            }
            "response.refusal.done" => return Err(Failure::Refused(piece.refusal.unwrap_or_default())),
            "response.failed" | "error" => return Err(failed(piece)),
            "response.completed" | "response.incomplete" => {
                let whole =
                    piece.response.ok_or_else(|| Failure::Malformed("it ends without a response".to_owned()))?;
                self.finish(whole, events)?;
            }
            _ => {}
        }
        Ok(())
    }
}

/// The error stands in the response, beside the event's type, or in a field of its own.
fn failed(piece: Piece) -> Failure {
    let error = piece.response.and_then(|response| response.error).or(piece.error);
    status::told(&error.unwrap_or_else(|| json!({ "code": piece.code, "message": piece.message })))
}

impl ResponsesReader {
    fn index(&self, output: u64) -> Option<u32> {
        self.begun.iter().position(|begun| *begun == output).and_then(|at| u32::try_from(at).ok())
    }

    fn begin(&mut self, piece: &Piece, events: &mut Vec<Event>) {
        let Some(item) = piece.item.as_ref().filter(|item| item["type"] == "function_call") else { return };
        if self.begun.contains(&piece.output_index) {
            return;
        }
        self.begun.push(piece.output_index);
        let index = self.index(piece.output_index).unwrap_or(0);
        let text = |field: &str| item[field].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let id = text("call_id").unwrap_or_else(|| mint(index));
        events.push(Event::ToolCall { index, id, name: text("name").unwrap_or_default(), signature: None });
    }

    fn finish(&self, whole: Whole, events: &mut Vec<Event>) -> Result<(), Failure> {
        if let Some(usage) = whole.usage {
            events.push(Event::Usage(Usage {
                input: usage.input_tokens,
                output: usage.output_tokens,
                cached: usage.input_tokens_details.unwrap_or_default().cached_tokens,
                cache_written: 0,
                thinking: usage.output_tokens_details.unwrap_or_default().reasoning_tokens,
            }));
        }
        let reason = whole.incomplete_details.and_then(|details| details.reason);
        events.push(Event::Stop(match reason.as_deref() {
            Some("content_filter") => return Err(Failure::Refused("its filter cut the reply".to_owned())),
            Some(_) => StopReason::MaxTokens,
            None if !self.begun.is_empty() => StopReason::ToolCalls,
            None => StopReason::End,
        }));
        Ok(())
    }
}
