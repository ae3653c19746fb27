//! The other side: the same guests on wasmtime alone, with WASI linked and nothing asked.

use holm_kernel::{Capacity, InProcess};
use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Result, Store, StoreLimits,
    StoreLimitsBuilder, bail,
    component::{
        Component, ComponentExportIndex, ComponentType, InstancePre, Linker, Lower, ResourceTable, ResourceType,
        types::ComponentItem,
    },
    ensure,
};
use wasmtime_wasi::{
    WasiCtx, WasiCtxView, WasiView, async_trait,
    cli::{IsTerminal, StdinStream},
    p2::{InputStream, Pollable, StreamResult},
};

/// What a guest on bare wasmtime has: WASI's contexts, and a limit on memory.
pub(crate) struct Host {
    wasi: WasiCtx,
    table: ResourceTable,
    limits: StoreLimits,
}

impl WasiView for Host {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

/// How the host implements `holm:sys/log.usage`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Calls {
    Sync,
    Async,
}

/// An engine like the kernel's.
#[derive(Clone)]
pub(crate) struct Bare {
    engine: Engine,
    reservation: u64,
    fuel: bool,
}

/// A guest, ready to start.
#[derive(Clone)]
pub(crate) struct Guest {
    bare: Bare,
    pre: InstancePre<Host>,
    run: ComponentExportIndex,
    agent: bool,
}

/// The kernel's own quantum.
const SLICE: u64 = 1_000_000;

impl Bare {
    /// With room for as many as a kernel of this capacity has.
    pub(crate) fn new(capacity: &Capacity, fuel: bool) -> Result<Self> {
        let engine = Engine::new(&config(capacity, fuel))?;
        Ok(Self { engine, reservation: capacity.reservation, fuel })
    }

