//! What the loop needs of the world around it: models, tools, sub-agents, time, and its user.

use super::{
    protocol::Event,
    toolset::{Full, Line},
};
use crate::llm::{self, Reply, Request};
use std::time::Duration;

/// A tool call that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) id: String,
    /// `plugin/tool`.
    pub(super) name: String,
    pub(super) arguments: String,
}

/// A sub-agent's task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Task {
    pub(super) id: String,
    pub(super) text: String,
    /// JSON Schema of its answer.
    pub(super) output_schema: Option<String>,
    /// Tokens it may spend.
    pub(super) tokens: Option<u64>,
}

/// What a sub-agent came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Done {
    pub(super) answer: Result<String, String>,
    pub(super) usage: llm::Usage,
}

/// What the user said meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// A word to the task under way.
    Message(String),
    /// Stop it.
    Interrupt,
}

/// The user stopped what was under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Interrupted;

/// Where events go.
pub(super) type Tell<'a> = &'a mut dyn FnMut(Event);

/// The world around the loop. Whatever waits ends early when the user interrupts.
pub(super) trait World {
    /// Makes a call of the model; its pieces are told as they come.
    fn think(&mut self, request: &Request, tell: Tell<'_>) -> Result<llm::Result<Reply>, Interrupted>;
    /// Calls tools, all at once; their results in the order of the calls.
    fn call(&mut self, calls: &[Wanted], tell: Tell<'_>) -> Result<Vec<Result<String, String>>, Interrupted>;
    /// Runs sub-agents, some at once; what they came to in the order of the tasks.
    fn delegate(&mut self, tasks: &[Task], tell: Tell<'_>) -> Result<Vec<Done>, Interrupted>;
    /// The granted tools.
    fn catalogue(&mut self) -> Vec<Line>;
    /// One of them.
    fn describe(&mut self, name: &str) -> Option<Full>;
    /// What the user said since the last time.
    fn heard(&mut self) -> Vec<Word>;
    /// Waits.
    fn pause(&mut self, time: Duration) -> Result<(), Interrupted>;
    /// Since some moment that stays the same.
    fn now(&mut self) -> Duration;
}
