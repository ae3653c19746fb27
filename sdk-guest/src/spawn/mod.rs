//! Child processes: another installed plugin, or this one again, with narrower grants and limits.
//!
//! ```no_run
//! use holm::spawn::{Command, Exit, Stdio};
//! use std::io::Read;
//!
//! # fn run() -> holm::Result<()> {
//! let child = Command::plugin("jq")
//!     .args([".name", "./data/a.json"])
//!     .grant("fs=./data:ro")
//!     .fuel(1_000_000_000)
//!     .stdout(Stdio::Piped)
//!     .start()?;
//! let mut text = String::new();
//! if let Some(mut stdout) = child.stdout()? {
//!     stdout.read_to_string(&mut text)?;
//! }
//! assert_eq!(child.wait()?, Exit::Code(0));
//! # Ok(())
//! # }
//! ```

mod child;
mod command;
mod parent;
mod talk;

use crate::bindings::imports::holm::sys::spawn as sys;
use crate::errno::system_error;
use std::fmt;

pub use child::{Child, wait_any};
pub use command::{Command, Output, Stdio};
pub use parent::{Parent, parent};
pub use talk::Talk;

/// Whether a command could be executed now: see [`Command::exec`].
///
/// # Errors
/// Denied (`exec`), not found (no runtime offers it).
pub fn find(command: &str) -> Result<()> {
    Ok(crate::bindings::imports::holm::sys::exec::find(command)?)
}

/// `Result` of the spawn device.
pub type Result<T, E = Error> = std::result::Result<T, E>;

system_error! {
    /// Why a call of the spawn device failed.
    pub enum Error {
        /// An option is malformed; the text says which.
        Invalid(String) = "invalid: {}",
        ;
        /// The mailbox holds as much as it may; the receiver has to take some first.
        Full = "the mailbox is full"
    }
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It returned. 0 is success.
    Code(u8),
    /// The kernel ended it; the text names the fault.
    Fault(String),
    /// It was killed, by its parent, its operator, or the end of its parent.
    Killed,
}

impl Exit {
    /// Whether it returned 0.
    #[must_use]
    pub fn success(&self) -> bool {
        *self == Self::Code(0)
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Fault(fault) => write!(f, "ended by the kernel: {fault}"),
            Self::Killed => f.write_str("killed"),
        }
    }
}

impl From<sys::Exit> for Exit {
    fn from(exit: sys::Exit) -> Self {
        match exit {
            sys::Exit::Code(code) => Self::Code(code),
            sys::Exit::Fault(text) => Self::Fault(text),
            sys::Exit::Killed => Self::Killed,
        }
    }
}

impl From<sys::Error> for Error {
    fn from(error: sys::Error) -> Self {
        match error {
            sys::Error::Sys(errno) => errno.into(),
            sys::Error::Invalid(text) => Self::Invalid(text),
            sys::Error::Full => Self::Full,
        }
    }
}
