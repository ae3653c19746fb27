//! The harness: one kernel, a guest to run, and a report of what came of it.
//!
//! ```no_run
//! # use holm_tests::guest;
//! # async fn test() {
//! let report = guest("fs_ok").grant("fs=/data:ro").arguments(["/data/a"]).run().await;
//! report.exits(0);
//! # }
//! ```
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod acts;
mod attack;
mod authority;
mod gate;
mod hearer;
mod keyring;
mod models;
mod names;
mod report;
mod web;

pub use acts::{ASKED, Act, Actor, routed, target};
pub use attack::{Neighbour, OVERSHOOT, eventually, leaks_nothing};
pub use authority::Authority;
pub use gate::Gate;
pub use hearer::Hearer;
pub use keyring::Keyring;
pub use models::Obedient;
pub use names::Names;
pub use report::Report;
pub use web::Web;

use std::{
    collections::HashMap,
    future::Future,
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use holm_drivers::net::Network;
use holm_kernel::{
    Answer, Config, InProcess, Kernel, Moment, Operator, Parts, Question, Running, Spawn,
    account::Limits,
    audit::{self, Record},
    devices::Grants,
    pipe,
    program::{Code, Digest, LiveGrants, Mount, Program, ProgramError, Programs, ToolDescription},
    sched::Nice,
};
use parking_lot::Mutex;

/// The directory of the built guests.
pub fn guests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("guests/target/wasm32-wasip2/release")
}

/// The bytes of a guest.
///
/// # Panics
/// It was not built: `just guests` does.
pub fn component(name: &str) -> Vec<u8> {
    let path = guests().join(name).with_extension("wasm");
    std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; build the guests with `just guests`", path.display()))
}

/// The kernel that all tests of one binary share, with a runtime of its own.
pub struct Machine {
    /// The kernel.
    pub kernel: Kernel,
    /// What its devices recorded.
    pub records: Arc<Records>,
    /// The plugins that guests find by name.
    pub plugins: Arc<Plugins>,
    /// What keeps its buckets.
    pub gate: Arc<Gate>,
    /// What answers for its models.
    pub obedient: Arc<Obedient>,
    /// Its secrets.
    pub keyring: Arc<Keyring>,
    /// What its names lead to.
    pub names: Arc<Names>,
    /// What it waits with.
    pub runtime: tokio::runtime::Runtime,
}

/// Audit records, kept.
#[derive(Default)]
pub struct Records(Mutex<Vec<Record>>);

impl audit::Sink for Records {
    fn record(&self, record: Record) {
        self.0.lock().push(record);
    }
}

/// Installed plugins, in memory.
#[derive(Default)]
pub struct Plugins(Mutex<Vec<Arc<Program>>>, Mutex<HashMap<String, Vec<String>>>);

impl Plugins {
    /// Installs a program; one of the same name is replaced.
    pub fn install(&self, program: Arc<Program>) {
        let mut all = self.0.lock();
        all.retain(|known| known.name != program.name);
        all.push(program);
    }

    /// Sets policies over a plugin.
    pub fn judged(&self, plugin: &str, policies: &[&str]) {
        let policies = policies.iter().map(|policy| (*policy).to_owned()).collect();
        self.1.lock().insert(plugin.to_owned(), policies);
    }
}

impl Programs for Plugins {
    fn find(&self, name: &str) -> Result<Arc<Program>, ProgramError> {
        let found = self.0.lock().iter().find(|program| program.name == name).cloned();
        found.ok_or_else(|| ProgramError::NotFound(name.to_owned()))
    }

    fn command(&self, command: &str) -> Result<Code, ProgramError> {
        let missing = |_| ProgramError::NoCommand(command.to_owned());
        self.find(&format!("command-{command}")).map(|program| program.code.clone()).map_err(missing)
    }

    fn list(&self) -> Vec<Arc<Program>> {
        self.0.lock().clone()
    }

    fn policies(&self, plugin: &str, moment: Moment) -> Vec<String> {
        let over = self.1.lock().get(plugin).cloned().unwrap_or_default();
        let asked = |policy: &String| self.find(policy).map_or(true, |program| program.judges.contains(&moment));
        over.into_iter().filter(asked).collect()
    }
}

