//! Whoever called a tool, while it answers: told how far it is, and asked what it wants to know.

use std::fmt;

use futures_core::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::process::Pid;

/// How far a call has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// How much is done; it only grows.
    pub done: f64,
    /// How much there is to do, where that is known.
    pub total: Option<f64>,
    /// What it is doing, on one line. A guest wrote it.
    pub message: Option<String>,
}

/// What a tool wants to know before it goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inquiry {
    /// The process that waits.
    pub pid: Pid,
    /// Whether it is the one that was called, and not one that that one called.
    pub root: bool,
    /// Its plugin.
    pub plugin: String,
    /// What is asked, all at once.
    pub questions: Vec<Question>,
}

/// One question of an [`Inquiry`]. It was checked: forms parse, and nothing is hidden in what people read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// What its reply is called; once in each inquiry.
    pub name: String,
    /// What is asked.
    pub wanted: Wanted,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wanted {
    /// A form to fill in.
    Form {
        /// What it is for. A guest wrote it.
        message: String,
        /// JSON Schema, as `answer::Form` reads it.
        schema: String,
    },
    /// A page to open.
    Link {
        /// What it is for. A guest wrote it.
        message: String,
        /// Where it is: `https`, or `http` of this machine.
        url: String,
    },
    /// A completion by the caller's model: parameters of MCP's `sampling/createMessage`, a JSON object.
    Completion(String),
    /// The places that the caller works in.
    Roots,
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// JSON: what the form holds, the model's result, `{"roots":[…]}`, or `{}` for a link.
    Accepted(String),
    /// They said no.
    Declined,
    /// They said neither yes nor no, or are gone.
    Cancelled,
    /// Nobody can be asked this.
    Nobody,
}

/// Who hears what a call says before its end. What it says gives no right.
pub trait Listener: Send + Sync + 'static {
    /// Told how far the call is. Must not block; what comes faster than it is read may be left out, but for
    /// the last.
    fn told(&self, progress: Progress);

    /// Asked; one reply for each question, in their order. Dropped where nobody waits for it any more.
    fn asked(&self, inquiry: Inquiry) -> BoxFuture<'_, Vec<Reply>>;
}

impl fmt::Debug for dyn Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a listener")
    }
}
