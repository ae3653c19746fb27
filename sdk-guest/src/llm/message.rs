//! What is said: messages, their parts, and a model's reply.

use crate::{Error, Result};
use serde::de::DeserializeOwned;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Instructions.
    System,
    /// The caller, and the results of tools.
    User,
    /// The model.
    Assistant,
}

/// A piece of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Plain text.
    Text(String),
    /// A picture.
    Image {
        /// `image/png`, `image/jpeg`, `image/gif` or `image/webp`.
        media_type: String,
        /// Its bytes.
        data: Vec<u8>,
    },
    /// A model's reasoning. Send it back unchanged with the reply that held it.
    Thinking {
        /// What may be shown of it.
        text: String,
        /// The provider's own seal on it.
        signature: Option<String>,
    },
    /// The model wants a tool called.
    ToolCall(ToolCall),
    /// What a tool answered.
    ToolResult {
        /// The id of the call it answers.
        id: String,
        /// The tool's name, as in the call.
        name: String,
        /// Text, often JSON.
        content: String,
        /// Whether the tool failed.
        is_error: bool,
    },
}

/// A model's wish to call a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolCall {
    /// Unique in its reply.
    pub id: String,
    /// The tool.
    pub name: String,
    /// A JSON object: always well-formed, not checked against the tool's schema.
    pub arguments: String,
    /// The provider's own seal on it; send it back unchanged.
    pub signature: Option<String>,
}

/// One turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What they say.
    pub content: Vec<Part>,
}

impl Message {
    /// A turn of plain text.
    pub fn text(role: Role, text: impl Into<String>) -> Self {
        Self { role, content: vec![Part::Text(text.into())] }
    }
}

/// Why a reply ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The reply is complete.
    End,
    /// It reached the tokens that were asked for, or what the budgets had left.
    MaxTokens,
    /// It met a stop text.
    StopText,
    /// It wants tools called.
    ToolCalls,
}

/// What a call cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Tokens of the request, cached ones included.
    pub input: u64,
    /// Tokens of the reply, thinking included.
    pub output: u64,
    /// Of `input`: read from the provider's prompt cache.
    pub cached: u64,
    /// Of `output`: thinking.
    pub thinking: u64,
    /// Millionths of a US dollar, by the user's price table.
    pub cost: u64,
}

impl Usage {
    /// Tokens that count against budgets.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        self.input.saturating_add(self.output)
    }
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, more: Self) {
        self.input = self.input.saturating_add(more.input);
        self.output = self.output.saturating_add(more.output);
        self.cached = self.cached.saturating_add(more.cached);
        self.thinking = self.thinking.saturating_add(more.thinking);
        self.cost = self.cost.saturating_add(more.cost);
    }
}

/// What the model said.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// Text, thinking and tool calls, in their order.
    pub content: Vec<Part>,
    /// Why it ended.
    pub stop: StopReason,
    /// What it cost.
    pub usage: Usage,
    /// Which of the user's providers and models answered, as `provider/model`.
    pub served_by: String,
}

impl Reply {
    /// All its text.
    #[must_use]
    pub fn text(&self) -> String {
        let text = |part: &Part| match part {
            Part::Text(text) => Some(text.clone()),
            _ => None,
        };
        self.content.iter().filter_map(text).collect()
    }

    /// The tools it wants called.
    pub fn tool_calls(&self) -> impl Iterator<Item = &ToolCall> {
        self.content.iter().filter_map(|part| match part {
            Part::ToolCall(call) => Some(call),
            _ => None,
        })
    }

    /// Its text as the value that [`Request::output`](super::Request::output) asked for.
    ///
    /// # Errors
    /// It was cut off, or does not fit the type.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T> {
        if self.stop == StopReason::MaxTokens {
            return Err(Error::new("the reply was cut off before its end; allow more tokens"));
        }
        Ok(serde_json::from_str(&self.text())?)
    }

    /// It, as a turn of the conversation.
    #[must_use]
    pub fn into_message(self) -> Message {
        Message { role: Role::Assistant, content: self.content }
    }
}

/// A piece of a reply that is being written.
#[derive(Clone, Debug, PartialEq)]
pub enum Delta {
    /// More text.
    Text(String),
    /// More reasoning.
    Thinking(String),
    /// A tool call begins.
    ToolCall {
        /// Counts the tool calls of a reply, from 0.
        index: u32,
        /// Names the call in its result.
        id: String,
        /// The tool.
        name: String,
    },
    /// More of a tool call's arguments, a piece of JSON text.
    Arguments {
        /// Which call.
        index: u32,
        /// The piece.
        fragment: String,
    },
    /// The provider failed midway and another begins anew: forget all before.
    Restart,
    /// The last one: the whole reply.
    Done(Reply),
}
