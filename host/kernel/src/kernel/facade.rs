//! What embedders call.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use parking_lot::Mutex;

use tokio::sync::{
    Semaphore,
    oneshot::{self, error::RecvError},
    watch,
};

use super::{
    config::{BootError, Config, Parts},
    launch::Launch,
    pending::{Pending, Waiting},
    snapshot::ProcessSnapshot,
    spawn::{Exit, NoSuchProcess, Running, Spawn, SpawnError, ToolAnswer, ToolError},
    statistics::{PluginLatency, PluginSnapshot, Statistics},
    threads,
};
use crate::{
    account::{Bytes, Fuel, Limits},
    devices::{
        Grants,
        llm::{Models, ProviderSnapshot},
        storage::DriverError,
        tool::{self, Admits, Found},
    },
    engine::{Capacity, Engines, Entry, Image, ImageError, Images, Outcome, Places, cpu::Cpu},
    process::{ExitStatus, KilledBy, Pid, Table},
    program::{Fetch, Offers, Program, Programs, ToolDescription},
    sched::{Fair, Nice},
    syscall::{Authority, Control, authority::Epoch, ledger::Ledger},
};

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
    pub(super) models: Arc<Models>,
    /// What was used of the budgets of grants.
    pub(super) ledger: Arc<Ledger>,
    /// What waits for its user's decision.
    pub(super) waiting: Waiting,
    /// Searches that may be under way.
    pub(super) searches: Arc<Semaphore>,
    pub(super) cpu: Cpu,
    pub(super) table: Mutex<Table<Live>>,
    /// What of this machine its processes take.
    pub(super) places: Arc<Places>,
    pub(super) epoch: Arc<Epoch>,
    pub(super) statistics: Arc<Statistics>,
    pub(super) this: Weak<Inner>,
}

/// A live process, in the table.
pub(super) struct Live {
    pub(super) control: Arc<Control>,
    pub(super) exit: watch::Sender<Option<ExitStatus>>,
    /// What it runs, for children of its own kind.
    pub(super) program: Arc<Program>,
    /// What it may do.
    pub(super) authority: Arc<Authority>,
    /// Ends its side of the mailbox to its parent.
    pub(super) mail: Option<(crate::devices::spawn::Mailbox, crate::devices::spawn::Mailbox)>,
}

