//! What a model is asked, option by option.

use super::{Message, Role};
use schemars::JsonSchema;
use std::time::Duration;

/// A tool that the model may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    /// `[A-Za-z0-9_-]`, at most 64 bytes.
    pub name: String,
    /// What it does.
    pub description: String,
    /// JSON Schema (2020-12) of its arguments, an object.
    pub input_schema: String,
}

/// Whether the model must call a tool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// What a model is asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// Oldest first; system messages come first.
    pub messages: Vec<Message>,
    /// What it may call.
    pub tools: Vec<Tool>,
    /// Whether it must.
    pub tool_choice: ToolChoice,
    /// JSON Schema that the reply's text fits; the kernel checks it.
    pub output_schema: Option<String>,
    /// Tokens of the reply; none is the model's own default.
    pub max_tokens: Option<u32>,
    /// 0 to 2; none is the model's default.
    pub temperature: Option<f64>,
    /// At most 4 texts that end the reply.
    pub stop: Vec<String>,
    /// For a reply that can be had again.
    pub seed: Option<u64>,
    /// How much to reason; none is the model's default.
    pub effort: Option<Effort>,
    /// Whether a reply to the same request may be given again, from the cache.
    pub cached: bool,
    /// Until the reply is no longer wanted; none is the model's own deadline.
    pub deadline: Option<Duration>,
}

impl Request {
    /// Nothing is asked yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds instructions.
    #[must_use]
    pub fn system(self, text: impl Into<String>) -> Self {
        self.message(Message::text(Role::System, text))
    }

    /// Adds what the user says.
    #[must_use]
    pub fn user(self, text: impl Into<String>) -> Self {
        self.message(Message::text(Role::User, text))
    }

    /// Adds a turn.
    #[must_use]
    pub fn message(mut self, message: Message) -> Self {
        self.messages.push(message);
        self
    }

    /// Adds a tool whose arguments are a type.
    #[must_use]
    pub fn tool<T: JsonSchema>(mut self, name: impl Into<String>, description: impl Into<String>) -> Self {
        let input_schema = schema::<T>();
        self.tools.push(Tool { name: name.into(), description: description.into(), input_schema });
        self
    }

    /// The reply's text is JSON of this type: see [`Reply::parse`](super::Reply::parse).
    #[must_use]
    pub fn output<T: JsonSchema>(mut self) -> Self {
        self.output_schema = Some(schema::<T>());
        self
    }

    /// At most this many tokens of reply.
    #[must_use]
    pub fn max_tokens(mut self, tokens: u32) -> Self {
        self.max_tokens = Some(tokens);
        self
    }

    /// 0 gives the likeliest words, 2 the wildest.
    #[must_use]
    pub fn temperature(mut self, temperature: f64) -> Self {
        self.temperature = Some(temperature);
        self
    }
}

fn schema<T: JsonSchema>() -> String {
    let mut schema = schemars::schema_for!(T);
    // Providers that hold a model to a schema want objects to be closed.
    if let Some(object) = schema.as_object_mut()
        && object.get("type").and_then(serde_json::Value::as_str) == Some("object")
    {
        object.entry("additionalProperties").or_insert(serde_json::Value::Bool(false));
    }
    serde_json::Value::from(schema).to_string()
}
