//! What embedders call.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Weak},
    time::Duration,
};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::{launch::Launch, snapshot::ProcessSnapshot};
use crate::{
    account::{Account, Exceeded, Fuel, Limits},
    devices::{
        log,
        pipe::{self, PipeReader, PipeWriter},
        storage,
    },
    engine::{Capacity, Compiler, Engines, Entry, Image, ImageError, Images, Outcome, cpu::Cpu},
    process::{ExitStatus, KilledBy, Pid, Table},
    program::{Program, ProgramError, Programs, ToolDescription},
    sched::{Fair, Nice},
    syscall::{Control, Operator, audit, authority::Epoch},
};

/// How a kernel is set up.
#[derive(Clone, Debug)]
pub struct Config {
    /// Worker threads that run processes; as many as there are processors.
    pub workers: usize,
    /// Live processes at most; the machine may hold fewer.
    pub capacity: u32,
    /// Fuel of one slice: about a third of a millisecond of plain instructions.
    pub quantum: Fuel,
    /// The operator's limits: no process has more.
    pub limits: Limits,
    /// Where compiled components are kept; none keeps them in memory only.
    pub image_cache: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            capacity: 10_000,
            quantum: Fuel(1_000_000),
            limits: Limits::default(),
            image_cache: None,
        }
    }
}

/// What stands behind a kernel's devices.
pub struct Parts {
    /// Keeps buckets.
    pub storage: Arc<dyn storage::Driver>,
    /// Keeps installed plugins.
    pub programs: Arc<dyn Programs>,
    /// Takes audit records.
    pub audit: Arc<dyn audit::Sink>,
    /// Takes log lines.
    pub log: Arc<dyn log::Sink>,
    /// Compiles components.
    pub compiler: Arc<dyn Compiler>,
    /// Paths that no grant reaches: Holm's own files.
    pub protected: Arc<dyn Fn(&Path) -> bool + Send + Sync>,
}

/// Why a kernel does not start.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// There is no tokio runtime to wait with.
    #[error("a kernel boots inside a multi-threaded tokio runtime")]
    Runtime,
    /// The engine does not support this machine.
    #[error("the WebAssembly engine does not start: {0}")]
    Engine(String),
    /// The workers do not start.
    #[error("the worker threads do not start: {0}")]
    Workers(std::io::Error),
}

/// A process that is to be started by the operator.
pub struct Spawn {
    /// What to run.
    pub program: Arc<Program>,
    /// Without the program's own name.
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
}

