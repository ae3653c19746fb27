//! An agent in a few lines: a model, the granted tools, sub-agents, limits.
//!
//! ```
//! # mod skill {
//! use holm::agent::Agent;
//!
//! #[holm::main]
//! fn main(arguments: Vec<String>) -> holm::Result<()> {
//!     let mut agent = Agent::new("smart")?.system("You are a careful librarian.").tools(|_| true);
//!     let outcome = agent.run(&arguments.join(" "), |_| {})?;
//!     println!("{}", outcome.text);
//!     Ok(())
//! }
//! # }
//! # fn main() {}
//! ```
//!
//! The loop: the model is asked; the tools it wants are called, all of one reply at once, each a process
//! of its own under its own grants; their results go back; until it wants none. Wrong arguments, unknown
//! tools, refused and failed calls are results that the model sees, never the end. What ends a task is
//! in [`End`]. With few tools the model is told of all; with many it searches and loads what it needs, so
//! that the fixed cost stays small whatever is installed.
//!
//! Sub-agents are further processes of the same component, started with `--protocol` (see
//! [`protocol`]): an agent that delegates must hand its arguments to [`Agent::serve`] where they
//! begin so, as `holm ask` and `holm chat` need too. [`main`] does all of it.

mod hands;
mod hooks;
mod jobs;
mod limits;
mod main;
pub mod protocol;
mod stuck;
mod system;
mod toolset;
mod transcript;
mod turn;
#[cfg(test)]
mod turn_tests;
mod world;

use crate::llm::{self, Message, Role, Usage};
use serde::{Deserialize, Serialize};
use std::rc::Rc;

use hands::Granted;
pub use hooks::{Decision, Hooks, NoHooks};
pub use limits::Limits;
use limits::Share;
pub use main::main;
use protocol::{Event, Speaker};
use system::System;
use toolset::Toolset;
use turn::Turn;
use world::World;

/// Why a task is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// The model had no more to do.
    Answered,
    /// All steps were used.
    Steps,
    /// All tokens were used: the task's, a grant's, or the account's.
    Tokens,
    /// All money was used.
    Money,
    /// All calls of models were used: a grant's, or the account's.
    Calls,
    /// Its time was over.
    Time,
    /// It did the same again and again, and a warning did not help.
    Stuck,
    /// The user stopped it.
    Interrupted,
    /// The model declined.
    Refused,
}

/// What a task came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The answer; where the task was stopped, the last that the model said, which may be nothing.
    pub text: String,
    /// Why it is over.
    pub end: End,
    /// Replies of the model.
    pub steps: u32,
    /// What they used, sub-agents included.
    pub usage: Usage,
}

/// An agent and what was said so far.
pub struct Agent {
    system: System,
    limits: Limits,
    hooks: Box<dyn Hooks>,
    delegates: bool,
    output_schema: Option<String>,
    max_reply: Option<u32>,
    messages: Vec<Message>,
}

impl Agent {
    /// One that thinks with a model, by the name its user gave it, and does no more until it is told how.
    ///
    /// # Errors
    /// Denied, not found: see [`llm::Model::open`].
    pub fn new(model: &str) -> Result<Self, llm::Error> {
        Ok(Self {
            system: System::new(model)?,
            limits: Limits::default(),
            hooks: Box::new(NoHooks),
            delegates: false,
            output_schema: None,
            max_reply: None,
            messages: Vec::new(),
        })
    }

    /// What it is told before all else.
    #[must_use]
    pub fn system(mut self, text: impl Into<String>) -> Self {
        self.messages.insert(0, Message::text(Role::System, text));
        self
    }

    /// How far it goes for one task.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Who looks on.
    #[must_use]
    pub fn hooks(mut self, hooks: impl Hooks + 'static) -> Self {
        self.hooks = Box::new(hooks);
        self
    }