/// The machine of this test binary.
pub fn machine() -> &'static Machine {
    static MACHINE: OnceLock<Machine> = OnceLock::new();
    MACHINE.get_or_init(|| Machine::new(Config { capacity: 400, ..Config::default() }))
}

impl Machine {
    /// A kernel over drivers in memory.
    pub fn new(config: Config) -> Self {
        Self::with(config, |_| ())
    }

    /// A kernel of its own for one test: what stands behind its devices can be changed first.
    pub fn alone(config: Config, change: impl FnOnce(&mut Parts)) -> &'static Self {
        Box::leak(Box::new(Self::with(config, change)))
    }

    fn with(config: Config, change: impl FnOnce(&mut Parts)) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let _entered = runtime.enter();
        let (records, plugins) = (Arc::<Records>::default(), Arc::<Plugins>::default());
        let protected = PathBuf::from("/nonexistent/holm");
        let gate = Gate::new(holm_drivers::storage::open("memory", Path::new("/nonexistent")).unwrap());
        let obedient = Arc::<Obedient>::default();
        let names = Arc::<Names>::default();
        let keyring = Arc::<Keyring>::default();
        let roots = Authority::trusted().roots();
        let network = Network::trusting(names.clone(), keyring.clone(), roots).unwrap();
        let mut parts = Parts {
            models: obedient.models(),
            memory: Arc::new(holm_drivers::memory::Memory::open(&scratch(), None).unwrap()),
            storage: gate.clone(),
            network: Arc::new(network),
            programs: plugins.clone(),
            index: Arc::<holm_drivers::search::Tools>::default(),
            servers: Arc::new(holm_kernel::devices::tool::NoServers),
            audit: records.clone(),
            log: Arc::new(()),
            compiler: Arc::new(InProcess),
            scratch: scratch(),
            protected: Arc::new(move |path| path.starts_with(&protected)),
        };
        change(&mut parts);
        let kernel = Kernel::boot(config, parts).unwrap();
        drop(_entered);
        Self { kernel, records, plugins, gate, obedient, keyring, names, runtime }
    }

    /// Waits for a test on this machine's runtime.
    pub fn block_on<T>(&self, test: impl Future<Output = T>) -> T {
        self.runtime.block_on(async { tokio::time::timeout(Duration::from_secs(120), test).await.expect("it hangs") })
    }
}

/// Where the runs of one machine have folders of their own.
fn scratch() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("holm-scratch-{}-{}", std::process::id(), NEXT.fetch_add(1, Relaxed));
    std::env::temp_dir().canonicalize().unwrap().join(name)
}

/// A guest that is to be run.
pub struct Guest {
    machine: &'static Machine,
    name: String,
    component: Vec<u8>,
    ceiling: Grants,
    grants: Grants,
    limits: Limits,
    nice: Nice,
    arguments: Vec<String>,
    stdin: Vec<u8>,
    keep_stdin: bool,
    directory: PathBuf,
    operator: Option<Arc<dyn Operator>>,
    judges: Vec<Moment>,
    own: Grants,
    mounts: Vec<Mount>,
}

/// A guest by its name, with everything in its ceiling and nothing granted.
pub fn guest(name: &str) -> Guest {
    Guest::new(machine(), name, component(name))
}

impl Guest {
    /// A guest from the bytes of a component.
    pub fn new(machine: &'static Machine, name: &str, component: Vec<u8>) -> Self {
        let mut ceiling = Grants::default();
        for line in [
            "fs=*:rw",
            "storage=*:rw",
            "storage=shared/*:rw",
            "spawn=*",
            "exec=*",
            "tool=*/*",
            "net=*://*",
            "llm=*",
            "memory=*:rw",
            "memory=shared/*:rw",
        ] {
            ceiling.add(line).unwrap();
        }
        Self {
            machine,
            name: name.replace('_', "-"),
            component,
            ceiling,
            grants: Grants::default(),
            limits: Limits { wall_time: Duration::from_secs(60), ..Limits::default() },
            nice: Nice::default(),
            arguments: Vec::new(),
            stdin: Vec::new(),
            keep_stdin: false,
            directory: PathBuf::from("/"),
            operator: None,
            judges: Vec::new(),
            own: Grants::default(),
            mounts: Vec::new(),
        }
    }

