//! Holm's side: a kernel, a provider that is the server, and agents that are processes.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use holm_drivers::llm::Provider as Speaks;
use holm_kernel::{
    Config, InProcess, Kernel, Parts, Running, Spawn,
    account::{Bytes, Fuel, Limits, Money},
    audit::{self, Record},
    devices::Grants,
    llm::{self, Choice, ModelConfig, Prices, Provider, Target, Traits},
    pipe::{self, PipeWriter},
    process::ExitStatus,
    program::{Digest, LiveGrants, Program},
    sched::Nice,
};
use holm_tests::{Plugins, component};
use wasmtime::{Result, ensure, error::Context};

use crate::server;

/// A kernel whose model `bench` is the server.
pub(crate) struct Holm {
    pub(crate) kernel: Kernel,
    component: Vec<u8>,
}

/// Counts records and keeps none, as a full disk would.
struct Counted;

impl audit::Sink for Counted {
    fn record(&self, record: Record) {
        std::hint::black_box(record);
    }
}

/// What no measured agent reaches.
fn limits() -> Limits {
    let plenty = u64::MAX / 8;
    Limits {
        fuel: Fuel(plenty),
        wall_time: Duration::from_secs(3600),
        audit: Bytes(1 << 40),
        model_calls: plenty,
        tokens: plenty,
        money: Money(plenty),
        ..Limits::default()
    }
}

/// Agents that wait to be told to begin.
pub(crate) struct Agents {
    pub(crate) running: Vec<Running>,
    inputs: Vec<PipeWriter>,
}

impl Holm {
    /// Inside a runtime. `concurrency` calls may be under way at once.
    pub(crate) fn new(server: SocketAddr, agents: u32, concurrency: u32, latency: Duration) -> Result<Self> {
        let speaks =
            Speaks { kind: "openai".to_owned(), base_url: Some(format!("http://{server}/v1")), ..Speaks::default() };
        let provider = Provider {
            name: "server".to_owned(),
            driver: holm_drivers::llm::open(&speaks)?,
            concurrency,
            requests_per_minute: None,
            tokens_per_minute: None,
        };
        let target = Target {
            provider: provider.name.clone(),
            model: server::model(latency).into(),
            weight: 1,
            context_window: None,
            max_output: 4096,
            images: false,
            prices: Prices::default(),
            traits: Traits::default(),
        };
        let model = ModelConfig {
            name: "bench".into(),
            targets: vec![target],
            choice: Choice::Ordered,
            deadline: Duration::from_secs(300),
            attempts: 1,
            hedge: None,
            cache: false,
        };
        let memory = std::env::temp_dir().join(format!("holm-bench-memory-{}", std::process::id()));
        let parts = Parts {
            models: llm::Config { providers: vec![provider], models: vec![model], ..llm::Config::default() },
            memory: Arc::new(holm_drivers::memory::Memory::open(&memory, None)?),
            storage: holm_drivers::storage::open("memory", Path::new("/nonexistent"))?,
            network: Arc::new(()),
            programs: Arc::<Plugins>::default(),
            index: Arc::new(()),
            servers: Arc::new(holm_kernel::devices::tool::NoServers),
            audit: Arc::new(Counted),
            log: Arc::new(()),
            compiler: Arc::new(InProcess),
            scratch: std::env::temp_dir().join("holm-bench"),
            protected: Arc::new(|path| path.starts_with("/nonexistent")),
        };
        let config = Config { capacity: agents + SPARE, limits: limits(), ..Config::default() };
        Ok(Self { kernel: Kernel::boot(config, parts)?, component: component("bench_caller") })
    }

    /// A program as an installation would have it, with the model granted.
    pub(crate) fn program(&self, name: &str) -> Result<Arc<Program>> {
        let mut grants = Grants::default();
        grants.add("llm=bench")?;
        let component = self.component.clone();
        let (digest, read) = (Digest::of(&component), Arc::new(move || Ok(component.clone())));
        Ok(Arc::new(Program {
            grants: Arc::new(LiveGrants::new(grants.clone())),
            limits: limits(),
            ..Program::new(name, digest, read).within(grants)
        }))
    }

    /// Starts so many, each to make `calls` calls, and waits until all wait for the word.
    pub(crate) async fn start(&self, program: &Arc<Program>, agents: usize, calls: u64, nice: i8) -> Result<Agents> {
        let mut all = Agents { running: Vec::new(), inputs: Vec::new() };
        for _ in 0..agents {
            let (input, stdin) = pipe::pipe(0);
            let arguments = vec![calls.to_string()];
            let nice = Nice::new(nice).context("a nice from -20 to 19")?;
            let spawn = Spawn { arguments, stdin, nice, limits: limits(), ..Spawn::new(program.clone()) };
            all.running.push(self.kernel.spawn(spawn).await?);
            all.inputs.push(input);
        }
        let blocked = || self.kernel.snapshot().iter().filter(|process| process.state == "blocked").count();
        while blocked() < agents {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(all)
    }
}

/// Processes beyond the agents.
const SPARE: u32 = 16;

impl Agents {
    /// The word: their input ends.
    pub(crate) fn begin(&mut self) {
        self.inputs.clear();
    }

    /// Waits until all have done their calls.
    pub(crate) async fn wait(&self) -> Result<()> {
        for running in &self.running {
            let exit = running.wait().await;
            ensure!(exit.status == ExitStatus::Code(0), "an agent failed: {}", exit.status);
        }
        Ok(())
    }
}
