//! Ollama's own chat. Source: <https://github.com/ollama/ollama/blob/main/docs/api.md>.

use holm_kernel::llm::{Attempt, Effort, Embedded, Event, Failure, Message, Part, Role, StopReason, ToolChoice, Usage};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    dialect::{self, Dialect, Frames, Reader, arguments, base64, json, mint, set},
    status,
};

/// The dialect.
pub(super) struct Ollama;

impl Dialect for Ollama {
    const BASE_URL: &'static str = "http://localhost:11434";
    const MAKER: &str = "ollama";
    const FRAMES: Frames = Frames::Lines;
    // It has no word for it.
    const FORCES_TOOLS: bool = false;

    fn key_header(&self) -> (&'static str, &'static str) {
        ("authorization", "Bearer ")
    }

    fn path(&self, _model: &str) -> String {
        "api/chat".to_owned()
    }

    fn body(&self, attempt: &Attempt, _host: &str) -> Value {
        let request = &attempt.request;
        let mut options = json!({ "num_predict": request.max_tokens });
        set(&mut options, "temperature", request.temperature);
        set(&mut options, "seed", request.seed);
        if !request.stop.is_empty() {
            set(&mut options, "stop", Some(json!(request.stop)));
        }
        let messages: Vec<Value> = request.messages.iter().flat_map(message).collect();
        let mut body = json!({ "model": &*attempt.model, "messages": messages, "stream": true, "options": options });
        set(&mut body, "format", request.output_schema.clone());
        if attempt.traits.effort {
            set(&mut body, "think", request.effort.map(|effort| effort != Effort::None));
        }
        if !request.tools.is_empty() && request.tool_choice != ToolChoice::None {
            let tool = |tool: &holm_kernel::llm::Tool| {
                let function =
                    json!({ "name": tool.name, "description": tool.description, "parameters": tool.input_schema });
                json!({ "type": "function", "function": function })
            };
            set(&mut body, "tools", Some(request.tools.iter().map(tool).collect::<Vec<_>>()));
        }
        body
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::<ChatReader>::default()
    }

    fn embedding(&self, model: &str, texts: &[String]) -> Option<(String, Value)> {
        Some(("api/embed".to_owned(), json!({ "model": model, "input": texts })))
    }

    fn vectors(&self, answer: &Value) -> Option<Embedded> {
        let vectors = serde_json::from_value(answer.get("embeddings")?.clone()).ok()?;
        Some((vectors, answer.get("prompt_eval_count").and_then(Value::as_u64)))
    }
}

fn message(message: &Message) -> Vec<Value> {
    let mut messages = Vec::new();
    for part in &message.content {
        if let Part::ToolResult { name, content, is_error, .. } = part {
            let content = if *is_error { format!("error: {content}") } else { content.clone() };
            messages.push(json!({ "role": "tool", "tool_name": name, "content": content }));
        }
    }
    let texts: Vec<&str> = message.content.iter().filter_map(dialect::text).collect();
    let mut images = Vec::new();
    let mut calls = Vec::new();
    for part in &message.content {
        match part {
            Part::Image { data, .. } => images.push(base64(data)),
            Part::ToolCall(call) => {
                calls.push(json!({ "function": { "name": call.name, "arguments": arguments(&call.arguments) } }));
            }
            _ => {}
        }
    }
    if texts.is_empty() && images.is_empty() && calls.is_empty() {
        return messages;
    }
    let role = match message.role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    let mut told = json!({ "role": role, "content": texts.join("\n\n") });
    if !images.is_empty() {
        set(&mut told, "images", Some(images));
    }
    if !calls.is_empty() {
        set(&mut told, "tool_calls", Some(calls));
    }
    messages.push(told);
    messages
}

#[derive(Default)]
struct ChatReader {
    calls: u32,
}

#[derive(Deserialize)]
struct Line {
    message: Option<Told>,
    #[serde(default)]
    done: bool,
    done_reason: Option<String>,
    #[serde(default)]
    prompt_eval_count: u64,
    #[serde(default)]
    eval_count: u64,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    content: String,
    #[serde(default)]
    thinking: Option<String>,
    #[serde(default)]
    tool_calls: Vec<Call>,
}

#[derive(Deserialize)]
struct Call {
    function: Function,
}

#[derive(Deserialize)]
struct Function {
    #[serde(default)]
    name: String,
    #[serde(default)]
    arguments: Value,
}

impl Reader for ChatReader {
    fn read(&mut self, data: &str, events: &mut Vec<Event>) -> Result<(), Failure> {
        let line: Line = json(data)?;
        if let Some(error) = line.error {
            return Err(status::told(&error));
        }
        if let Some(told) = line.message {
            events.extend(told.thinking.filter(|text| !text.is_empty()).map(Event::Thinking));
            if !told.content.is_empty() {
                events.push(Event::Text(told.content));
            }
            for call in told.tool_calls {
                let index = self.calls;
                self.calls += 1;
                events.push(Event::ToolCall { index, id: mint(index), name: call.function.name, signature: None });
                // Some models give the object as text.
                let fragment = match call.function.arguments {
                    Value::Null => "{}".to_owned(),
                    Value::String(text) => text,
                    value => value.to_string(),
                };
                events.push(Event::Arguments { index, fragment });
            }
        }
        if line.done {
            // What was in its cache of prompts is not counted there; the kernel takes 0 for unknown.
            if line.prompt_eval_count > 0 || line.eval_count > 0 {
                let usage = Usage { input: line.prompt_eval_count, output: line.eval_count, ..Usage::default() };
                events.push(Event::Usage(usage));
            }
            let stop = match line.done_reason.as_deref() {
                Some("length") => StopReason::MaxTokens,
                _ if self.calls > 0 => StopReason::ToolCalls,
                _ => StopReason::End,
            };
            events.push(Event::Stop(stop));
        }
        Ok(())
    }
}
