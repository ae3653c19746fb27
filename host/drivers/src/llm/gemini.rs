//! Google's Gemini. Source: <https://ai.google.dev/api/generate-content>.

use holm_kernel::llm::{Attempt, Effort, Embedded, Event, Failure, Message, Part, Role, StopReason, ToolChoice, Usage};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    dialect::{self, Dialect, Frames, Reader, arguments, base64, json, mint, set},
    status,
};

/// The dialect.
pub(super) struct Generate;

impl Dialect for Generate {
    const BASE_URL: &'static str = "https://generativelanguage.googleapis.com/v1beta";
    const MAKER: &str = "gemini";
    const FRAMES: Frames = Frames::Events;

    fn key_header(&self) -> (&'static str, &'static str) {
        ("x-goog-api-key", "")
    }

    fn path(&self, model: &str) -> String {
        format!("models/{model}:streamGenerateContent?alt=sse")
    }

    fn body(&self, attempt: &Attempt, _host: &str) -> Value {
        let request = &attempt.request;
        let told = request.messages.iter().filter(|message| message.role != Role::System);
        let mut config = json!({ "maxOutputTokens": request.max_tokens });
        set(&mut config, "temperature", request.temperature);
        set(&mut config, "seed", request.seed);
        if !request.stop.is_empty() {
            set(&mut config, "stopSequences", Some(json!(request.stop)));
        }
        if let Some(schema) = &request.output_schema {
            set(&mut config, "responseMimeType", Some("application/json"));
            set(&mut config, "responseJsonSchema", Some(schema.clone()));
        }
        if let Some(effort) = request.effort.filter(|_| attempt.traits.effort) {
            let level = match effort {
                Effort::None => json!({ "thinkingBudget": 0 }),
                effort => json!({ "thinkingLevel": effort.as_str(), "includeThoughts": true }),
            };
            set(&mut config, "thinkingConfig", Some(level));
        }
        let mut body = json!({ "contents": told.map(content).collect::<Vec<_>>(), "generationConfig": config });
        let system = dialect::system(request).map(|text| json!({ "parts": [{ "text": text }] }));
        set(&mut body, "systemInstruction", system);
        if !request.tools.is_empty() {
            let tool = |tool: &holm_kernel::llm::Tool| json!({ "name": tool.name, "description": tool.description, "parametersJsonSchema": tool.input_schema });
            let declarations: Vec<Value> = request.tools.iter().map(tool).collect();
            set(&mut body, "tools", Some(json!([{ "functionDeclarations": declarations }])));
            let calling = match &request.tool_choice {
                ToolChoice::Auto => json!({ "mode": "AUTO" }),
                ToolChoice::None => json!({ "mode": "NONE" }),
                ToolChoice::Required => json!({ "mode": "ANY" }),
                ToolChoice::Named(name) => json!({ "mode": "ANY", "allowedFunctionNames": [name] }),
            };
            set(&mut body, "toolConfig", Some(json!({ "functionCallingConfig": calling })));
        }
        body
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::<GenerateReader>::default()
    }

    fn embedding(&self, model: &str, texts: &[String]) -> Option<(String, Value)> {
        let name = format!("models/{model}");
        let one = |text: &String| json!({ "model": name, "content": { "parts": [{ "text": text }] } });
        let requests: Vec<Value> = texts.iter().map(one).collect();
        Some((format!("{name}:batchEmbedContents"), json!({ "requests": requests })))
    }

    fn vectors(&self, answer: &Value) -> Option<Embedded> {
        let vector = |item: &Value| serde_json::from_value(item.get("values")?.clone()).ok();
        let vectors = answer.get("embeddings")?.as_array()?.iter().map(vector).collect::<Option<_>>()?;
        // It tells no tokens.
        Some((vectors, None))
    }
}

fn content(message: &Message) -> Value {
    let part = |part: &Part| {
        Some(match part {
            Part::Text(text) => json!({ "text": text }),
            Part::Image { media_type, data } => {
                json!({ "inlineData": { "mimeType": media_type, "data": base64(data) } })
            }
            // Only what it sealed itself is taken back.
            Part::Thinking { text, signature } => {
                let signature = signature.as_ref()?;
                json!({ "text": text, "thought": true, "thoughtSignature": signature })
            }
            Part::ToolCall(call) => {
                let mut part = json!({ "functionCall": { "name": call.name, "args": arguments(&call.arguments) } });
                set(&mut part, "thoughtSignature", call.signature.clone());
                part
            }
            Part::ToolResult { name, content, is_error, .. } => {
                let key = if *is_error { "error" } else { "result" };
                let response = match serde_json::from_str(content) {
                    Ok(Value::Object(object)) if !is_error => Value::Object(object),
                    _ => json!({ key: content }),
                };
                json!({ "functionResponse": { "name": name, "response": response } })
            }
        })
    };
    let role = if message.role == Role::Assistant { "model" } else { "user" };
    json!({ "role": role, "parts": message.content.iter().filter_map(part).collect::<Vec<_>>() })
}