    /// Compiles and links a guest.
    pub(crate) fn guest(&self, component: &[u8], calls: Calls) -> Result<Guest> {
        let component = match self.fuel {
            true => self.load(&InProcess::compile_now(component, self.reservation)?)?,
            false => Component::new(&self.engine, component)?,
        };
        let mut linker = Linker::<Host>::new(&self.engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        self.stub(&component, &mut linker)?;
        let mut log = linker.instance(LOG)?;
        match calls {
            Calls::Sync => log.func_wrap("usage", |_, (): ()| Ok((USAGE,)))?,
            Calls::Async => log.func_wrap_async("usage", |_, (): ()| Box::new(async { Ok((USAGE,)) }))?,
        }
        let pre = linker.instantiate_pre(&component)?;
        let agent = component.get_export_index(None, "run");
        let run = agent.or_else(|| {
            let ty = component.component_type();
            let (interface, _) = ty.exports(&self.engine).find(|(name, _)| name.starts_with("wasi:cli/run@"))?;
            component.get_export_index(Some(&component.get_export_index(None, interface)?), "run")
        });
        let run = run.ok_or_else(|| wasmtime::format_err!("the guest exports nothing to run"))?;
        Ok(Guest { bare: self.clone(), pre, run, agent: agent.is_some() })
    }

    /// Links what is no part of WASI and is not measured here: it traps.
    fn stub(&self, component: &Component, linker: &mut Linker<Host>) -> Result<()> {
        for (name, import) in component.component_type().imports(&self.engine) {
            let ComponentItem::ComponentInstance(interface) = import.ty else { continue };
            if !name.starts_with("holm:sys/") {
                continue;
            }
            let mut instance = linker.instance(name)?;
            for (item, export) in interface.exports(&self.engine) {
                match export.ty {
                    ComponentItem::Resource(_) => instance.resource(item, ResourceType::host::<()>(), |_, _| Ok(()))?,
                    ComponentItem::ComponentFunc(_) if (name, item) != (LOG, "usage") => {
                        instance.func_new(item, |_, _, _, _| bail!("bare wasmtime has no such call"))?;
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// The kernel's own compiler made the code: were the settings here others than the kernel's,
    /// it would not load.
    #[expect(unsafe_code, reason = "the code was compiled a moment ago")]
    fn load(&self, code: &[u8]) -> Result<Component> {
        // SAFETY: `code` is what the compiler gave, unchanged.
        unsafe { Component::deserialize(&self.engine, code) }
    }
}

impl Guest {
    /// Starts it, and waits for its end; all it held is gone by then.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Result<()> {
        self.run_with(arguments, WasiCtx::builder().build()).await
    }

    /// As [`Guest::run`], reading input that never comes. Calls `parked` when it begins to wait.
    pub(crate) async fn park(&self, parked: fn()) -> Result<()> {
        self.run_with(&["park"], WasiCtx::builder().stdin(Silence(parked)).build()).await
    }

    async fn run_with(&self, arguments: &[&str], wasi: WasiCtx) -> Result<()> {
        let limits = StoreLimitsBuilder::new().memory_size(256 << 20).build();
        let mut store = Store::new(&self.bare.engine, Host { wasi, table: ResourceTable::new(), limits });
        store.limiter(|host| &mut host.limits);
        if self.bare.fuel {
            store.set_fuel(u64::MAX / 2)?;
            store.fuel_async_yield_interval(Some(SLICE))?;
        }
        let instance = self.pre.instantiate_async(&mut store).await?;
        let ok = match self.agent {
            true => {
                let run = instance.get_typed_func::<(Vec<String>,), (u8,)>(&mut store, self.run)?;
                let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
                run.call_async(&mut store, (arguments,)).await?.0 == 0
            }
            false => {
                let run = instance.get_typed_func::<(), (Result<(), ()>,)>(&mut store, self.run)?;
                run.call_async(&mut store, ()).await?.0.is_ok()
            }
        };
        ensure!(ok, "the guest failed");
        Ok(())
    }
}

const LOG: &str = "holm:sys/log@0.1.0";

/// `usage` of `holm:sys/types`.
#[derive(ComponentType, Lower, Clone, Copy)]
#[component(record)]
struct Usage {
    fuel: u64,
    memory: u64,
    syscalls: u64,
}

const USAGE: Usage = Usage { fuel: 1, memory: 2, syscalls: 3 };

/// Standard input that never has anything.
struct Silence(fn());

impl IsTerminal for Silence {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdinStream for Silence {
    fn async_stream(&self) -> Box<dyn tokio::io::AsyncRead + Send + Sync> {
        Box::new(tokio::io::empty())
    }

    fn p2_stream(&self) -> Box<dyn InputStream> {
        Box::new(Silence(self.0))
    }
}

impl InputStream for Silence {
    fn read(&mut self, _: usize) -> StreamResult<bytes::Bytes> {
        Ok(bytes::Bytes::new())
    }
}

#[async_trait]
impl Pollable for Silence {
    async fn ready(&mut self) {
        (self.0)();
        std::future::pending().await
    }
}

/// The kernel's own settings (`engine/config.rs`): the comparison is with the same engine.
fn config(capacity: &Capacity, fuel: bool) -> Config {
    let processes = capacity.processes;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(processes)
        .total_core_instances(processes.saturating_mul(4))
        .total_memories(processes)
        .total_tables(processes.saturating_mul(2))
        .total_stacks(processes)
        .max_component_instance_size(256 << 10)
        .max_core_instance_size(256 << 10)
        .max_core_instances_per_component(24)
        .max_memories_per_component(1)
        .max_tables_per_component(6)
        .table_elements(20_000)
        .max_memory_size(usize::try_from(capacity.reservation).unwrap_or(usize::MAX))
        .max_unused_warm_slots(100)
        .linear_memory_keep_resident(64 << 10)
        .table_keep_resident(4096)
        .async_stack_keep_resident(8 << 10)
        .decommit_batch_size(16);
    let mut config = Config::new();
    config
        .consume_fuel(fuel)
        .concurrency_support(false)
        .max_wasm_stack(512 << 10)
        .async_stack_size((512 << 10) + (1 << 20))
        .async_stack_zeroing(true)
        .wasm_memory64(false)
        .wasm_relaxed_simd(false)
        .cranelift_nan_canonicalization(true)
        .memory_reservation(capacity.reservation)
        .memory_guard_size(32 << 20)
        .memory_init_cow(true)
        .wasm_backtrace_max_frames(std::num::NonZeroUsize::new(32))
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}
