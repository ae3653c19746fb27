//! What a caller gets: a reply, its pieces, or why there is none.

use std::time::{Duration, SystemTime};

use super::{Failure, Part, StopReason, Usage};
use crate::account::{Exceeded, Money};

/// What the model said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) content: Vec<Part>,
    pub(super) stop: StopReason,
}

impl Reply {
    /// Bytes of all its parts.
    pub(super) fn bytes(&self) -> usize {
        let bytes = |part: &Part| match part {
            Part::Text(text) => text.len(),
            Part::Image { data, .. } => data.len(),
            Part::Thinking { text, signature } => text.len() + signature.as_ref().map_or(0, String::len),
            Part::ToolCall(call) => call.id.len() + call.name.len() + call.arguments.len(),
            Part::ToolResult { content, .. } => content.len(),
        };
        self.content.iter().map(bytes).sum()
    }
}

/// A reply, what it cost, and when.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) reply: Reply,
    pub(super) usage: Usage,
    /// Failed attempts included.
    pub(super) cost: Money,
    /// The provider told the usage.
    pub(super) exact: bool,
    /// It ends where the budgets did: another caller's may reach further.
    pub(super) clipped: bool,
    /// `provider/model`.
    pub(super) served_by: String,
    pub(super) created: SystemTime,
    pub(super) started: SystemTime,
    pub(super) finished: SystemTime,
}

/// A piece of a reply, for the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Delta {
    Text(String),
    Thinking(String),
    ToolCall { index: u32, id: String, name: String },
    Arguments { index: u32, fragment: String },
    Restart,
}

/// Why there is no reply.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum CallError {
    #[error(transparent)]
    Quota(#[from] Exceeded),
    #[error("{rule}")]
    Denied { model: String, rule: &'static str },
    #[error("all providers are at their limits")]
    RateLimited(Option<Duration>),
    #[error("{0}")]
    ContextLength(String),
    #[error("{0}")]
    Refused(String),
    #[error("{0}")]
    Unavailable(String),
    #[error("{0}")]
    Malformed(String),
}

impl From<Failure> for CallError {
    fn from(failure: Failure) -> Self {
        let text = super::check::shown(&failure.to_string());
        match failure {
            Failure::RateLimited { retry_after } => CallError::RateLimited(retry_after),
            Failure::ContextLength(_) => CallError::ContextLength(text),
            Failure::Refused(_) => CallError::Refused(text),
            Failure::Unavailable(_) | Failure::TimedOut(_) | Failure::Unauthorized(_) => CallError::Unavailable(text),
            Failure::BadRequest(_) | Failure::Malformed(_) => CallError::Malformed(text),
        }
    }
}
