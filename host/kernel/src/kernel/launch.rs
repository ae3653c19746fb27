//! From a program to a process: image, account, rights, sessions, a slot in the table, a task.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use tokio::sync::{oneshot, watch};

use super::{
    client::{ClientCall, denied},
    facade::{Inner, Live},
    spawn::{NoSuchProcess, Running, Spawn, SpawnError},
};
use crate::{
    account::{Account, Fuel, Limits},
    devices::{
        Grants, answer, fs, interfaces, llm, memory, net,
        spawn::{self, Caller, Mailbox},
        storage, tool,
        wasi::Surroundings,
    },
    engine::{self, Entry, Image, ImageError, Kind, Outcome, Sessions, Spawned},
    process::{ExitStatus, Fault, KilledBy, Pid},
    program::{Mount, Program, Source},
    syscall::{
        Authority, Control, audit::Auditor, authority::Rights, door::Core, needs::Needs, panic::CatchPanic,
        policy::Judged,
    },
};

/// A process that is to be.
pub(super) struct Launch {
    pub(super) spawn: Spawn,
    pub(super) entry: Entry,
    pub(super) parent: Option<Parentage>,
    pub(super) without_grants: bool,
}

/// What a child has of its parent.
pub(super) struct Parentage {
    pub(super) caller: Caller,
    pub(super) fuel: Option<Fuel>,
    /// Rights within the parent's own, and within these; a tool has its own rights instead.
    pub(super) passes: Passes,
    /// To the child, and from it.
    pub(super) mail: Option<(Mailbox, Mailbox)>,
}

/// What a child may do.
pub(super) enum Passes {
    /// Its program's rights, within its parent's, and within these.
    Within(Option<Grants>),
    /// Its program's rights: the caller's `tool` grant is the whole delegation.
    Own,
}

impl Launch {
    pub(super) fn root(spawn: Spawn, entry: Entry) -> Self {
        Self { spawn, entry, parent: None, without_grants: false }
    }

    pub(super) fn without_grants(spawn: Spawn, entry: Entry) -> Self {
        Self { spawn, entry, parent: None, without_grants: true }
    }
}

/// Refuses a component that imports more than its manifest declares, before its first instruction.
fn check_ceiling(image: &Image, ceiling: &Grants) -> Result<(), SpawnError> {
    for import in &image.imports {
        // What is not offered was refused when it was linked.
        if let Ok(Some(capability)) = interfaces::needed(import)
            && !ceiling.names(capability)
        {
            return Err(SpawnError::BeyondCeiling { capability: capability.to_owned(), imports: import.clone() });
        }
    }
    Ok(())
}

/// Leaves out the mounts that would hide what is the user's: the place where they run it, and places that they
/// granted. For all of the process's life, and that of its commands: what a path means does not change meanwhile.
fn unhidden(mut spawn: Spawn, here: bool) -> Spawn {
    let granted = spawn.program.grants.get();
    let hides = |mount: &Mount| {
        let below = |path: &Path| path != mount.at && path.starts_with(&mount.at);
        (here && spawn.directory.starts_with(&mount.at)) || granted.fs.iter().any(|rule| rule.path().is_some_and(below))
    };
    if spawn.program.mounts.iter().any(hides) {
        let mut program = Program::clone(&spawn.program);
        program.mounts.retain(|mount| !hides(mount));
        spawn.program = Arc::new(program);
    }
    spawn
}

impl Inner {
    pub(super) async fn image(&self, program: &Program) -> Result<Arc<Image>, ImageError> {
        self.images.load(program.code.digest, || (program.code.read)()).await
    }

    /// Starts a process. What it answers, if it was asked something, comes by the second value.
    pub(super) async fn launch(&self, launch: Launch) -> Result<(Running, oneshot::Receiver<Outcome>), SpawnError> {
        let Launch { spawn, entry, parent, without_grants } = launch;
        let spawn = match &parent {
            // A command is its caller, and finds what that finds.
            Some(Parentage { passes: Passes::Within(_), .. }) => spawn,
            // Where a tool's caller is means nothing to it: it has its own folder.
            parent => unhidden(spawn, parent.is_none() && matches!(entry, Entry::Run { .. })),
        };
        let image = self.image(&spawn.program).await?;
        if matches!(entry, Entry::Run { .. }) {
            let hint = match image.kind {
                Kind::Toolbox | Kind::Typed => {
                    Some("it offers tools, resources or prompts and cannot be run; `holm tool list` shows its tools")
                }
                Kind::Policy => Some("it is a policy and cannot be run; `holm policy set` sets it over a plugin"),
                Kind::Agent | Kind::Command => None,
            };
            if let Some(hint) = hint {
                return Err(ImageError::Unsuitable(hint.to_owned()).into());
            }
        }
        check_ceiling(&image, &spawn.program.code.imports)?;
        let account = self.account(&spawn, parent.as_ref())?;
        let started = self.admit(spawn, entry, parent, without_grants, image, account.clone());
        if started.is_err() {
            account.close();
        }
        started
    }

