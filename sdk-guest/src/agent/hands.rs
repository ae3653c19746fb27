//! The granted tools. Apart from the rest, so that an agent without tools does not import them.

use super::{
    jobs::Work,
    toolset::{Full, Line},
    world::{Done, Wanted},
};
use crate::{llm, poll::Pollable, tool};

/// What an agent acts with.
pub(super) trait Hands {
    fn list(&self) -> Vec<Line>;
    /// Those that fit some words, the best first.
    fn search(&self, words: &str, limit: usize) -> Result<Vec<Line>, String>;
    fn describe(&self, name: &str) -> Option<Full>;
    /// Begins a call.
    fn start(&self, call: &Wanted) -> Result<Box<dyn Work>, String>;
}

/// The tools of the `tool` system calls whose names are admitted.
pub(super) struct Granted<A>(pub(super) A);

impl<A: Fn(&str) -> bool> Hands for Granted<A> {
    fn list(&self) -> Vec<Line> {
        // No tool is granted: the agent has none.
        let tools = tool::list("").unwrap_or_default().into_iter();
        let admitted = tools.filter(|tool| (self.0)(&tool.name));
        admitted.map(|tool| Line { name: tool.name, description: tool.description }).collect()
    }

    fn search(&self, words: &str, limit: usize) -> Result<Vec<Line>, String> {
        let found = tool::search(words, tool::MOST_FOUND).map_err(|error| error.to_string())?.into_iter();
        let admitted = found.filter(|tool| (self.0)(&tool.name)).take(limit);
        Ok(admitted.map(|tool| Line { name: tool.name, description: tool.description }).collect())
    }

    fn describe(&self, name: &str) -> Option<Full> {
        let tool = tool::describe(name).ok()?;
        Some(Full { description: tool.description, schema: tool.input_schema })
    }

    fn start(&self, call: &Wanted) -> Result<Box<dyn Work>, String> {
        let invocation = tool::start(&call.name, &call.arguments).map_err(|error| error.to_string())?;
        Ok(Box::new(Call { ended: invocation.ended(), invocation: Some(invocation) }))
    }
}

/// A call under way. Dropping it ends its process.
struct Call {
    // Before what it is a view of.
    ended: Pollable,
    invocation: Option<tool::Invocation>,
}

impl Work for Call {
    fn ready(&self) -> &Pollable {
        &self.ended
    }

    fn look(&mut self) -> Option<Done> {
        let answer = self.invocation.take()?.finish().map_err(|error| error.to_string());
        Some(Done { answer, usage: llm::Usage::default() })
    }

    fn used(&self) -> llm::Usage {
        llm::Usage::default()
    }
}
