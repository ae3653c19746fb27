//! Between WIT's words and the device's own.

use std::time::SystemTime;

use super::{
    Effort, Message, Part, Request, Role, StopReason, Tool, ToolCall, ToolChoice,
    check::Checked,
    reply::{Answer, CallError, Delta},
};
use crate::{
    bindings::{Denial, holm::sys::llm as wit},
    syscall::Errno,
};

/// More schemas than this are not read on a worker: parsing takes about ten nanoseconds a byte.
const READ_AT_ONCE: usize = 64 << 10;

/// A guest's request, checked.
///
/// # Errors
/// What is wrong with it, for the guest.
pub(super) async fn request(request: wit::Request) -> Result<Checked, String> {
    let tools = request.tools.iter().map(|tool| tool.input_schema.len()).sum::<usize>();
    if tools + request.output_schema.as_ref().map_or(0, String::len) <= READ_AT_ONCE {
        return read(request);
    }
    let read = tokio::task::spawn_blocking(move || read(request));
    read.await.map_err(|_| "its schemas cannot be read".to_owned())?
}

fn read(request: wit::Request) -> Result<Checked, String> {
    let json = |text: &str, what: &str| {
        serde_json::from_str(text).map_err(|error| format!("the schema of {what} is no JSON: {error}"))
    };
    let tool = |tool: wit::Tool| {
        let input_schema = json(&tool.input_schema, "a tool")?;
        Ok::<_, String>(Tool { name: tool.name, description: tool.description, input_schema })
    };
    let output_schema = request.output_schema.map(|schema| json(&schema, "the output")).transpose()?;
    let checked = Request {
        messages: request.messages.into_iter().map(message).collect(),
        tools: request.tools.into_iter().map(tool).collect::<Result<_, _>>()?,
        tool_choice: match request.tool_choice {
            wit::ToolChoice::Auto => ToolChoice::Auto,
            wit::ToolChoice::None => ToolChoice::None,
            wit::ToolChoice::Required => ToolChoice::Required,
            wit::ToolChoice::Named(name) => ToolChoice::Named(name),
        },
        output_schema,
        max_tokens: 0,
        temperature: request.temperature,
        stop: request.stop,
        seed: request.seed,
        effort: request.effort.map(|effort| match effort {
            wit::Effort::None => Effort::None,
            wit::Effort::Low => Effort::Low,
            wit::Effort::Medium => Effort::Medium,
            wit::Effort::High => Effort::High,
        }),
    };
    Checked::new(checked, request.max_tokens)
}

fn message(message: wit::Message) -> Message {
    let role = match message.role {
        wit::Role::System => Role::System,
        wit::Role::User => Role::User,
        wit::Role::Assistant => Role::Assistant,
    };
    let part = |part| match part {
        wit::Part::Text(text) => Part::Text(text),
        wit::Part::Image(image) => Part::Image { media_type: image.media_type, data: image.data },
        wit::Part::Thinking(thinking) => Part::Thinking { text: thinking.text, signature: thinking.signature },
        wit::Part::ToolCall(call) => Part::ToolCall(ToolCall {
            id: call.id,
            name: call.name,
            arguments: call.arguments,
            signature: call.signature,
        }),
        wit::Part::ToolResult(result) => {
            Part::ToolResult { id: result.id, name: result.name, content: result.content, is_error: result.is_error }
        }
    };
    Message { role, content: message.content.into_iter().map(part).collect() }
}

pub(super) fn reply(answer: Answer) -> wit::Reply {
    let part = |part| match part {
        Part::Text(text) => wit::Part::Text(text),
        Part::Image { media_type, data } => wit::Part::Image(wit::Image { media_type, data }),
        Part::Thinking { text, signature } => wit::Part::Thinking(wit::Thinking { text, signature }),
        Part::ToolCall(call) => wit::Part::ToolCall(wit::ToolCall {
            id: call.id,
            name: call.name,
            arguments: call.arguments,
            signature: call.signature,
        }),
        Part::ToolResult { id, name, content, is_error } => {
            wit::Part::ToolResult(wit::ToolResult { id, name, content, is_error })
        }
    };
    let millis =
        |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
    wit::Reply {
        content: answer.reply.content.into_iter().map(part).collect(),
        stop: match answer.reply.stop {
            StopReason::End => wit::StopReason::End,
            StopReason::MaxTokens => wit::StopReason::MaxTokens,
            StopReason::StopText => wit::StopReason::StopText,
            StopReason::ToolCalls => wit::StopReason::ToolCalls,
        },
        usage: wit::Usage {
            input: answer.usage.input,
            output: answer.usage.output,
            cached: answer.usage.cached,
            thinking: answer.usage.thinking,
            cost: answer.cost.0,
            exact: answer.exact,
        },
        timing: wit::Timing {
            created: millis(answer.created),
            started: millis(answer.started),
            finished: millis(answer.finished),
        },
        served_by: answer.served_by,
    }
}

pub(super) fn delta(delta: Delta) -> wit::Delta {
    match delta {
        Delta::Text(text) => wit::Delta::Text(text),
        Delta::Thinking(text) => wit::Delta::Thinking(text),
        Delta::ToolCall { index, id, name } => wit::Delta::ToolCall(wit::CallStart { index, id, name }),
        Delta::Arguments { index, fragment } => wit::Delta::Arguments(wit::CallArguments { index, fragment }),
        Delta::Restart => wit::Delta::Restart,
    }
}

impl From<CallError> for wit::Error {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Quota(exceeded) => wit::Error::Sys(exceeded.into()),
            CallError::Denied { model, rule } => {
                let denial = Denial { capability: "llm".to_owned(), resource: model, rule: rule.to_owned() };
                wit::Error::Sys(Errno::Denied(denial))
            }
            CallError::RateLimited(wait) => wit::Error::RateLimited(wait.map(|wait| wait.as_millis() as u64)),
            CallError::ContextLength(text) => wit::Error::ContextLength(text),
            CallError::Refused(text) => wit::Error::Refused(text),
            CallError::Unavailable(text) => wit::Error::Unavailable(text),
            CallError::Malformed(text) => wit::Error::Malformed(text),
        }
    }
}

impl From<Errno> for wit::Error {
    fn from(errno: Errno) -> Self {
        wit::Error::Sys(errno)
    }
}
