//! A conversation with a model, as the kernel and its drivers speak of it: no vendor's form.

use serde::{Deserialize, Serialize};

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Instructions.
    System,
    /// The caller, and the results of tools.
    User,
    /// The model.
    Assistant,
}

/// A piece of a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
    /// A model's reasoning.
    Thinking {
        /// What may be shown of it.
        text: String,
        /// The provider's seal, sent back unchanged.
        signature: Option<String>,
    },
    /// The model wants a tool called.
    ToolCall(ToolCall),
    /// What a tool answered.
    ToolResult {
        /// The id of the call.
        id: String,
        /// The tool's name.
        name: String,
        /// Text, often JSON.
        content: String,
        /// Whether the tool failed.
        is_error: bool,
    },
}

/// A model's wish to call a tool.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ToolCall {
    /// Unique in its reply.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// A JSON object, well-formed.
    pub arguments: String,
    /// The provider's seal, sent back unchanged.
    pub signature: Option<String>,
}

/// One turn.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What they say.
    pub content: Vec<Part>,
}

/// A tool that the model may call.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tool {
    /// `[A-Za-z0-9_-]`, at most 64 bytes.
    pub name: String,
    /// What it does.
    pub description: String,
    /// JSON Schema of its arguments; parses as JSON.
    pub input_schema: serde_json::Value,
}

/// Whether the model must call a tool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToolChoice {
    /// As it likes.
    #[default]
    Auto,
    /// None.
    None,
    /// Some tool.
    Required,
    /// This one.
    Named(String),
}

/// How much to reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effort {
    /// Not at all.
    None,
    /// A little.
    Low,
    /// As usual.
    Medium,
    /// A lot.
    High,
}

impl Effort {
    /// As providers spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Effort::None => "none",
            Effort::Low => "low",
            Effort::Medium => "medium",
            Effort::High => "high",
        }
    }
}

/// What a model is asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Oldest first.
    pub messages: Vec<Message>,
    /// What it may call.
    pub tools: Vec<Tool>,
    /// Whether it must.
    pub tool_choice: ToolChoice,
    /// JSON Schema of the reply's text.
    pub output_schema: Option<serde_json::Value>,
    /// Tokens of the reply at most; the kernel always sets it before a driver sees the request.
    pub max_tokens: u32,
    /// 0 to 2; none leaves it to the model.
    pub temperature: Option<f64>,
    /// Texts that end the reply.
    pub stop: Vec<String>,
    /// For a reply that can be had again.
    pub seed: Option<u64>,
    /// How much to reason; none leaves it to the model.
    pub effort: Option<Effort>,
}

/// Why a reply ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopReason {
    /// It is complete.
    End,
    /// It was cut at `max_tokens`, or at the end of the context window.
    MaxTokens,
    /// It met a stop text.
    StopText,
    /// It wants tools called.
    ToolCalls,
}

/// Tokens of one attempt, as its provider counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Of the request, cached ones included.
    pub input: u64,
    /// Of the reply, thinking included.
    pub output: u64,
    /// Of `input`: read from the provider's prompt cache.
    pub cached: u64,
    /// Of `input`: written to it.
    pub cache_written: u64,
    /// Of `output`: thinking.
    pub thinking: u64,
}

impl Usage {
    /// Tokens that count against budgets.
    pub fn tokens(&self) -> u64 {
        self.input.saturating_add(self.output)
    }
}

/// What a driver tells of a reply while it is written. Each attempt ends with exactly one
/// [`Event::Stop`], or with a [`super::Failure`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// More text.
    Text(String),
    /// More reasoning.
    Thinking(String),
    /// The seal of the reasoning told since the last seal or other part.
    ThinkingSignature(String),
    /// A tool call begins. Calls of one reply have different indices.
    ToolCall {
        /// Counts the calls from 0.
        index: u32,
        /// The provider's id, or one the driver made.
        id: String,
        /// The tool.
        name: String,
        /// The provider's seal.
        signature: Option<String>,
    },
    /// More of a tool call's arguments, a piece of JSON text.
    Arguments {
        /// Which call.
        index: u32,
        /// The piece.
        fragment: String,
    },
    /// Tokens so far; the last one told holds.
    Usage(Usage),
    /// The reply is whole.
    Stop(StopReason),
}
