//! What an agent and who uses it say to each other: a line of JSON each, on its standard streams.
//!
//! On stdin: [`Command`]. On stdout: [`Event`]. After [`Event::Answer`] or [`Event::Error`] the agent
//! waits for the next message; at the end of its input it finishes the task under way and exits.

use crate::llm::Usage;
use serde::{Deserialize, Serialize};

/// What the user says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// A task: `{"message":"…"}`. While one is under way, a word to it, heard between two steps.
    Message(String),
    /// Stop what is under way and wait for the next task: `{"interrupt":true}`.
    Interrupt(bool),
    /// What was said before: `{"history":[{"role":"user","text":"…"}, …]}`.
    History(Vec<Turn>),
}

/// One turn of a conversation that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Who spoke.
    pub role: Speaker,
    /// What they said.
    pub text: String,
}

/// Who spoke in a [`Turn`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Speaker {
    /// The user.
    User,
    /// The agent.
    Assistant,
}

/// What the agent says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event {
    /// A piece of what the model says.
    Text {
        /// The piece.
        text: String,
    },
    /// A piece of what it thinks.
    Thinking {
        /// The piece.
        text: String,
    },
    /// The model's provider failed midway and another begins anew: forget the pieces of this step.
    Restart,
    /// A tool is called.
    Tool {
        /// Names the call in its result.
        id: String,
        /// `plugin/tool`.
        name: String,
        /// What it is called with.
        arguments: serde_json::Value,
    },
    /// It answered.
    ToolResult {
        /// The call's.
        id: String,
        /// `plugin/tool`.
        name: String,
        /// What it said, as the model sees it.
        content: String,
        /// Whether it failed.
        is_error: bool,
        /// How long it took.
        milliseconds: f64,
    },
    /// A sub-agent was started.
    Agent {
        /// Names it in its end.
        id: String,
        /// Its task.
        task: String,
    },
    /// A sub-agent ended.
    AgentDone {
        /// Which.
        id: String,
        /// Whether it did its task.
        ok: bool,
        /// Its answer, or why there is none.
        content: String,
    },
    /// A word of the user was heard, and goes to the model with its next request. What comes too late for
    /// the task under way is the next task.
    Heard {
        /// The word.
        text: String,
    },
    /// One reply of the model is whole.
    Step {
        /// Counts the replies of a task, from 1.
        number: u32,
        /// What it used.
        usage: Usage,
        /// `provider/model`.
        served_by: String,
    },
    /// The task is over.
    Answer {
        /// What the agent has to say; may be empty where it was stopped.
        text: String,
        /// Why it is over.
        outcome: super::End,
        /// Replies of the model.
        steps: u32,
        /// What they used, sub-agents included.
        usage: Usage,
    },
    /// The task failed: the model gives no reply.
    Error {
        /// The kind of the error: `denied`, `quota`, `not-found`, `unavailable`, …
        kind: String,
        /// For people.
        message: String,
    },
}