    /// It may start sub-agents, so many at once. They are processes of this component and must find
    /// [`Agent::serve`] where their arguments begin with `--protocol`.
    #[must_use]
    pub fn sub_agents(mut self, at_once: usize) -> Self {
        self.delegates = at_once > 0;
        self.system.at_once = at_once.max(1);
        self
    }

    /// Its answers are JSON of this schema.
    #[must_use]
    pub fn output_schema(mut self, schema: impl Into<String>) -> Self {
        self.output_schema = Some(schema.into());
        self
    }

    /// Tokens of one reply of the model at most.
    #[must_use]
    pub fn max_reply(mut self, tokens: u32) -> Self {
        self.max_reply = Some(tokens);
        self
    }

    /// It may use tools whose name (`plugin/tool`) is admitted, as far as its grants allow. One that is
    /// not given any does not import the tool interface.
    #[must_use]
    pub fn tools(mut self, admit: impl Fn(&str) -> bool + 'static) -> Self {
        self.system.hands = Some(Rc::new(Granted(admit)));
        self
    }

    /// Adds what was said before.
    pub fn remember(&mut self, speaker: Speaker, text: impl Into<String>) {
        let role = match speaker {
            Speaker::User => Role::User,
            Speaker::Assistant => Role::Assistant,
        };
        self.messages.push(Message::text(role, text));
    }

    /// What was said so far.
    #[must_use]
    pub fn transcript(&self) -> &[Message] {
        &self.messages
    }

    /// Works on a task to its end.
    ///
    /// # Errors
    /// The model gives no reply: denied, not found, unavailable. What was said so far is kept.
    pub fn run(&mut self, task: &str, mut tell: impl FnMut(Event)) -> Result<Outcome, llm::Error> {
        transcript::say(&mut self.messages, task.to_owned());
        let catalogue = self.system.catalogue();
        let toolset = Toolset::new(catalogue, |name| self.system.describe(name));
        let begun = self.system.alarm(self.limits.time);
        let from = self.messages.len();
        let outcome = Turn {
            world: &mut self.system,
            hooks: &mut *self.hooks,
            limits: &self.limits,
            delegates: self.delegates,
            messages: &mut self.messages,
            from,
            toolset,
            output_schema: self.output_schema.clone(),
            max_reply: self.max_reply,
            used: Usage::default(),
            steps: 0,
            begun,
        }
        .run(&mut tell);
        self.system.alarm(None);
        outcome
    }

    /// Runs tasks that are independent of each other in sub-agents, some at once, without asking a
    /// model how: for fan-out that is known beforehand. Each outcome in the order of the tasks; where the
    /// time of the [limits](Self::limits) is over, those that were not done say so.
    ///
    /// # Errors
    /// The user stopped it.
    pub fn fan_out(
        &mut self,
        tasks: impl IntoIterator<Item = SubTask>,
        mut tell: impl FnMut(Event),
    ) -> crate::Result<Vec<Result<String, String>>> {
        let job = |(at, task): (usize, SubTask)| {
            let most = Share { tokens: task.tokens, cost: task.cost };
            let (id, text) = ((at + 1).to_string(), task.text);
            world::Job::Agent(world::Task { id, text, output_schema: task.output_schema, most })
        };
        let jobs: Vec<_> = tasks.into_iter().enumerate().map(job).collect();
        self.system.alarm(self.limits.time);
        let left = self.limits.left(&Usage::default());
        let (done, cut) = self.system.act(&jobs, left, &mut tell);
        self.system.alarm(None);
        match cut {
            Some(world::Cut::Interrupted) => Err(crate::Error::new("stopped by the user")),
            _ => Ok(done.into_iter().map(|done| done.answer).collect()),
        }
    }
}

/// A task for [`Agent::fan_out`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubTask {
    /// What to do, in full: the sub-agent knows nothing else.
    pub text: String,
    /// JSON Schema of its answer.
    pub output_schema: Option<String>,
    /// Tokens it may spend; none is its share of what is left.
    pub tokens: Option<u64>,
    /// Millionths of a US dollar, likewise.
    pub cost: Option<u64>,
}