    /// It has this right without a grant.
    #[must_use]
    pub fn own(mut self, line: &str) -> Self {
        self.own.add(line).unwrap();
        self
    }

    /// It finds this mounted.
    #[must_use]
    pub fn mounts(mut self, mounts: impl IntoIterator<Item = Mount>) -> Self {
        self.mounts = mounts.into_iter().collect();
        self
    }

    /// Installs it as a runtime that offers one command.
    pub fn offer(self, command: &str) {
        let program = Program { name: format!("command-{command}"), ..Program::clone(&self.program()) };
        self.machine.plugins.install(Arc::new(program));
    }

    /// It is a policy, asked at these moments.
    #[must_use]
    pub fn judges(mut self, moments: impl IntoIterator<Item = Moment>) -> Self {
        self.judges = moments.into_iter().collect();
        self
    }

    /// Grants a right.
    #[must_use]
    pub fn grant(mut self, line: &str) -> Self {
        self.grants.add(line).unwrap();
        self
    }

    /// Replaces the ceiling.
    #[must_use]
    pub fn ceiling(mut self, lines: &[&str]) -> Self {
        self.ceiling = Grants::default();
        lines.iter().for_each(|line| self.ceiling.add(line).unwrap());
        self
    }

    /// Changes a limit.
    #[must_use]
    pub fn limit(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.limits);
        self
    }

    /// Its share.
    ///
    /// # Panics
    /// There is no such nice.
    #[must_use]
    pub fn nice(mut self, nice: i8) -> Self {
        self.nice = Nice::new(nice).unwrap();
        self
    }

    /// Its arguments.
    #[must_use]
    pub fn arguments(mut self, arguments: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.arguments = arguments.into_iter().map(Into::into).collect();
        self
    }

    /// What it reads.
    #[must_use]
    pub fn stdin(mut self, bytes: &[u8]) -> Self {
        self.stdin = bytes.to_vec();
        self
    }

    /// It can be sent lines while it runs.
    #[must_use]
    pub fn keep_stdin(mut self) -> Self {
        self.keep_stdin = true;
        self
    }

    /// Runs it under another name: what is private to a plugin is then another's.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    /// Where its relative paths begin.
    #[must_use]
    pub fn directory(mut self, directory: &Path) -> Self {
        self.directory = directory.to_path_buf();
        self
    }

    /// Who is asked.
    #[must_use]
    pub fn operator(mut self, operator: Arc<dyn Operator>) -> Self {
        self.operator = Some(operator);
        self
    }

    /// The program that would run.
    pub fn program(&self) -> Arc<Program> {
        self.program_with_tools(Vec::new())
    }

    /// The program, with tools as an installation would have captured them.
    pub fn program_with_tools(&self, tools: Vec<ToolDescription>) -> Arc<Program> {
        let bytes = self.component.clone();
        let digest = Digest::of(&bytes);
        Arc::new(Program {
            grants: Arc::new(LiveGrants::new(self.grants.clone())),
            limits: self.limits.clone(),
            own: self.own.clone(),
            mounts: self.mounts.clone(),
            tools,
            judges: self.judges.clone(),
            ..Program::new(self.name.clone(), digest, Arc::new(move || Ok(bytes.clone()))).within(self.ceiling.clone())
        })
    }

    /// Installs it under its name, so that other guests can start it or call its tools.
    pub async fn install(self) -> Arc<Program> {
        let program = self.program();
        let tools = self.machine.kernel.describe_tools(program).await.unwrap();
        let program = self.program_with_tools(tools);
        self.machine.plugins.install(program.clone());
        program
    }

    /// Starts it.
    ///
    /// # Errors
    /// It does not start.
    pub async fn try_start(self) -> Result<Started, holm_kernel::SpawnError> {
        let program = self.program();
        // All of it waits in the pipe, and what a pipe counts for each piece.
        let (writer, stdin) = pipe::pipe(self.stdin.len() + self.stdin.len() / 256 + 64);
        writer.write(self.stdin.clone().into()).await;
        let writer = self.keep_stdin.then_some(writer);
        let (stdout, read_stdout) = pipe::pipe(1 << 20);
        let (stderr, read_stderr) = pipe::pipe(1 << 20);
        let limits = self.limits.clone();
        let spawn = Spawn {
            arguments: self.arguments,
            directory: self.directory,
            nice: self.nice,
            stdin,
            stdout,
            stderr,
            limits,
            operator: self.operator,
            ..Spawn::new(program.clone())
        };
        let running = self.machine.kernel.spawn(spawn).await?;
        let (stdout, stderr) = (Output::of(read_stdout), Output::of(read_stderr));
        Ok(Started { machine: self.machine, running, program, stdin: writer, stdout, stderr })
    }

    /// Starts it.
    pub async fn start(self) -> Started {
        self.try_start().await.unwrap()
    }

    /// Runs it to its end.
    pub async fn run(self) -> Report {
        self.start().await.wait().await
    }
}

