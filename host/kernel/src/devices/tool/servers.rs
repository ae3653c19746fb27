//! Tools that no plugin answers: servers elsewhere, each with a name like a plugin's.
//!
//! The door's law is the same for them: grants, predicates, budgets, questions, policies and records are
//! settled before a call comes here. What a server answers is a stranger's word.

use std::sync::Arc;

use crate::{
    account::Bytes,
    process::Pid,
    program::{Offer, ToolDescription},
    syscall::Operator,
    syscall::door::BoxFuture,
};

/// A call of a server's tool, already allowed. Dropping its future cancels it.
pub struct ServerCall {
    /// The root of the tree that it is for: what a server keeps in mind, it keeps for one tree.
    pub root: Pid,
    /// The process that calls.
    pub pid: Pid,
    /// Its plugin.
    pub plugin: String,
    /// Whose tool.
    pub server: String,
    /// The tool's name, of `[A-Za-z0-9_.-]`.
    pub tool: String,
    /// A JSON object: what the rules were compared with.
    pub arguments: String,
    /// A longer answer is refused, and not kept.
    pub maximum: Bytes,
    /// Who may be asked what the server wants to know.
    pub operator: Option<Arc<dyn Operator>>,
}

/// Why a server gave no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServerError {
    /// It has no tool of that name.
    #[error("there is no such tool")]
    NoSuchTool,
    /// The arguments do not fit.
    #[error("the arguments do not fit: {0}")]
    InvalidArguments(String),
    /// It failed, and said why.
    #[error("{0}")]
    Failed(String),
    /// The tool is not what its user accepted, and is called only once they have.
    #[error("{0}")]
    Suspended(String),
    /// It does not start, ended, or did not answer in time.
    #[error("{0}")]
    Unavailable(String),
}

/// The servers that their user configured.
pub trait Servers: Send + Sync + 'static {
    /// The servers that have tools which their user accepted, and these. Starts nothing; each is the same value
    /// until something changed in it.
    fn offers(&self) -> Vec<Arc<dyn Offer>>;

    /// Whether a server is called so.
    fn knows(&self, server: &str) -> bool;

    /// One of the tools that [`Servers::offers`] tells.
    fn find(&self, server: &str, tool: &str) -> Option<ToolDescription>;

    /// Calls a tool: a JSON text, or why there is none. Starts the server if need be.
    fn call(&self, call: ServerCall) -> BoxFuture<'static, Result<String, ServerError>>;

    /// A tree is over: what was started for it ends. Must not block.
    fn ended(&self, root: Pid);
}

/// No servers.
pub struct NoServers;

impl Servers for NoServers {
    fn offers(&self) -> Vec<Arc<dyn Offer>> {
        Vec::new()
    }

    fn knows(&self, _: &str) -> bool {
        false
    }

    fn find(&self, _: &str, _: &str) -> Option<ToolDescription> {
        None
    }

    fn call(&self, _: ServerCall) -> BoxFuture<'static, Result<String, ServerError>> {
        Box::pin(async { Err(ServerError::NoSuchTool) })
    }

    fn ended(&self, _: Pid) {}
}