/// Its stream ends without a word: whole if a reason to finish was told before.
#[derive(Default)]
struct GenerateReader {
    finish: Option<StopReason>,
    calls: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Chunk {
    #[serde(default)]
    candidates: Vec<Candidate>,
    usage_metadata: Option<Counts>,
    prompt_feedback: Option<Feedback>,
    error: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    content: Option<Content>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Content {
    #[serde(default)]
    parts: Vec<Piece>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Piece {
    text: Option<String>,
    #[serde(default)]
    thought: bool,
    thought_signature: Option<String>,
    function_call: Option<Call>,
}

#[derive(Deserialize)]
struct Call {
    id: Option<String>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    args: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feedback {
    block_reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Counts {
    prompt_token_count: u64,
    candidates_token_count: u64,
    thoughts_token_count: u64,
    cached_content_token_count: u64,
    tool_use_prompt_token_count: u64,
}

impl GenerateReader {
    fn take(&mut self, piece: Piece, events: &mut Vec<Event>) {
        match (piece.text.filter(|text| !text.is_empty()), piece.function_call) {
            (_, Some(call)) => {
                let index = self.calls;
                self.calls += 1;
                let id = call.id.filter(|id| !id.is_empty()).unwrap_or_else(|| mint(index));
                events.push(Event::ToolCall { index, id, name: call.name, signature: piece.thought_signature });
                let fragment = if call.args.is_null() { "{}".to_owned() } else { call.args.to_string() };
                events.push(Event::Arguments { index, fragment });
                return;
            }
            (Some(text), None) if piece.thought => events.push(Event::Thinking(text)),
            (Some(text), None) => events.push(Event::Text(text)),
            (None, None) => {}
        }
        events.extend(piece.thought_signature.map(Event::ThinkingSignature));
    }
}

impl Reader for GenerateReader {
    fn read(&mut self, data: &str, events: &mut Vec<Event>) -> Result<(), Failure> {
        let chunk: Chunk = json(data)?;
        if let Some(error) = chunk.error {
            return Err(status::told(&error));
        }
        if let Some(reason) = chunk.prompt_feedback.and_then(|feedback| feedback.block_reason) {
            return Err(Failure::Refused(format!("it blocked the prompt: {reason}")));
        }
        for candidate in chunk.candidates.into_iter().take(1) {
            for piece in candidate.content.into_iter().flat_map(|content| content.parts) {
                self.take(piece, events);
            }
            self.finish = match candidate.finish_reason.as_deref() {
                None => self.finish,
                Some("MAX_TOKENS") => Some(StopReason::MaxTokens),
                Some(reason @ ("MALFORMED_FUNCTION_CALL" | "UNEXPECTED_TOOL_CALL" | "MISSING_THOUGHT_SIGNATURE")) => {
                    return Err(Failure::Malformed(format!("it ended with {reason}")));
                }
                Some(
                    reason @ ("SAFETY" | "RECITATION" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" | "IMAGE_SAFETY"
                    | "LANGUAGE"),
                ) => return Err(Failure::Refused(format!("it ended with {reason}"))),
                Some(_) => Some(StopReason::End),
            };
        }
        if let Some(counts) = chunk.usage_metadata {
            events.push(Event::Usage(Usage {
                input: counts.prompt_token_count.saturating_add(counts.tool_use_prompt_token_count),
                output: counts.candidates_token_count.saturating_add(counts.thoughts_token_count),
                cached: counts.cached_content_token_count,
                cache_written: 0,
                thinking: counts.thoughts_token_count,
            }));
        }
        Ok(())
    }

    fn end(&mut self, events: &mut Vec<Event>) -> Result<(), Failure> {
        let stop = self.finish.ok_or_else(|| Failure::Unavailable("its reply broke off".to_owned()))?;
        events.push(Event::Stop(if self.calls > 0 && stop == StopReason::End { StopReason::ToolCalls } else { stop }));
        Ok(())
    }
}