/// How often deadlines are looked at.
const TICK: Duration = Duration::from_millis(20);
/// Searches for tools at once. Stops thousands of them from taking the threads that files and storage share.
const SEARCHES: usize = 2;
/// How often the budgets of hours and days are saved; a kernel that is killed forgets at most this.
const SAVE: Duration = Duration::from_secs(1);

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
        threads::start_blocking(&runtime);
        let ledger = Arc::<Ledger>::default();
        let models = Arc::new(Models::new(parts.models.clone(), ledger.clone())?);
        let table = Mutex::new(Table::new(capacity.processes as usize));
        let places = Places::new(capacity.processes);
        let inner = Arc::new_cyclic(|this| Inner {
            config,
            capacity,
            parts,
            images,
            models,
            ledger,
            waiting: Waiting::default(),
            searches: Arc::new(Semaphore::new(SEARCHES)),
            cpu,
            table,
            places,
            epoch: Arc::default(),
            statistics: Arc::default(),
            this: this.clone(),
        });
        let watched = Arc::downgrade(&inner);
        runtime.spawn(async move {
            let mut tick = tokio::time::interval(TICK);
            while let Some(kernel) = watched.upgrade() {
                kernel.end_overdue();
                drop(kernel);
                tick.tick().await;
            }
        });
        let watched = Arc::downgrade(&inner);
        runtime.spawn(async move {
            let mut tick = tokio::time::interval(SAVE);
            let mut restored = false;
            while let Some(kernel) = watched.upgrade() {
                if !restored {
                    restored = kernel.restore_budgets().await;
                }
                kernel.save_budgets().await;
                drop(kernel);
                tick.tick().await;
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

    /// Calls a tool of a plugin in a process with no parent.
    ///
    /// # Errors
    /// As [`Kernel::spawn`].
    pub async fn start_call(&self, spawn: Spawn, tool: &str, arguments: String) -> Result<Calling, SpawnError> {
        self.calling(spawn, Entry::Call { tool: tool.to_owned(), arguments }).await
    }

    /// Fetches what a plugin offers beside its tools, in a process with no parent.
    ///
    /// # Errors
    /// As [`Kernel::spawn`].
    pub async fn start_fetch(&self, spawn: Spawn, fetch: Fetch) -> Result<Calling, SpawnError> {
        self.calling(spawn, Entry::Fetch(fetch)).await
    }

    async fn calling(&self, spawn: Spawn, entry: Entry) -> Result<Calling, SpawnError> {
        let (running, outcome) = self.inner.launch(Launch::root(spawn, entry)).await?;
        let guard = KillOnDrop(Some(self.clone()), running.pid);
        Ok(Calling { running, outcome, guard })
    }

    /// Calls a tool of a plugin in a process with no parent, and waits for the answer.
    ///
    /// # Errors
    /// As [`Kernel::spawn`].
    pub async fn call_tool(&self, spawn: Spawn, tool: &str, arguments: String) -> Result<ToolAnswer, SpawnError> {
        Ok(self.start_call(spawn, tool, arguments).await?.wait().await)
    }

    /// Asks a component for its tools, in a bounded run without grants.
    ///
    /// # Errors
    /// As [`Kernel::spawn`]; [`ImageError::Unsuitable`] where the run did not end well.
    pub async fn describe_tools(&self, program: Arc<Program>) -> Result<Vec<ToolDescription>, SpawnError> {
        let image = self.inner.image(&program).await?;
        if image.tools.is_none() {
            // Its types tell them; nothing is run.
            return Ok(image.typed_tools());
        }
        match self.described(program, Entry::Describe).await? {
            (Ok(Outcome::Described(tools)), _) => Ok(tools),
            (_, exit) => Err(ImageError::Unsuitable(format!("it could not tell its tools: {}", exit.status)).into()),
        }
    }

    /// Asks a component for what it offers beside its tools, as [`Kernel::describe_tools`].
    ///
    /// # Errors
    /// As that.
    pub async fn describe_offers(&self, program: Arc<Program>) -> Result<Offers, SpawnError> {
        let image = self.inner.image(&program).await?;
        if image.library.is_none() && image.prompter.is_none() {
            return Ok(Offers::default());
        }
        match self.described(program, Entry::Offers).await? {
            (Ok(Outcome::Offered(offers)), _) => Ok(offers),
            (_, exit) => {
                Err(ImageError::Unsuitable(format!("it could not tell what it offers: {}", exit.status)).into())
            }
        }
    }

    /// Has a component tell of itself, in a bounded run without grants.
    async fn described(
        &self,
        program: Arc<Program>,
        entry: Entry,
    ) -> Result<(Result<Outcome, RecvError>, Exit), SpawnError> {
        let mut spawn = Spawn::new(program);
        spawn.limits = Limits {
            fuel: Fuel(5_000_000_000),
            wall_time: Duration::from_secs(30),
            storage: crate::account::Bytes(0),
            remembered: crate::account::Bytes(0),
            children: 0,
            ..Limits::default()
        };
        let (running, outcome) = self.inner.launch(Launch::without_grants(spawn, entry)).await?;
        let exit = running.wait().await;
        Ok((outcome.await, exit))
    }

    /// The tools that these words fit best, the best first, at most `limit` of those that `admits` lets be
    /// known. Words are words: there is no query language.
    pub async fn search_tools(&self, query: &str, admits: Admits, limit: usize) -> Vec<Found> {
        self.inner.search(query.to_owned(), admits, limit).await.0
    }

    /// What stands behind spaces, for their user, whom no grant binds.
    pub fn memory(&self) -> &Arc<dyn crate::memory::Driver> {
        &self.inner.parts.memory
    }

    /// Removes all that a plugin has stored in buckets and spaces of its own; how many bytes that were. Revoke its
    /// grants first: what runs of it could store more.
    ///
    /// # Errors
    /// The store failed. Part of it may be gone; it can be called again.
    pub async fn forget(&self, plugin: &str) -> Result<Bytes, DriverError> {
        let remembered = self.inner.parts.memory.forget_owner(plugin).await;
        let remembered = remembered.map_err(|error| DriverError::Io(error.to_string()))?;
        Ok(Bytes(self.inner.parts.storage.forget(plugin).await?.0 + remembered.0))
    }

    /// The calls that wait for their user's decision, oldest first.
    pub fn pending(&self) -> Vec<Pending> {
        self.inner.waiting.list()
    }

    /// Decides about a call that waits; whether one of this number still did.
    pub fn answer(&self, id: u64, allow: bool) -> bool {
        self.inner.waiting.answer(id, allow)
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

    /// The root of the tree of a live process: itself, if it has no parent.
    pub fn root(&self, pid: Pid) -> Option<Pid> {
        self.inner.table.lock().get(pid).map(|live| live.control.tree)
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

    /// Gives a process more fuel; one that stopped for want of it goes on, one that its operator stopped does not.
    ///
    /// # Errors
    /// No such process.
    pub fn top_up(&self, pid: Pid, fuel: Fuel) -> Result<(), NoSuchProcess> {
        let running = self.find(pid)?;
        running.control.account.top_up(fuel);
        self.inner.cpu.fed(pid);
        Ok(())
    }

    /// All live processes, by pid.
    pub fn snapshot(&self) -> Vec<ProcessSnapshot> {
        self.inner.snapshot()
    }

    /// What each plugin's processes have done since boot, by name.
    pub fn statistics(&self) -> Vec<PluginSnapshot> {
        self.inner.statistics()
    }

    /// How long calls of models waited and took since boot, by the plugin that made them.
    pub fn latencies(&self) -> Vec<PluginLatency> {
        self.inner.latencies()
    }

    /// The providers of models, and who waits for them, by name.
    pub fn providers(&self) -> Vec<ProviderSnapshot> {
        self.inner.models.providers()
    }

    /// Says that grants were changed: the next call of each running process asks them anew, and
    /// operations under way whose right is gone end.
    pub fn grants_changed(&self) {
        self.inner.epoch.advance();
    }

    /// Takes back of what was allowed once to processes of this plugin, children of others' included:
    /// `take` changes what each was. How many rules went.
    pub fn revoke_once(&self, plugin: &str, take: impl Fn(&mut Grants)) -> usize {
        let table = self.inner.table.lock();
        let own = table.iter().filter(|(_, live)| &*live.control.plugin == plugin);
        let authorities: Vec<_> = own.map(|(_, live)| live.authority.clone()).collect();
        drop(table);
        let taken = authorities.iter().map(|authority| authority.disallow_once(&take)).sum();
        if taken > 0 {
            self.grants_changed();
        }
        taken
    }

    /// What this machine can hold.
    pub fn capacity(&self) -> &Capacity {
        &self.inner.capacity
    }

    /// Whether instances come from a pool. Where its address space was refused they are made on demand, one by
    /// one, which costs speed only.
    pub fn is_pooled(&self) -> bool {
        self.inner.images.is_pooled()
    }

    /// The limits that no process passes.
    pub fn limits(&self) -> &Limits {
        &self.inner.config.limits
    }

    /// The models that can be granted, by name.
    pub fn models(&self) -> Vec<String> {
        self.inner.models.names()
    }

    /// The installed plugins.
    pub fn programs(&self) -> &Arc<dyn Programs> {
        &self.inner.parts.programs
    }

    /// What answers tools that no plugin has.
    pub fn servers(&self) -> &Arc<dyn tool::Servers> {
        &self.inner.parts.servers
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
        self.inner.save_budgets().await;
        let inner = self.inner.clone();
        let _ = tokio::task::spawn_blocking(move || inner.cpu.shutdown()).await;
    }
}

/// A call under way. Dropping it ends its process.
pub struct Calling {
    running: Running,
    outcome: oneshot::Receiver<Outcome>,
    guard: KillOnDrop,
}

impl Calling {
    /// The process that answers.
    pub fn pid(&self) -> Pid {
        self.running.pid
    }

    /// Waits for its answer.
    pub async fn wait(mut self) -> ToolAnswer {
        let exit = self.running.wait().await;
        self.guard.0 = None;
        let result = match self.outcome.await {
            Ok(Outcome::Answered(answer)) => answer.map_err(ToolError::from),
            _ => Err(ToolError::Ended(exit.status.clone())),
        };
        ToolAnswer { pid: self.running.pid, result, exit }
    }
}

/// Ends a process whose caller went away; without a kernel, none.
struct KillOnDrop(Option<Kernel>, Pid);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        if let Some(kernel) = &self.0 {
            let _ = kernel.kill(self.1);
        }
    }
}
