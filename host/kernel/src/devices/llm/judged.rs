//! What policies are told of a call of a model: its messages as text.

use super::Part;
use super::reply::Answer;
use crate::{
    bindings::holm::sys::llm as wit,
    syscall::policy::{ModelEnd, ModelUse, Turn},
};

/// A request.
pub(super) fn request(model: &str, request: &wit::Request) -> ModelUse {
    let turns = request.messages.iter().flat_map(|message| {
        let role = match message.role {
            wit::Role::System => "system",
            wit::Role::User => "user",
            wit::Role::Assistant => "assistant",
        };
        message.content.iter().filter_map(move |part| match part {
            wit::Part::Text(text) => Some(turn(role, text.clone())),
            wit::Part::Image(image) => Some(turn(role, format!("({}, {} bytes)", image.media_type, image.data.len()))),
            wit::Part::Thinking(_) => None,
            wit::Part::ToolCall(call) => Some(turn("tool-call", called(&call.name, &call.arguments))),
            wit::Part::ToolResult(result) => Some(turn("tool-result", result.content.clone())),
        })
    });
    let tools = request.tools.iter().map(|tool| tool.name.clone()).collect();
    ModelUse { model: model.to_owned(), turns: turns.collect(), tools }
}

/// Texts that are embedded.
pub(super) fn texts(model: &str, texts: &[String]) -> ModelUse {
    let turns = texts.iter().map(|text| turn("user", text.clone())).collect();
    ModelUse { model: model.to_owned(), turns, tools: Vec::new() }
}

/// A reply.
pub(super) fn reply(model: &str, answer: &Answer) -> ModelEnd {
    let turns = answer.reply.content.iter().filter_map(|part| match part {
        Part::Text(text) => Some(turn("assistant", text.clone())),
        Part::ToolCall(call) => Some(turn("tool-call", called(&call.name, &call.arguments))),
        _ => None,
    });
    ModelEnd { model: model.to_owned(), turns: turns.collect() }
}

/// What is shown of a request or reply to whoever is asked about it: what was said last.
pub(super) fn last(turns: &[Turn]) -> String {
    turns.last().map_or_else(String::new, |turn| format!("{}: {}", turn.role, turn.text))
}

fn called(name: &str, arguments: &str) -> String {
    format!("{name} {arguments}")
}

fn turn(role: &str, text: String) -> Turn {
    Turn { role: role.to_owned(), text }
}