impl Spawn {
    /// Runs a program with no arguments, nothing to read, and nobody who listens.
    pub fn new(program: Arc<Program>) -> Self {
        Self {
            program,
            arguments: Vec::new(),
            environment: Vec::new(),
            directory: PathBuf::from("/"),
            stdin: pipe::empty(),
            stdout: pipe::sink(),
            stderr: pipe::sink(),
            nice: Nice::default(),
            limits: Limits::default(),
            operator: None,
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
    /// The kernel holds as many processes as this machine can.
    #[error(
        "the kernel holds {0} processes, as many as this machine can (`holm doctor` tells why); end some with `holm kill`"
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// How it ended.
    pub status: ExitStatus,
    /// Instructions and host work.
    pub fuel: Fuel,
    /// System calls made.
    pub syscalls: u64,
    /// From start to end.
    pub wall: Duration,
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolAnswer {
    /// The process that answered.
    pub pid: Pid,
    /// JSON, or why there is none.
    pub result: Result<String, ToolError>,
    /// How its process ended.
    pub exit: Exit,
}

/// A running kernel. Clones are the same kernel.
#[derive(Clone)]
pub struct Kernel {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) config: Config,
    pub(super) capacity: Capacity,
    pub(super) parts: Parts,
    pub(super) images: Images,
    pub(super) cpu: Cpu,
    pub(super) table: Mutex<Table<Live>>,
    pub(super) epoch: Arc<Epoch>,
    pub(super) this: Weak<Inner>,
}

/// A live process, in the table.
pub(super) struct Live {
    pub(super) control: Arc<Control>,
    pub(super) exit: watch::Sender<Option<ExitStatus>>,
    /// What it runs, for children of its own kind.
    pub(super) program: Arc<Program>,
    /// Ends its side of the mailbox to its parent.
    pub(super) mail: Option<(crate::devices::spawn::Mailbox, crate::devices::spawn::Mailbox)>,
}

/// How often deadlines are looked at.
const TICK: Duration = Duration::from_millis(20);

impl Kernel {
    /// Starts a kernel: its engines, its workers, its clock.
    ///
    /// # Errors
    /// Not inside a tokio runtime; the engine or the threads do not start.
    pub fn boot(config: Config, parts: Parts) -> Result<Self, BootError> {
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| BootError::Runtime)?;
        let capacity = Capacity::of_this_machine(config.capacity);
        let failed = |error: wasmtime::Error| BootError::Engine(format!("{error:#}"));
        let engines = Engines::new(&capacity).map_err(failed)?;
        let cache = config.image_cache.clone();
        let images = Images::new(engines, capacity.reservation, parts.compiler.clone(), cache).map_err(failed)?;
        let cpu =
            Cpu::start(config.workers, Box::new(Fair::new(config.quantum.0)), &runtime).map_err(BootError::Workers)?;
        let table = Mutex::new(Table::new(capacity.processes as usize));
        let inner = Arc::new_cyclic(|this| Inner {
            config,
            capacity,
            parts,
            images,
            cpu,
            table,
            epoch: Arc::default(),
            this: this.clone(),
        });
        let watched = Arc::downgrade(&inner);
        runtime.spawn(async move {
            let mut tick = tokio::time::interval(TICK);
            loop {
                tick.tick().await;
                match watched.upgrade() {
                    Some(kernel) => kernel.end_overdue(),
                    None => return,
                }
            }
        });
        Ok(Self { inner })
    }

    /// Starts a process with no parent.
    ///
    /// # Errors
    /// Its component cannot be run, or there is no room.
    pub async fn spawn(&self, spawn: Spawn) -> Result<Running, SpawnError> {
        let entry = Entry::Run { arguments: spawn.arguments.clone() };
        let (running, _) = self.inner.launch(Launch::root(spawn, entry)).await?;
        Ok(running)
    }

    /// Calls a tool of a plugin in a process with no parent, and waits for the answer.
    ///
    /// # Errors
    /// As [`Kernel::spawn`].
    pub async fn call_tool(&self, spawn: Spawn, tool: &str, arguments: String) -> Result<ToolAnswer, SpawnError> {
        let entry = Entry::Call { tool: tool.to_owned(), arguments };
        let (running, outcome) = self.inner.launch(Launch::root(spawn, entry)).await?;
        let guard = KillOnDrop(self.clone(), running.pid);
        let exit = running.wait().await;
        std::mem::forget(guard);
        let result = match outcome.await {
            Ok(Outcome::Answered(answer)) => answer.map_err(ToolError::from),
            _ => Err(ToolError::Ended(exit.status.clone())),
        };
        Ok(ToolAnswer { pid: running.pid, result, exit })
    }

    /// Asks a component for its tools, in a bounded run without grants.
    ///
    /// # Errors
    /// As [`Kernel::spawn`]; [`ImageError::Unsuitable`] where the run did not end well.
    pub async fn describe_tools(&self, program: Arc<Program>) -> Result<Vec<ToolDescription>, SpawnError> {
        let image = self.inner.image(&program).await?;
        if image.tools.is_none() {
            return Ok(Vec::new());
        }
        let mut spawn = Spawn::new(program);
        spawn.limits = Limits {
            fuel: Fuel(5_000_000_000),
            wall_time: Duration::from_secs(30),
            storage: crate::account::Bytes(0),
            children: 0,
            ..Limits::default()
        };
        let (running, outcome) = self.inner.launch(Launch::without_grants(spawn, Entry::Describe)).await?;
        let exit = running.wait().await;
        match outcome.await {
            Ok(Outcome::Described(tools)) => Ok(tools),
            _ => Err(ImageError::Unsuitable(format!("it could not tell its tools: {}", exit.status)).into()),
        }
    }

    /// The compiled component of a program.
    ///
    /// # Errors
    /// It does not compile, or does not fit this kernel.
    pub async fn inspect(&self, program: &Program) -> Result<Arc<Image>, ImageError> {
        self.inner.image(program).await
    }

    /// A live process, to wait for.
    ///
    /// # Errors
    /// It has ended, or never was.
    pub fn find(&self, pid: Pid) -> Result<Running, NoSuchProcess> {
        let table = self.inner.table.lock();
        let live = table.get(pid).ok_or(NoSuchProcess(pid))?;
        Ok(Running { pid, control: live.control.clone(), exit: live.exit.subscribe() })
    }

    /// Ends a process and all its descendants; how many there were.
    ///
    /// # Errors
    /// No such process.
    pub fn kill(&self, pid: Pid) -> Result<usize, NoSuchProcess> {
        self.inner.kill_tree(pid, KilledBy::Operator)
    }

    /// Stops a process, and not its children, at the end of its slice. Its wall time goes on.
    ///
    /// # Errors
    /// No such process.
    pub fn stop(&self, pid: Pid) -> Result<(), NoSuchProcess> {
        self.find(pid)?;
        self.inner.cpu.stop(pid);
        Ok(())
    }

    /// Lets a stopped process go on where it was.
    ///
    /// # Errors
    /// No such process.
    pub fn resume(&self, pid: Pid) -> Result<(), NoSuchProcess> {
        self.find(pid)?;
        self.inner.cpu.resume(pid);
        Ok(())
    }

    /// Changes a process's share.
    ///
    /// # Errors
    /// No such process.
    pub fn renice(&self, pid: Pid, nice: Nice) -> Result<(), NoSuchProcess> {
        self.find(pid)?;
        self.inner.cpu.renice(pid, nice);
        Ok(())
    }

    /// Gives a process more fuel; one that stopped for want of it goes on.
    ///
    /// # Errors
    /// No such process.
    pub fn top_up(&self, pid: Pid, fuel: Fuel) -> Result<(), NoSuchProcess> {
        let running = self.find(pid)?;
        running.control.account.top_up(fuel);
        self.inner.cpu.resume(pid);
        Ok(())
    }

    /// All live processes, by pid.
    pub fn snapshot(&self) -> Vec<ProcessSnapshot> {
        self.inner.snapshot()
    }

    /// Says that grants were changed: the next call of each running process asks them anew, and
    /// operations under way whose right is gone end.
    pub fn grants_changed(&self) {
        self.inner.epoch.advance();
    }

    /// What this machine can hold.
    pub fn capacity(&self) -> &Capacity {
        &self.inner.capacity
    }

    /// The limits that no process passes.
    pub fn limits(&self) -> &Limits {
        &self.inner.config.limits
    }

    /// The installed plugins.
    pub fn programs(&self) -> &Arc<dyn Programs> {
        &self.inner.parts.programs
    }

    /// Ends all processes, then the workers.
    pub async fn shutdown(&self) {
        let pids: Vec<Pid> = self.inner.table.lock().iter().map(|(pid, _)| pid).collect();
        for pid in pids {
            self.inner.end(pid, ExitStatus::Killed(KilledBy::Shutdown));
        }
        for _ in 0..500 {
            if self.inner.table.lock().is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let inner = self.inner.clone();
        let _ = tokio::task::spawn_blocking(move || inner.cpu.shutdown()).await;
    }
}

/// Ends a process whose caller went away.
struct KillOnDrop(Kernel, Pid);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        let _ = self.0.kill(self.1);
    }
}
