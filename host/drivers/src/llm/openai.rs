//! OpenAI's chat completions, and all who speak it: OpenRouter, vLLM, llama.cpp, LM Studio.
//!
//! Source: <https://platform.openai.com/docs/api-reference/chat>.

use holm_kernel::llm::{Attempt, Embedded, Event, Failure, Message, Part, Role, StopReason, ToolChoice, Usage};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    dialect::{self, Dialect, Frames, Reader, base64, json, mint, openai, prompt_cache_key, set},
    status,
};

/// The dialect.
pub(super) struct Chat;

impl Dialect for Chat {
    const BASE_URL: &'static str = "https://api.openai.com/v1";
    const MAKER: &str = "openai";
    const FRAMES: Frames = Frames::Events;

    fn key_header(&self) -> (&'static str, &'static str) {
        ("authorization", "Bearer ")
    }

    fn path(&self, _model: &str) -> String {
        "chat/completions".to_owned()
    }

    fn body(&self, attempt: &Attempt, host: &str) -> Value {
        let request = &attempt.request;
        let messages: Vec<Value> = request.messages.iter().flat_map(message).collect();
        let mut body = json!({
            "model": &*attempt.model,
            "messages": messages,
            "stream": true,
            "stream_options": { "include_usage": true },
        });
        // OpenAI's reasoning models refuse the old name, most others know no other.
        let limit = if openai(host) { "max_completion_tokens" } else { "max_tokens" };
        set(&mut body, limit, Some(request.max_tokens));
        set(&mut body, "temperature", request.temperature);
        set(&mut body, "seed", request.seed);
        set(&mut body, "prompt_cache_key", prompt_cache_key(attempt, host));
        if !request.stop.is_empty() {
            set(&mut body, "stop", Some(json!(request.stop)));
        }
        if attempt.traits.effort {
            set(&mut body, "reasoning_effort", request.effort.map(|effort| effort.as_str()));
        }
        if !request.tools.is_empty() {
            let tool = |tool: &holm_kernel::llm::Tool| {
                let function =
                    json!({ "name": tool.name, "description": tool.description, "parameters": tool.input_schema });
                json!({ "type": "function", "function": function })
            };
            set(&mut body, "tools", Some(request.tools.iter().map(tool).collect::<Vec<_>>()));
            set(&mut body, "tool_choice", choice(&request.tool_choice));
        }
        if let Some(schema) = &request.output_schema {
            let format =
                json!({ "type": "json_schema", "json_schema": { "name": "reply", "schema": schema, "strict": true } });
            set(&mut body, "response_format", Some(format));
        }
        body
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::<ChatReader>::default()
    }

    fn embedding(&self, model: &str, texts: &[String]) -> Option<(String, Value)> {
        Some(("embeddings".to_owned(), json!({ "model": model, "input": texts, "encoding_format": "float" })))
    }

    fn vectors(&self, answer: &Value) -> Option<Embedded> {
        let vector = |item: &Value| serde_json::from_value(item.get("embedding")?.clone()).ok();
        let vectors = answer.get("data")?.as_array()?.iter().map(vector).collect::<Option<_>>()?;
        let tokens = answer.pointer("/usage/prompt_tokens").and_then(Value::as_u64);
        Some((vectors, tokens))
    }
}

fn choice(choice: &ToolChoice) -> Option<Value> {
    match choice {
        ToolChoice::Auto => None,
        ToolChoice::None => Some(json!("none")),
        ToolChoice::Required => Some(json!("required")),
        ToolChoice::Named(name) => Some(json!({ "type": "function", "function": { "name": name } })),
    }
}

/// Results of tools are messages of their own, before what else the user says.
fn message(message: &Message) -> Vec<Value> {
    let mut messages = Vec::new();
    for part in &message.content {
        if let Part::ToolResult { id, content, is_error, .. } = part {
            let content = if *is_error { format!("error: {content}") } else { content.clone() };
            messages.push(json!({ "role": "tool", "tool_call_id": id, "content": content }));
        }
    }
    let texts: Vec<&str> = message.content.iter().filter_map(dialect::text).collect();
    match message.role {
        Role::System => messages.push(json!({ "role": "system", "content": texts.join("\n\n") })),
        Role::Assistant => {
            let calls = message.content.iter().filter_map(|part| match part {
                Part::ToolCall(call) => {
                    let function = json!({ "name": call.name, "arguments": call.arguments });
                    Some(json!({ "id": call.id, "type": "function", "function": function }))
                }
                _ => None,
            });
            let calls: Vec<Value> = calls.collect();
            let content = if texts.is_empty() { Value::Null } else { json!(texts.concat()) };
            let mut told = json!({ "role": "assistant", "content": content });
            if !calls.is_empty() {
                set(&mut told, "tool_calls", Some(calls));
            }
            messages.push(told);
        }
        Role::User => {
            let images = message.content.iter().any(|part| matches!(part, Part::Image { .. }));
            if images {
                let parts = message.content.iter().filter_map(|part| match part {
                    Part::Text(text) => Some(json!({ "type": "text", "text": text })),
                    Part::Image { media_type, data } => {
                        let url = format!("data:{media_type};base64,{}", base64(data));
                        Some(json!({ "type": "image_url", "image_url": { "url": url } }))
                    }
                    _ => None,
                });
                messages.push(json!({ "role": "user", "content": parts.collect::<Vec<_>>() }));
            } else if !texts.is_empty() {
                messages.push(json!({ "role": "user", "content": texts.join("\n\n") }));
            }
        }
    }
    messages
}

