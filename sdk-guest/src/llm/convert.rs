//! Our types and those of the system call.

use super::{Delta, Effort, Message, Part, Reply, Request, Role, StopReason, ToolCall, ToolChoice, Usage, sys};

impl From<&Request> for sys::Request {
    fn from(request: &Request) -> Self {
        let tool = |tool: &super::Tool| sys::Tool {
            name: tool.name.clone(),
            description: tool.description.clone(),
            input_schema: tool.input_schema.clone(),
        };
        Self {
            messages: request.messages.iter().map(Into::into).collect(),
            tools: request.tools.iter().map(tool).collect(),
            tool_choice: match &request.tool_choice {
                ToolChoice::Auto => sys::ToolChoice::Auto,
                ToolChoice::None => sys::ToolChoice::None,
                ToolChoice::Required => sys::ToolChoice::Required,
                ToolChoice::Named(name) => sys::ToolChoice::Named(name.clone()),
            },
            output_schema: request.output_schema.clone(),
            max_tokens: request.max_tokens,
            temperature: request.temperature,
            stop: request.stop.clone(),
            seed: request.seed,
            effort: request.effort.map(|effort| match effort {
                Effort::None => sys::Effort::None,
                Effort::Low => sys::Effort::Low,
                Effort::Medium => sys::Effort::Medium,
                Effort::High => sys::Effort::High,
            }),
            cached: request.cached,
            deadline: request.deadline.map(|deadline| u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX)),
        }
    }
}

impl From<&Message> for sys::Message {
    fn from(message: &Message) -> Self {
        let role = match message.role {
            Role::System => sys::Role::System,
            Role::User => sys::Role::User,
            Role::Assistant => sys::Role::Assistant,
        };
        Self { role, content: message.content.iter().cloned().map(Into::into).collect() }
    }
}

impl From<sys::Message> for Message {
    fn from(message: sys::Message) -> Self {
        let role = match message.role {
            sys::Role::System => Role::System,
            sys::Role::User => Role::User,
            sys::Role::Assistant => Role::Assistant,
        };
        Self { role, content: message.content.into_iter().map(Into::into).collect() }
    }
}

impl From<Part> for sys::Part {
    fn from(part: Part) -> Self {
        match part {
            Part::Text(text) => Self::Text(text),
            Part::Image { media_type, data } => Self::Image(sys::Image { media_type, data }),
            Part::Thinking { text, signature } => Self::Thinking(sys::Thinking { text, signature }),
            Part::ToolCall(ToolCall { id, name, arguments, signature }) => {
                Self::ToolCall(sys::ToolCall { id, name, arguments, signature })
            }
            Part::ToolResult { id, name, content, is_error } => {
                Self::ToolResult(sys::ToolResult { id, name, content, is_error })
            }
        }
    }
}

impl From<sys::Part> for Part {
    fn from(part: sys::Part) -> Self {
        match part {
            sys::Part::Text(text) => Self::Text(text),
            sys::Part::Image(sys::Image { media_type, data }) => Self::Image { media_type, data },
            sys::Part::Thinking(sys::Thinking { text, signature }) => Self::Thinking { text, signature },
            sys::Part::ToolCall(sys::ToolCall { id, name, arguments, signature }) => {
                Self::ToolCall(ToolCall { id, name, arguments, signature })
            }
            sys::Part::ToolResult(sys::ToolResult { id, name, content, is_error }) => {
                Self::ToolResult { id, name, content, is_error }
            }
        }
    }
}

impl From<sys::Reply> for Reply {
    fn from(reply: sys::Reply) -> Self {
        Self {
            content: reply.content.into_iter().map(Into::into).collect(),
            stop: match reply.stop {
                sys::StopReason::End => StopReason::End,
                sys::StopReason::MaxTokens => StopReason::MaxTokens,
                sys::StopReason::StopText => StopReason::StopText,
                sys::StopReason::ToolCalls => StopReason::ToolCalls,
            },
            usage: Usage {
                input: reply.usage.input,
                output: reply.usage.output,
                cached: reply.usage.cached,
                thinking: reply.usage.thinking,
                cost: reply.usage.cost,
            },
            served_by: reply.served_by,
        }
    }
}

impl From<sys::Delta> for Delta {
    fn from(delta: sys::Delta) -> Self {
        match delta {
            sys::Delta::Text(text) => Self::Text(text),
            sys::Delta::Thinking(text) => Self::Thinking(text),
            sys::Delta::ToolCall(sys::CallStart { index, id, name }) => Self::ToolCall { index, id, name },
            sys::Delta::Arguments(sys::CallArguments { index, fragment }) => Self::Arguments { index, fragment },
            sys::Delta::Restart => Self::Restart,
            sys::Delta::Done(reply) => Self::Done(reply.into()),
        }
    }
}
