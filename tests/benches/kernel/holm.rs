//! Holm's side: a kernel, and programs it runs.

use std::{collections::VecDeque, path::Path, sync::Arc};

use holm_kernel::{
    Config, Exit, InProcess, Kernel, Parts, Spawn,
    account::{Bytes, Fuel, Limits},
    audit::{self, Record},
    devices::Grants,
    process::ExitStatus,
    program::{Digest, LiveGrants, Program},
    storage::Driver,
};
use holm_tests::Plugins;
use parking_lot::Mutex;
use tokio::runtime::Runtime;
use wasmtime::{Result, ensure};

/// A kernel over a storage driver, with a runtime of its own.
pub(crate) struct Holm {
    pub(crate) kernel: Kernel,
    pub(crate) runtime: Runtime,
}

/// As many processes as the rows that hold few of them need.
pub(crate) const FEW: u32 = 200;

/// Keeps the newest records, as an operator's console would.
#[derive(Default)]
struct Newest(Mutex<VecDeque<Record>>);

impl audit::Sink for Newest {
    fn record(&self, record: Record) {
        let mut records = self.0.lock();
        if records.len() == 4096 {
            records.pop_front();
        }
        records.push_back(record);
    }
}

/// A tokio runtime with a worker a processor.
pub(crate) fn runtime() -> Result<Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

/// What no measured guest reaches.
fn limits() -> Limits {
    Limits {
        fuel: Fuel(u64::MAX / 8),
        wall_time: std::time::Duration::from_secs(3600),
        audit: Bytes(1 << 40),
        storage: Bytes(1 << 40),
        ..Limits::default()
    }
}

impl Holm {
    /// A kernel for this many processes, its buckets in memory.
    pub(crate) fn new(capacity: u32) -> Result<Self> {
        Self::over(capacity, holm_drivers::storage::open("memory", Path::new("/nonexistent"))?)
    }

    /// A kernel over this storage.
    pub(crate) fn over(capacity: u32, storage: Arc<dyn Driver>) -> Result<Self> {
        let runtime = runtime()?;
        let entered = runtime.enter();
        let memory = std::env::temp_dir().join(format!("holm-bench-memory-{}-{capacity}", std::process::id()));
        let parts = Parts {
            models: Default::default(),
            memory: Arc::new(holm_drivers::memory::Memory::open(&memory, None)?),
            storage,
            network: Arc::new(()),
            programs: Arc::<Plugins>::default(),
            index: Arc::new(()),
            servers: Arc::new(holm_kernel::devices::tool::NoServers),
            audit: Arc::<Newest>::default(),
            log: Arc::new(()),
            compiler: Arc::new(InProcess),
            scratch: std::env::temp_dir().join("holm-bench"),
            protected: Arc::new(|path| path.starts_with("/nonexistent")),
        };
        let kernel = Kernel::boot(Config { capacity, limits: limits(), ..Config::default() }, parts)?;
        drop(entered);
        Ok(Self { kernel, runtime })
    }

    /// A program as an installation would have it, with one bucket granted. It is compiled, and ran once.
    pub(crate) fn program(&self, component: Vec<u8>) -> Result<Arc<Program>> {
        let program = self.granted(component, &["storage=bench:rw"])?;
        self.runtime.block_on(self.run(&program, &[]))?;
        Ok(program)
    }

    /// A program with these grants.
    pub(crate) fn granted(&self, component: Vec<u8>, lines: &[&str]) -> Result<Arc<Program>> {
        let grants = |lines: &[&str]| -> Result<Grants> {
            let mut grants = Grants::default();
            lines.iter().try_for_each(|line| grants.add(line))?;
            Ok(grants)
        };
        let (digest, read) = (Digest::of(&component), Arc::new(move || Ok(component.clone())));
        Ok(Arc::new(Program {
            grants: Arc::new(LiveGrants::new(grants(lines)?)),
            limits: limits(),
            ..Program::new("bench", digest, read).within(grants(&["storage=*:rw", "fs=*:rw"])?)
        }))
    }

    /// Runs a program to its end.
    pub(crate) async fn run(&self, program: &Arc<Program>, arguments: &[&str]) -> Result<Exit> {
        run(&self.kernel, program, arguments).await
    }
}

/// Runs a program to its end.
pub(crate) async fn run(kernel: &Kernel, program: &Arc<Program>, arguments: &[&str]) -> Result<Exit> {
    let exit = kernel.spawn(spawn(program, arguments)).await?.wait().await;
    ensure!(exit.status == ExitStatus::Code(0), "the guest failed: {}", exit.status);
    Ok(exit)
}

/// A process to start.
pub(crate) fn spawn(program: &Arc<Program>, arguments: &[&str]) -> Spawn {
    let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
    Spawn { arguments, limits: limits(), ..Spawn::new(program.clone()) }
}