#[derive(Default)]
struct ChatReader {
    finish: Option<StopReason>,
    /// Tool calls that were begun, by the provider's index.
    begun: Vec<u32>,
}

#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<ChunkChoice>,
    usage: Option<ChunkUsage>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct ChunkChoice {
    #[serde(default)]
    delta: Delta,
    finish_reason: Option<String>,
}

#[derive(Default, Deserialize)]
struct Delta {
    content: Option<String>,
    /// DeepSeek, vLLM and llama.cpp; OpenRouter says `reasoning`.
    #[serde(alias = "reasoning")]
    reasoning_content: Option<String>,
    refusal: Option<String>,
    #[serde(default)]
    tool_calls: Option<Vec<DeltaCall>>,
}

#[derive(Deserialize)]
struct DeltaCall {
    #[serde(default)]
    index: u32,
    id: Option<String>,
    function: Option<DeltaFunction>,
}

#[derive(Deserialize)]
struct DeltaFunction {
    name: Option<String>,
    arguments: Option<String>,
}

#[derive(Deserialize)]
struct ChunkUsage {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
    prompt_tokens_details: Option<Details>,
    completion_tokens_details: Option<Details>,
}

#[derive(Default, Deserialize)]
struct Details {
    cached_tokens: Option<u64>,
    reasoning_tokens: Option<u64>,
}

fn full(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

impl Reader for ChatReader {
    fn read(&mut self, data: &str, events: &mut Vec<Event>) -> Result<(), Failure> {
        if data.trim() == "[DONE]" {
            // Cut off before a reason was told: some servers end so when they stop in the middle.
            let stop =
                self.finish.ok_or_else(|| Failure::Unavailable("its reply ended without a reason".to_owned()))?;
            events.push(Event::Stop(stop));
            return Ok(());
        }
        let chunk: Chunk = json(data)?;
        if let Some(error) = chunk.error.filter(|error| !error.is_null()) {
            return Err(status::told(&error));
        }
        for choice in chunk.choices.into_iter().take(1) {
            self.take(choice, events)?;
        }
        if let Some(usage) = chunk.usage {
            events.push(Event::Usage(Usage {
                input: usage.prompt_tokens,
                output: usage.completion_tokens,
                cached: usage.prompt_tokens_details.unwrap_or_default().cached_tokens.unwrap_or(0),
                cache_written: 0,
                thinking: usage.completion_tokens_details.unwrap_or_default().reasoning_tokens.unwrap_or(0),
            }));
        }
        Ok(())
    }
}

impl ChatReader {
    fn take(&mut self, choice: ChunkChoice, events: &mut Vec<Event>) -> Result<(), Failure> {
        if let Some(refusal) = full(choice.delta.refusal) {
            return Err(Failure::Refused(refusal));
        }
        events.extend(full(choice.delta.reasoning_content).map(Event::Thinking));
        events.extend(full(choice.delta.content).map(Event::Text));
        for call in choice.delta.tool_calls.into_iter().flatten() {
            let index = call.index;
            let function = call.function.unwrap_or(DeltaFunction { name: None, arguments: None });
            if !self.begun.contains(&index) {
                self.begun.push(index);
                let id = full(call.id).unwrap_or_else(|| mint(index));
                let name = function.name.unwrap_or_default();
                events.push(Event::ToolCall { index, id, name, signature: None });
            }
            events.extend(full(function.arguments).map(|fragment| Event::Arguments { index, fragment }));
        }
        self.finish = match choice.finish_reason.as_deref() {
            None => self.finish,
            Some("length") => Some(StopReason::MaxTokens),
            Some("tool_calls" | "function_call") => Some(StopReason::ToolCalls),
            Some("content_filter") => return Err(Failure::Refused("its filter cut the reply".to_owned())),
            Some(_) => Some(StopReason::End),
        };
        Ok(())
    }
}
