//! What policies are told of a call of a model: every text in it, as turns. What was left out would be a
//! way past them.

use sha2::{Digest, Sha256};

use super::{
    Part,
    reply::{Answer, CallError},
};
use crate::{
    bindings::holm::sys::llm as wit,
    syscall::policy::{ModelEnd, ModelUse, Turn},
};

/// A request.
pub(super) fn request(model: &str, request: &wit::Request) -> ModelUse {
    let mut turns = Vec::new();
    for tool in &request.tools {
        turns.push(turn("tool", join([&tool.name, &tool.description, &tool.input_schema])));
    }
    if let wit::ToolChoice::Named(name) = &request.tool_choice {
        turns.push(turn("tool", name.clone()));
    }
    turns.extend(request.output_schema.iter().map(|schema| turn("schema", schema.clone())));
    turns.extend(request.stop.iter().map(|stop| turn("stop", stop.clone())));
    for message in &request.messages {
        let role = match message.role {
            wit::Role::System => "system",
            wit::Role::User => "user",
            wit::Role::Assistant => "assistant",
        };
        turns.extend(message.content.iter().map(|part| match part {
            wit::Part::Text(text) => turn(role, text.clone()),
            wit::Part::Image(image) => turn("image", shown(&image.media_type, &image.data)),
            wit::Part::Thinking(thinking) => turn("thinking", sealed(&thinking.text, thinking.signature.as_deref())),
            wit::Part::ToolCall(call) => {
                let text = join([&call.id, &call.name, &call.arguments]);
                turn("tool-call", sealed(&text, call.signature.as_deref()))
            }
            wit::Part::ToolResult(result) => turn("tool-result", join([&result.id, &result.name, &result.content])),
        }));
    }
    ModelUse { model: model.to_owned(), turns, tools: request.tools.iter().map(|tool| tool.name.clone()).collect() }
}

/// Texts that are embedded.
pub(super) fn texts(model: &str, texts: &[String]) -> ModelUse {
    let turns = texts.iter().map(|text| turn("user", text.clone())).collect();
    ModelUse { model: model.to_owned(), turns, tools: Vec::new() }
}

/// What came of it, where that holds anything that the provider wrote.
pub(super) fn end(model: &str, came: &Result<Answer, CallError>) -> Option<ModelEnd> {
    let turns = match came {
        Ok(answer) => answer.reply.content.iter().map(part).collect(),
        Err(
            CallError::ContextLength(text)
            | CallError::Refused(text)
            | CallError::Unavailable(text)
            | CallError::Malformed(text),
        ) => vec![turn("error", text.clone())],
        Err(CallError::Quota(_) | CallError::Denied { .. } | CallError::RateLimited(_)) => return None,
    };
    Some(ModelEnd { model: model.to_owned(), turns })
}

fn part(part: &Part) -> Turn {
    match part {
        Part::Text(text) => turn("assistant", text.clone()),
        Part::Thinking { text, signature } => turn("thinking", sealed(text, signature.as_deref())),
        Part::ToolCall(call) => {
            let text = join([&call.id, &call.name, &call.arguments]);
            turn("tool-call", sealed(&text, call.signature.as_deref()))
        }
        Part::Image { media_type, data } => turn("image", shown(media_type, data)),
        Part::ToolResult { id, name, content, .. } => turn("tool-result", join([id, name, content])),
    }
}

/// What whoever is asked about it is shown: how much there is of it, and what was said last.
pub(super) fn shortly(turns: &[Turn]) -> String {
    let bytes: usize = turns.iter().map(|turn| turn.text.len()).sum();
    let last = turns.last().map_or_else(String::new, |turn| format!("{}: {}", turn.role, turn.text));
    format!("{} turns, {bytes} bytes, the last: {last}", turns.len())
}

fn join<const N: usize>(parts: [&String; N]) -> String {
    parts.map(String::as_str).join(" ")
}

/// A provider's own seal is told as well: a guest may have made it up.
fn sealed(text: &str, signature: Option<&str>) -> String {
    signature.map_or_else(|| text.to_owned(), |signature| format!("{text} {signature}"))
}

fn shown(media_type: &str, data: &[u8]) -> String {
    let digest: String = Sha256::digest(data).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{media_type}, {} bytes, sha256:{digest}", data.len())
}

fn turn(role: &str, text: String) -> Turn {
    Turn { role: role.to_owned(), text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_provider_says_in_place_of_a_reply_is_judged_as_well() {
        let told = |error| end("fast", &Err(error)).map(|end| (end.turns[0].role.clone(), end.turns[0].text.clone()));
        let said = || "the reply does not fit the schema: \"a secret\"".to_owned();
        for error in [
            CallError::Malformed(said()),
            CallError::Refused(said()),
            CallError::Unavailable(said()),
            CallError::ContextLength(said()),
        ] {
            assert_eq!(told(error), Some(("error".to_owned(), said())));
        }
        assert_eq!(told(CallError::RateLimited(None)), None);
    }

    #[test]
    fn no_text_of_a_request_is_left_out() {
        let mut marks = Vec::new();
        let mut mark = |name: &str| {
            marks.push(format!("<{name}>"));
            format!("<{name}>")
        };
        let message = |role, content| wit::Message { role, content };
        let asked = wit::Request {
            tools: vec![wit::Tool {
                name: mark("tool"),
                description: mark("description"),
                input_schema: mark("input-schema"),
            }],
            tool_choice: wit::ToolChoice::Named(mark("choice")),
            output_schema: Some(mark("output-schema")),
            stop: vec![mark("stop")],
            messages: vec![
                message(wit::Role::System, vec![wit::Part::Text(mark("system"))]),
                message(
                    wit::Role::User,
                    vec![
                        wit::Part::Text(mark("text")),
                        wit::Part::Image(wit::Image { media_type: mark("media"), data: vec![1, 2, 3] }),
                        wit::Part::ToolResult(wit::ToolResult {
                            id: mark("result-id"),
                            name: mark("result-name"),
                            content: mark("result"),
                            is_error: false,
                        }),
                    ],
                ),
                message(
                    wit::Role::Assistant,
                    vec![
                        wit::Part::Thinking(wit::Thinking { text: mark("thinking"), signature: Some(mark("seal")) }),
                        wit::Part::ToolCall(wit::ToolCall {
                            id: mark("call-id"),
                            name: mark("call"),
                            arguments: mark("arguments"),
                            signature: Some(mark("call-seal")),
                        }),
                    ],
                ),
            ],
            max_tokens: None,
            temperature: None,
            seed: None,
            effort: None,
            cached: false,
            deadline: None,
        };
        let told = format!("{:?}", request("fast", &asked));
        for mark in marks {
            assert!(told.contains(&mark), "{mark} is missing: {told}");
        }
        // Another picture is another turn.
        assert!(told.contains("sha256:039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81"), "{told}");
    }
}
