//! What starts processes: implemented by the kernel, so that the device knows neither engine nor table.

use std::sync::{Arc, atomic::AtomicU64};

use tokio::sync::watch;

use super::mailbox::Mailbox;
use crate::{
    account::{Account, Exceeded, Fuel, Money},
    devices::{
        Grants,
        pipe::{PipeReader, PipeWriter},
    },
    process::{ExitStatus, Pid},
    program::ProgramError,
    syscall::{Authority, Control, Operator, door::BoxFuture},
};

/// Who starts a process.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) control: Arc<Control>,
    pub(crate) authority: Arc<Authority>,
    pub(crate) operator: Option<Arc<dyn Operator>>,
    /// By which its relative paths are read.
    pub(crate) directory: String,
}

/// What a child runs.
pub(crate) enum Image {
    /// The caller's own component.
    Own,
    /// Another plugin, under its own name and rights.
    Plugin(String),
    /// A command of a runtime, as the caller itself.
    Command(String),
}

/// A child as its parent wants it.
pub(crate) struct Request {
    pub(crate) image: Image,
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) directory: String,
    pub(crate) stdin: PipeReader,
    pub(crate) stdout: PipeWriter,
    pub(crate) stderr: PipeWriter,
    pub(crate) grants: Option<Grants>,
    pub(crate) fuel: Option<Fuel>,
    pub(crate) memory: Option<u64>,
    pub(crate) tokens: Option<u64>,
    pub(crate) money: Option<Money>,
    pub(crate) nice: u8,
    /// To the child, and from it.
    pub(crate) mail: (Mailbox, Mailbox),
}

/// Why a process was not started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// A limit of the caller's.
    #[error(transparent)]
    Exceeded(Exceeded),
    /// Not installed, changed, or unreadable.
    #[error(transparent)]
    Program(ProgramError),
    /// It is not what its user accepted: by which rule.
    #[error("{0}")]
    Denied(String),
    /// Its component cannot be run, or the kernel is full.
    #[error("{0}")]
    Other(String),
}

/// A process that was started.
pub(crate) struct Started {
    pub(crate) pid: Pid,
    pub(crate) account: Arc<Account>,
    /// System calls it has made.
    pub(crate) syscalls: Arc<AtomicU64>,
    /// Its exit status, once it has one.
    pub(crate) exit: watch::Receiver<Option<ExitStatus>>,
}

/// Starts and ends processes.
pub(crate) trait Driver: Send + Sync + 'static {
    fn start(&self, caller: Caller, request: Request) -> BoxFuture<'_, Result<Started, Refused>>;
    /// Whether a runtime offers this command.
    fn offers<'a>(&'a self, command: &'a str) -> BoxFuture<'a, Result<(), Refused>>;
    /// Ends a process and its children.
    fn kill(&self, pid: Pid);
}