/// A guest under way.
pub struct Started {
    machine: &'static Machine,
    /// The process.
    pub running: Running,
    /// What it runs.
    pub program: Arc<Program>,
    stdin: Option<pipe::PipeWriter>,
    stdout: Output,
    stderr: Output,
}

/// What a guest writes, as it comes.
struct Output {
    bytes: Arc<Mutex<Vec<u8>>>,
    end: tokio::task::JoinHandle<()>,
}

impl Output {
    fn of(reader: pipe::PipeReader) -> Self {
        let bytes = Arc::<Mutex<Vec<u8>>>::default();
        let all = bytes.clone();
        let end = tokio::spawn(async move {
            while let Some(bytes) = reader.read().await {
                let mut all = all.lock();
                let room = (1_usize << 20).saturating_sub(all.len());
                all.extend_from_slice(&bytes[..bytes.len().min(room)]);
            }
        });
        Self { bytes, end }
    }

    async fn text(self) -> String {
        self.end.await.unwrap();
        String::from_utf8_lossy(&self.bytes.lock()).into_owned()
    }
}

impl Started {
    /// Takes a right away from the running process.
    pub fn revoke(&self, line: &str) {
        let mut grants = Grants::clone(&self.program.grants.get());
        grants.remove(line).unwrap();
        self.program.grants.set(grants);
        self.machine.kernel.grants_changed();
    }

    /// Waits for its end.
    pub async fn wait(self) -> Report {
        drop(self.stdin);
        let exit = self.running.wait().await;
        let (stdout, stderr) = (self.stdout.text().await, self.stderr.text().await);
        let records = self.machine.records.0.lock();
        let records = records.iter().filter(|record| record.pid == self.running.pid).cloned().collect();
        Report { exit, stdout, stderr, records }
    }
}

/// An operator who always gives the same answer, and remembers what was asked.
pub struct Always {
    answer: Answer,
    /// What was asked.
    pub asked: Mutex<Vec<Question>>,
}

impl Always {
    /// An operator of this answer.
    pub fn new(answer: Answer) -> Arc<Self> {
        Arc::new(Self { answer, asked: Mutex::default() })
    }
}

impl Operator for Always {
    fn approve(&self, question: Question) -> std::pin::Pin<Box<dyn Future<Output = bool> + Send + '_>> {
        self.asked.lock().push(question);
        let allowed = self.answer == Answer::Once;
        Box::pin(async move { allowed })
    }

    fn told(&self, question: Question) {
        self.asked.lock().push(question);
    }

    fn deferred(&self, question: Question, _: u64) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.asked.lock().push(question);
        Box::pin(async {})
    }

    fn denied(&self, question: Question) -> std::pin::Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
        self.asked.lock().push(question);
        let answer = self.answer;
        Box::pin(async move { answer })
    }
}
