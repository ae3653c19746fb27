//! A process as its operator starts it, waits for it, and hears how it ended.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::{
    account::{Account, Exceeded, Fuel, Limits, Money, Total},
    devices::{
        Grants,
        answer::Listener,
        pipe::{self, PipeReader, PipeWriter},
    },
    engine::ImageError,
    process::{ExitStatus, KilledBy, LatencySummary, Pid},
    program::{Program, ProgramError},
    sched::Nice,
    syscall::{Control, Operator, needs::Needs},
};

/// A process that is to be started by the operator.
pub struct Spawn {
    /// What to run.
    pub program: Arc<Program>,
    /// The name it is called by, where that is not its program's: a command's.
    pub command: Option<String>,
    /// Without that name.
    pub arguments: Vec<String>,
    /// What it finds as its environment; nothing is inherited.
    pub environment: Vec<(String, String)>,
    /// By which its relative paths are read.
    pub directory: PathBuf,
    /// What it reads.
    pub stdin: PipeReader,
    /// What it writes.
    pub stdout: PipeWriter,
    /// What it complains to.
    pub stderr: PipeWriter,
    /// Its share.
    pub nice: Nice,
    /// What the operator allows this process; the least of this and the program's own holds.
    pub limits: Limits,
    /// Told of denials, and asked.
    pub operator: Option<Arc<dyn Operator>>,
    /// Hears what tools say before their end: its own calls, and those that it makes. Only a root has one.
    pub listener: Option<Arc<dyn Listener>>,
    /// For which client of an adapter a root is called, where that is not its operator's own deed: then the
    /// policies over what is called are asked.
    pub client: Option<String>,
    /// Whether it is written down what it and its descendants need: see [`Running::needs`]. Of a root.
    pub record: bool,
}

impl Spawn {
    /// Runs a program with no arguments, nothing to read, and nobody who listens.
    pub fn new(program: Arc<Program>) -> Self {
        Self {
            program,
            command: None,
            arguments: Vec::new(),
            environment: Vec::new(),
            directory: PathBuf::from("/"),
            stdin: pipe::empty(),
            stdout: pipe::sink(),
            stderr: pipe::sink(),
            nice: Nice::default(),
            limits: Limits::default(),
            operator: None,
            listener: None,
            client: None,
            record: false,
        }
    }
}

/// Why a process was not started.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SpawnError {
    /// Its component cannot be run.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// It imports what its ceiling does not name.
    #[error("it imports {imports}, which its manifest does not declare; add `{capability}` to its [ceiling]")]
    BeyondCeiling {
        /// The capability.
        capability: String,
        /// The imports that need it.
        imports: String,
    },
    /// It is not installed, was changed, or cannot be read.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// The kernel holds as many processes as this machine can: this many small ones.
    #[error(
        "there is no room for it: the kernel holds {0} small processes, and of those with many memories or tables fewer \
         (`holm doctor` tells why); end some with `holm kill`"
    )]
    Full(u32),
    /// A limit allows no more.
    #[error(transparent)]
    Exceeded(#[from] Exceeded),
}

/// No live process has this pid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no process {0}; `holm ps` lists the live ones")]
pub struct NoSuchProcess(pub Pid);

/// How a process ended, and what it used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exit {
    /// How it ended.
    pub status: ExitStatus,
    /// Instructions and host work.
    pub fuel: Fuel,
    /// System calls made.
    pub syscalls: u64,
    /// From start to end.
    pub wall: Duration,
    /// Calls of models, its descendants' included.
    pub model_calls: u64,
    /// Tokens of those.
    pub tokens: u64,
    /// What they cost.
    pub money: Money,
    /// How long those waited and took.
    pub latency: LatencySummary,
}

/// A process under way. Dropping this does not end it.
#[derive(Clone)]
pub struct Running {
    /// Its id.
    pub pid: Pid,
    pub(super) control: Arc<Control>,
    pub(super) exit: watch::Receiver<Option<ExitStatus>>,
}

impl Running {
    /// What it may use, has used, and holds; read after its end, it says what was left behind.
    pub fn account(&self) -> &Account {
        &self.control.account
    }

    /// The rights that its calls were made under, by plugin: the fewest grants that say all of them. Empty where
    /// it was not to be written down.
    pub fn needs(&self) -> BTreeMap<String, Grants> {
        self.control.run.needs.get().map(Needs::least).unwrap_or_default()
    }

    /// Waits for its end.
    pub async fn wait(&self) -> Exit {
        let mut exit = self.exit.clone();
        let status = match exit.wait_for(Option::is_some).await {
            Ok(status) => status.clone(),
            Err(_) => None,
        };
        Exit {
            status: status.unwrap_or(ExitStatus::Killed(KilledBy::Shutdown)),
            fuel: self.control.account.spent(),
            syscalls: self.control.syscalls.load(std::sync::atomic::Ordering::Relaxed),
            wall: self.control.started.elapsed(),
            model_calls: self.control.account.total(Total::ModelCalls),
            tokens: self.control.account.total(Total::Tokens),
            money: Money(self.control.account.total(Total::Money)),
            latency: self.control.run_latency(),
        }
    }
}

/// Why a tool gave no result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ToolError {
    /// There is no tool of that name.
    #[error("the plugin has no such tool")]
    NoSuchTool,
    /// The arguments do not fit.
    #[error("the arguments do not fit: {0}")]
    InvalidArguments(String),
    /// It ran and failed.
    #[error("the tool failed: {0}")]
    Failed(String),
    /// Its process ended before it answered.
    #[error("the tool's process ended: {0}")]
    Ended(ExitStatus),
}

/// What came of a tool call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolAnswer {
    /// The process that answered.
    pub pid: Pid,
    /// JSON, or why there is none.
    pub result: Result<String, ToolError>,
    /// How its process ended.
    pub exit: Exit,
}