    /// The account of a new process: a root's, or carved out of its parent's.
    fn account(&self, spawn: &Spawn, parent: Option<&Parentage>) -> Result<Arc<Account>, SpawnError> {
        // Stopping on empty is the operator's choice; a manifest only asks for amounts.
        let limits = self.config.limits.meet(&spawn.program.limits).meet(&spawn.limits);
        let on_empty = spawn.limits.on_empty;
        match parent {
            None => Ok(Account::root(Limits { on_empty, ..limits })),
            Some(parent) => {
                let on_empty = parent.caller.control.account.limits().on_empty;
                Ok(parent.caller.control.account.carve(&Limits { on_empty, ..limits }, parent.fuel)?)
            }
        }
    }

    fn admit(
        &self,
        spawn: Spawn,
        entry: Entry,
        parent: Option<Parentage>,
        without_grants: bool,
        image: Arc<Image>,
        account: Arc<Account>,
    ) -> Result<(Running, oneshot::Receiver<Outcome>), SpawnError> {
        let full = SpawnError::Full(self.capacity.processes);
        let Some(taken) = self.places.take(image.places) else { return Err(full) };
        let authority = self.authority(&spawn.program, parent.as_ref(), without_grants);
        let parent_pid = parent.as_ref().map(|parent| parent.caller.control.pid);
        let mail = parent.as_ref().and_then(|parent| parent.mail.clone());
        let (exit_sender, exit) = watch::channel(None);
        let plugin: Arc<str> = spawn.program.name.as_str().into();
        let caller = parent.as_ref().map(|parent| &*parent.caller.control);
        let answers = parent.as_ref().is_some_and(|parent| matches!(parent.passes, Passes::Own));
        let judges = matches!(entry, Entry::Judge { .. });
        let mut made = None;
        let live = |pid| {
            let control = Arc::new(Control::new(pid, caller, plugin.clone(), answers, judges, account.clone()));
            made = Some(control.clone());
            let (program, authority, mail) = (spawn.program.clone(), authority.clone(), mail.clone());
            Live { control, exit: exit_sender, program, authority, mail }
        };
        let inserted = self.table.lock().insert(parent_pid, live);
        let (pid, control) = match (inserted, made) {
            (Ok(pid), Some(control)) => (pid, control),
            _ => return Err(full),
        };
        if let Some(listener) = spawn.listener.clone().filter(|_| caller.is_none()) {
            // Of a run that has just begun there is no other.
            let _ = control.run.listener.set(listener);
        }
        if spawn.record && caller.is_none() {
            let _ = control.run.needs.set(Needs::default());
        }
        control.span.begin(&control, caller);
        let core = Core::new(
            control.clone(),
            authority.clone(),
            spawn.operator.clone(),
            Arc::new(super::services::Services(self.this.clone())),
            Auditor::new(self.parts.audit.clone()),
            self.epoch.clone(),
            self.config.quantum,
        );
        let asked = spawn.client.as_deref().filter(|_| caller.is_none()).map(|client| {
            let (control, operator) = (control.clone(), spawn.operator.clone());
            let judged = Judged { control, authority, operator, client: None };
            let judges = Arc::new(super::services::Services(self.this.clone()));
            Box::new(ClientCall::new(client, &entry, judged, judges, self.parts.audit.clone()))
        });
        let root_caller = control.answers.then(|| control.root.clone());
        if spawn.program.mounts.iter().any(|mount| mount.from == Source::Scratch) {
            control.run.note_scratch();
        }
        let nice = spawn.nice;
        let spawned = Spawned { core, sessions: self.sessions(spawn, &entry, mail, &control, root_caller) };
        let (answer, answered) = oneshot::channel();
        let finish = Finish { kernel: self.this.clone(), control: control.clone(), status: None };
        let quantum = self.config.quantum;
        // Made here, on the heap: as a part of the body it would be kept there a second time. A panic in the
        // host ends this process.
        let run = CatchPanic::new(engine::run(image, entry, Box::new(spawned), quantum));
        let body = async move {
            // Dropped last: by then the store and all it held are gone.
            let mut finish = finish;
            let _taken = taken;
            let ran =
                async { run.await.unwrap_or_else(|panic| Outcome::Exited(ExitStatus::Fault(Fault::Host(panic)))) };
            let outcome = match &asked {
                None => ran.await,
                Some(asked) => match Box::pin(asked.before()).await {
                    Ok(()) => Box::pin(asked.after(ran.await)).await,
                    Err(rule) => denied(&rule),
                },
            };
            finish.status = Some(match &outcome {
                Outcome::Exited(status) => status.clone(),
                Outcome::Answered(_) | Outcome::Described(_) | Outcome::Offered(_) | Outcome::Judged(_) => {
                    ExitStatus::Code(0)
                }
            });
            // Nobody may be asking.
            let _ = answer.send(outcome);
        };
        self.cpu.submit(control.clone(), control.tree, parent_pid, nice, body);
        Ok((Running { pid, control, exit }, answered))
    }

