//! How a process ends: by itself, by a fault, or by somebody's hand.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExitStatus {
    /// It returned this code; 0 is success.
    Code(u8),
    /// The kernel ended it.
    Fault(Fault),
    /// Somebody ended it.
    Killed(KilledBy),
}

/// Who ended a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KilledBy {
    /// `holm kill`, or the client that ran it went away.
    Operator,
    /// Its parent called `kill` or dropped it.
    Parent,
    /// Its parent ended.
    ParentEnded,
    /// The kernel shut down.
    Shutdown,
}

/// Why the kernel ended a process. A guest is to blame for each but [`Fault::Host`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The account is empty.
    #[error("out-of-fuel: it burned all the fuel it was given")]
    OutOfFuel,
    /// It lived longer than `wall-time`.
    #[error("deadline: it ran longer than its wall-time")]
    Deadline,
    /// WebAssembly's own fault; the text is the engine's.
    #[error("trap: {0}")]
    Trap(String),
    /// The stack ran over.
    #[error("stack-overflow: its calls went too deep")]
    StackOverflow,
    /// It could not be started within its limits.
    #[error("limit: {0}")]
    Limit(String),
    /// It passed a handle that it does not hold, or of another kind.
    #[error("bad-handle: {0}")]
    BadHandle(String),
    /// It passed more bytes in one call than `hostcall` allows.
    #[error("hostcall: it passed more bytes in one call than allowed")]
    Hostcall,
    /// A bug of the host. It ends this process and no other.
    #[error("host: {0}")]
    Host(String),
}

impl Fault {
    /// The stable name of the kind of fault: `out-of-fuel`, `trap`, …
    pub fn kind(&self) -> &'static str {
        match self {
            Fault::OutOfFuel => "out-of-fuel",
            Fault::Deadline => "deadline",
            Fault::Trap(_) => "trap",
            Fault::StackOverflow => "stack-overflow",
            Fault::Limit(_) => "limit",
            Fault::BadHandle(_) => "bad-handle",
            Fault::Hostcall => "hostcall",
            Fault::Host(_) => "host",
        }
    }
}

impl ExitStatus {
    /// Whether it returned 0.
    pub fn success(&self) -> bool {
        *self == ExitStatus::Code(0)
    }
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExitStatus::Code(code) => write!(f, "exit code {code}"),
            ExitStatus::Fault(fault) => write!(f, "fault {fault}"),
            ExitStatus::Killed(KilledBy::Operator) => f.write_str("killed by its operator"),
            ExitStatus::Killed(KilledBy::Parent) => f.write_str("killed by its parent"),
            ExitStatus::Killed(KilledBy::ParentEnded) => f.write_str("killed as its parent ended"),
            ExitStatus::Killed(KilledBy::Shutdown) => f.write_str("killed as the kernel shut down"),
        }
    }
}
