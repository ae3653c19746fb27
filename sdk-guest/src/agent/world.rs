//! What the loop needs of the world around it: models, tools, sub-agents, time, and its user.

use super::{
    End,
    limits::{Price, Share},
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
    /// What it may spend, where its share of what is left is not less.
    pub(super) most: Share,
}

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Job {
    /// Call a tool.
    Call(Wanted),
    /// Give a task to a sub-agent.
    Agent(Task),
}

/// What came of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Done {
    pub(super) answer: Result<String, String>,
    /// What a sub-agent used.
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

/// Why what was under way was cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// The user stopped it.
    Interrupted,
    /// Its time was over.
    Time,
}

impl Cut {
    /// Of the task.
    pub(super) fn end(self) -> End {
        match self {
            Self::Interrupted => End::Interrupted,
            Self::Time => End::Time,
        }
    }

    /// As the model is told.
    pub(super) fn why(self) -> &'static str {
        match self {
            Self::Interrupted => "stopped by the user",
            Self::Time => "cut off: the time of the task is over",
        }
    }
}

/// Where events go.
pub(super) type Tell<'a> = &'a mut dyn FnMut(Event);

/// The world around the loop. Whatever waits is cut off when the user interrupts, and when the task's time
/// is over.
pub(super) trait World {
    /// Makes a call of the model; its pieces are told as they come.
    fn think(&mut self, request: &Request, tell: Tell<'_>) -> Result<llm::Result<Reply>, Cut>;
    /// What it may cost.
    fn price(&mut self, request: &Request) -> Price;
    /// Does jobs, many at once, its sub-agents within what is left. What came of each, in their order:
    /// where they were cut off, those that were not done say so.
    fn act(&mut self, jobs: &[Job], left: Share, tell: Tell<'_>) -> (Vec<Done>, Option<Cut>);
    /// The granted tools.
    fn catalogue(&mut self) -> Vec<Line>;
    /// Those of them that fit some words, the best first.
    fn search(&mut self, words: &str, limit: usize) -> Result<Vec<Line>, String>;
    /// One of them.
    fn describe(&mut self, name: &str) -> Option<Full>;
    /// What the user said since the last time.
    fn heard(&mut self) -> Vec<Word>;
    /// Asks the policies over it whether the task may end with this answer; why not.
    fn stopping(&mut self, answer: &str) -> Result<(), String>;
    /// Tells them that it has ended.
    fn stopped(&mut self, answer: &str);
    /// Waits.
    fn pause(&mut self, time: Duration) -> Result<(), Cut>;
    /// Since some moment that stays the same.
    fn now(&mut self) -> Duration;
}
