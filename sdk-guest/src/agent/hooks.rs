//! Where an agent's author may look on and say no. What the agent *can* do is decided by its grants,
//! which no hook can widen.

use super::End;
use crate::llm::{Reply, Request};

/// What a hook says to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// As far as the grants allow.
    Allow,
    /// No; the model is told why.
    Deny(String),
}

/// Looks on. Each method has a default that does nothing.
pub trait Hooks {
    /// A tool, `plugin/tool`, is about to be called with a JSON object.
    fn before_tool(&mut self, _name: &str, _arguments: &str) -> Decision {
        Decision::Allow
    }

    /// It answered, or failed.
    fn after_tool(&mut self, _name: &str, _arguments: &str, _result: Result<&str, &str>) {}

    /// The model is about to be asked; the request may be changed.
    fn before_model(&mut self, _request: &mut Request) {}

    /// It replied.
    fn after_model(&mut self, _reply: &Reply) {}

    /// So many sub-agents are about to be started.
    fn before_spawn(&mut self, _count: usize) -> Decision {
        Decision::Allow
    }

    /// The task is over.
    fn stop(&mut self, _end: End) {}
}

/// No hooks.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHooks;

impl Hooks for NoHooks {}
