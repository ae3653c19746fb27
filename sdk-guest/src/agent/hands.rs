//! The granted tools. Apart from the rest, so that an agent without tools does not import them.

use super::{
    protocol::Event,
    system::System,
    toolset::{Full, Line},
    transcript,
    world::{Interrupted, Tell, Wanted},
};
use crate::tool;
use std::time::Instant;

/// Tools that are called at once: each takes half of the fuel that is left.
const CALLS_AT_ONCE: usize = 8;

/// What an agent acts with.
pub(super) trait Hands {
    fn list(&self) -> Vec<Line>;
    fn describe(&self, name: &str) -> Option<Full>;
    /// As [`World::call`](super::world::World::call).
    fn call(
        &self,
        system: &mut System,
        calls: &[Wanted],
        tell: Tell<'_>,
    ) -> Result<Vec<Result<String, String>>, Interrupted>;
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

    fn describe(&self, name: &str) -> Option<Full> {
        let tool = tool::describe(name).ok()?;
        Some(Full { description: tool.description, schema: tool.input_schema })
    }

    fn call(
        &self,
        system: &mut System,
        calls: &[Wanted],
        tell: Tell<'_>,
    ) -> Result<Vec<Result<String, String>>, Interrupted> {
        let mut results = Vec::with_capacity(calls.len());
        for some in calls.chunks(CALLS_AT_ONCE) {
            let begun: Vec<_> = some
                .iter()
                .map(|call| {
                    let arguments = serde_json::from_str(&call.arguments).unwrap_or_default();
                    tell(Event::Tool { id: call.id.clone(), name: call.name.clone(), arguments });
                    let started = tool::start(&call.name, &call.arguments);
                    (started.map(|call| (call.ended(), call)), Instant::now())
                })
                .collect();
            for (call, (started, since)) in some.iter().zip(begun) {
                let answer = match started {
                    Ok((ended, invocation)) => {
                        while system.wait(&[&ended])?.is_empty() {}
                        drop(ended);
                        invocation.finish()
                    }
                    Err(error) => Err(error),
                };
                let answer = answer.map_err(|error| error.to_string());
                let (content, is_error) = match &answer {
                    Ok(text) => (text, false),
                    Err(text) => (text, true),
                };
                tell(Event::ToolResult {
                    id: call.id.clone(),
                    name: call.name.clone(),
                    content: transcript::bounded(content.clone()),
                    is_error,
                    milliseconds: since.elapsed().as_secs_f64() * 1e3,
                });
                results.push(answer);
            }
        }
        Ok(results)
    }
}
