//! The operator of a process tree: told of denials, and asked where they want to be.

use futures_core::future::BoxFuture;

use crate::process::Pid;

/// A grant that a process lacks.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Question {
    /// The process that asks.
    pub pid: Pid,
    /// Whether its operator started it, and not another process.
    pub root: bool,
    /// Its plugin.
    pub plugin: String,
    /// The capability, like `fs`.
    pub capability: String,
    /// What would be granted, like `./data:ro`.
    pub resource: String,
    /// The rule that denied it.
    pub rule: String,
    /// Whether a grant of the operator's would allow it. If not, it is told, not asked.
    pub grantable: bool,
}

/// The operator's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Answer {
    /// Denied, this time and until the process ends.
    Deny,
    /// Allowed until the process ends.
    Once,
}

/// Who runs a process tree. Only they answer: no guest, tool or model can.
pub trait Operator: Send + Sync + 'static {
    /// Told of a denial; asked, if a grant would allow it. Where nobody can be asked, [`Answer::Deny`].
    fn denied(&self, question: Question) -> BoxFuture<'_, Answer>;
}
