//! What answers tool calls: the kernel for tools of plugins, others for other transports.

use std::sync::Arc;

use super::{Admits, Found};
use crate::{
    bindings::holm::sys::tool_types::ToolError,
    devices::spawn::{Caller, Refused},
    process::ExitStatus,
    program::{Offer, ToolDescription},
    syscall::door::BoxFuture,
};

/// How a tool call ended.
#[derive(Debug)]
pub(crate) enum Called {
    /// The tool answered, or said why not.
    Answered(Result<String, ToolError>),
    /// Its process ended before it answered.
    Ended(ExitStatus),
}

/// A catalogue of tools, and what calls them.
pub(crate) trait Driver: Send + Sync + 'static {
    /// All tools as `plugin/tool`, in that order: who offers each, and which of theirs it is.
    fn list(&self) -> Vec<(String, Arc<dyn Offer>, usize)>;
    /// The tools that these words fit best, of those that are admitted, and how many there are in all.
    fn search(&self, query: String, admits: Admits, limit: usize) -> BoxFuture<'_, (Vec<Found>, usize)>;
    /// One tool.
    fn find(&self, plugin: &str, tool: &str) -> Option<ToolDescription>;
    /// Calls a tool with a JSON object, at the caller's cost.
    fn call<'a>(
        &'a self,
        caller: Caller,
        plugin: &'a str,
        tool: &'a str,
        arguments: String,
    ) -> BoxFuture<'a, Result<Called, Refused>>;
}