    /// Where a run has folders of its own.
    fn scratch(&self, root: Pid) -> PathBuf {
        self.parts.scratch.join(u64::from(root).to_string())
    }

    fn authority(&self, program: &Program, parent: Option<&Parentage>, without_grants: bool) -> Arc<Authority> {
        let mut own = program.own.clone();
        for rule in fs::rules(&program.mounts) {
            // The path of a mount is one that a rule can hold.
            let _ = own.add(&rule);
        }
        let mut rights = Rights {
            owner: program.name.as_str().into(),
            own: Arc::new(own),
            ceiling: program.ceiling.clone(),
            granted: program.grants.clone(),
        };
        match parent {
            _ if without_grants => {
                rights.granted = Arc::default();
                Authority::new(rights, None)
            }
            Some(Parentage { passes: Passes::Within(passed), caller, .. }) => {
                caller.authority.child(rights, passed.clone())
            }
            Some(Parentage { passes: Passes::Own, caller, .. }) => {
                Authority::new(rights, Some(caller.authority.clone()))
            }
            None => Authority::new(rights, None),
        }
    }

    fn sessions(
        &self,
        spawn: Spawn,
        entry: &Entry,
        mail: Option<(Mailbox, Mailbox)>,
        control: &Control,
        root_caller: Option<Arc<str>>,
    ) -> Sessions {
        let kernel = Arc::new(super::services::Services(self.this.clone()));
        let name = &spawn.program.name;
        // A tool's private buckets are the caller's too: two callers of one tool share nothing.
        let owner: Arc<str> =
            root_caller.map_or_else(|| name.as_str().into(), |caller| format!("{name}@{caller}").into());
        let directory = spawn.directory.to_string_lossy().into_owned();
        // What is not installed carries its digest in its name; it need not know.
        let own = spawn.command.as_deref().unwrap_or_else(|| name.split('@').next().unwrap_or(name));
        let mut arguments = vec![own.to_owned()];
        if let Entry::Run { arguments: own } = entry {
            arguments.extend(own.iter().cloned());
        }
        let scratch = self.scratch(control.tree).join(name.replace('/', "+"));
        let mounts = fs::Mounts::new(&spawn.program.mounts, &scratch);
        Sessions {
            llm: llm::Session::new(self.models.clone(), kernel.clone()),
            memory: memory::Session { driver: self.parts.memory.clone(), owner: owner.clone() },
            storage: storage::Session { driver: self.parts.storage.clone(), owner },
            spawn: spawn::Session {
                driver: kernel.clone(),
                directory: directory.clone(),
                stdin: spawn.stdin.clone(),
                stdout: spawn.stdout.clone(),
                stderr: spawn.stderr.clone(),
                // What its parent sends is what it receives.
                parent: mail.map(|(to_child, from_child)| (from_child, to_child)),
            },
            tool: tool::Session { driver: kernel, ledger: self.ledger.clone(), directory: directory.clone() },
            log: self.parts.log.clone(),
            task: (),
            answer: answer::Session::new(matches!(entry, Entry::Call { .. } | Entry::Fetch(_))),
            fs: fs::Session::new(spawn.directory, self.parts.protected.clone(), mounts),
            net: net::Session::new(self.parts.network.clone(), self.ledger.clone()),
            io: (),
            clocks: Instant::now(),
            random: wasmtime_wasi::thread_rng(),
            program: Surroundings {
                arguments,
                environment: spawn.environment.into_iter().collect(),
                directory,
                stdin: spawn.stdin,
                stdout: spawn.stdout,
                stderr: spawn.stderr,
                account: control.account.clone(),
            },
        }
    }

    /// What a live process runs.
    pub(super) fn program_of(&self, pid: Pid) -> Option<Arc<Program>> {
        self.table.lock().get(pid).map(|live| live.program.clone())
    }

    /// Ends one process.
    pub(super) fn end(&self, pid: Pid, status: ExitStatus) {
        self.cpu.kill(pid, status);
    }

    /// Ends a process and its descendants; how many. It goes first: were its children to, it could
    /// still see that, and end by itself.
    pub(super) fn kill_tree(&self, pid: Pid, by: KilledBy) -> Result<usize, NoSuchProcess> {
        let table = self.table.lock();
        table.get(pid).ok_or(NoSuchProcess(pid))?;
        let descendants = table.descendants(pid);
        // All are marked before any is ended: none sees another go, and makes one more system call.
        for live in descendants.iter().filter_map(|child| table.get(*child)) {
            live.control.end(ExitStatus::Killed(KilledBy::ParentEnded));
        }
        drop(table);
        self.end(pid, ExitStatus::Killed(by));
        for child in &descendants {
            self.end(*child, ExitStatus::Killed(KilledBy::ParentEnded));
        }
        Ok(descendants.len() + 1)
    }

    /// Ends processes that have lived longer than they may.
    pub(super) fn end_overdue(&self) {
        let now = Instant::now();
        let overdue: Vec<Pid> = self
            .table
            .lock()
            .iter()
            .filter(|(_, live)| {
                now.saturating_duration_since(live.control.started) > live.control.account.limits().wall_time
            })
            .map(|(pid, _)| pid)
            .collect();
        for pid in overdue {
            self.end(pid, ExitStatus::Fault(Fault::Deadline));
        }
    }

    /// A process is gone, and its store with it.
    fn finished(&self, control: &Control, status: ExitStatus) {
        let pid = control.pid;
        self.cpu.remove(pid);
        let mut table = self.table.lock();
        let children: Vec<Pid> = table.descendants(pid);
        let live = table.remove(pid);
        // While the table is locked: who looks meanwhile sees it live or ended, and never both. A call of
        // a model that ends with it may settle a moment later.
        control.settle_later(self.statistics.clone());
        self.statistics.note(control, &status);
        drop(table);
        control.span.end(&status);
        for child in children {
            self.end(child, ExitStatus::Killed(KilledBy::ParentEnded));
        }
        control.account.close();
        if control.parent.is_none() {
            self.ledger.end_run(&control.run);
            self.parts.servers.ended(pid);
            if control.run.has_scratch() {
                let folder = self.scratch(pid);
                // Nobody waits for it; what is left of it goes with the next start.
                tokio::task::spawn_blocking(move || crate::scratch::remove(&folder));
            }
        }
        tracing::debug!(%pid, plugin = %control.plugin, %status, "process ended");
        if let Some(live) = live {
            if let Some((to_child, from_child)) = &live.mail {
                // What it sent is its parent's to read; what was sent to it is nobody's.
                to_child.discard();
                from_child.close();
            }
            live.exit.send_replace(Some(status));
        }
    }
}

/// Settles a process when its body ends, is cancelled, or panics.
struct Finish {
    kernel: std::sync::Weak<Inner>,
    control: Arc<Control>,
    status: Option<ExitStatus>,
}

impl Drop for Finish {
    fn drop(&mut self) {
        let status = self.status.take().or_else(|| self.control.ending());
        let status = status.unwrap_or(ExitStatus::Fault(Fault::Host("it was dropped while it ran".to_owned())));
        if let Some(kernel) = self.kernel.upgrade() {
            kernel.finished(&self.control, status);
        }
    }
}
