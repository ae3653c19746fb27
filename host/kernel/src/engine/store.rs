//! What the engine keeps for one process, and how each device finds its part of it.

use std::sync::Arc;

use wasmtime::{
    ResourceLimiter, StoreContextMut,
    component::{HasData, Linker, ResourceTable},
};

use crate::{
    account::{Account, Level},
    bindings::{holm::sys, wasi},
    devices::{
        answer::Answer,
        fs::Files,
        llm::Llm,
        log::Log,
        memory::Memory,
        net::Net,
        spawn::Spawn,
        storage::Storage,
        task::Task,
        tool::Tool,
        wasi::{Clocks, Io, Program, Random},
    },
    syscall::{Device, Syscall, door::Core},
};

/// The data of a store: one process.
pub(crate) struct Process {
    pub(crate) core: Core,
    table: ResourceTable,
    sessions: Sessions,
    pub(crate) limiter: Limiter,
}

/// What each device keeps for this process: the only list of devices in the engine.
macro_rules! devices {
    ($($session:ident: $device:ty,)*) => {
        /// The sessions of one process, by device.
        pub(crate) struct Sessions {
            $(pub(crate) $session: <$device as Device>::Session,)*
        }

        $(impl Slot for $device {
            fn syscall(process: &mut Process) -> Syscall<'_, Self> {
                Syscall::new(&mut process.core, &mut process.sessions.$session, &mut process.table)
            }
        })*
    };
}

devices! {
    llm: Llm,
    memory: Memory,
    storage: Storage,
    spawn: Spawn,
    tool: Tool,
    log: Log,
    task: Task,
    answer: Answer,
    fs: Files,
    net: Net,
    io: Io,
    clocks: Clocks,
    random: Random,
    program: Program,
}

/// A device that a process has: how to come from the store to its door.
trait Slot: Device {
    fn syscall(process: &mut Process) -> Syscall<'_, Self>;
}

/// Projects a store to the door of one device.
struct Of<D>(std::marker::PhantomData<D>);

impl<D: Slot> HasData for Of<D> {
    type Data<'a> = Syscall<'a, D>;
}

/// What a process needs to begin with.
pub(crate) struct Spawned {
    pub(crate) core: Core,
    pub(crate) sessions: Sessions,
}

impl Process {
    pub(crate) fn new(spawned: Spawned) -> Self {
        let account = spawned.core.control().account.clone();
        let mut table = ResourceTable::new();
        table.set_max_capacity(usize::try_from(account.limits().handles).unwrap_or(usize::MAX));
        Self {
            core: spawned.core,
            table,
            sessions: spawned.sessions,
            limiter: Limiter { account, elements: 0, held: 0, growing: (0, 0) },
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        <Net as Slot>::syscall(self).ended();
    }
}

/// Links every interface. The ceiling is checked before; the grant is asked at the door.
pub(crate) fn link(linker: &mut Linker<Process>) -> wasmtime::Result<()> {
    use wasmtime_wasi::p2::bindings as p2;
    use wasmtime_wasi_http::p2::bindings::http;

    sys::types::add_to_linker::<_, Of<Log>>(linker, Slot::syscall)?;
    sys::llm::add_to_linker::<_, Of<Llm>>(linker, Slot::syscall)?;
    sys::llm_types::add_to_linker::<_, Of<Llm>>(linker, Slot::syscall)?;
    sys::memory::add_to_linker::<_, Of<Memory>>(linker, Slot::syscall)?;
    sys::storage::add_to_linker::<_, Of<Storage>>(linker, Slot::syscall)?;
    sys::spawn::add_to_linker::<_, Of<Spawn>>(linker, Slot::syscall)?;
    sys::exec::add_to_linker::<_, Of<Spawn>>(linker, Slot::syscall)?;
    sys::tool::add_to_linker::<_, Of<Tool>>(linker, Slot::syscall)?;
    sys::log::add_to_linker::<_, Of<Log>>(linker, Slot::syscall)?;
    sys::task::add_to_linker::<_, Of<Task>>(linker, Slot::syscall)?;
    sys::answer::add_to_linker::<_, Of<Answer>>(linker, Slot::syscall)?;

    p2::io::error::add_to_linker::<_, Of<Io>>(linker, Slot::syscall)?;
    wasi::io::poll::add_to_linker::<_, Of<Io>>(linker, Slot::syscall)?;
    wasi::io::streams::add_to_linker::<_, Of<Io>>(linker, Slot::syscall)?;
    wasi::clocks::monotonic_clock::add_to_linker::<_, Of<Clocks>>(linker, Slot::syscall)?;
    wasi::clocks::wall_clock::add_to_linker::<_, Of<Clocks>>(linker, Slot::syscall)?;
    wasi::random::random::add_to_linker::<_, Of<Random>>(linker, Slot::syscall)?;
    wasi::random::insecure::add_to_linker::<_, Of<Random>>(linker, Slot::syscall)?;
    wasi::random::insecure_seed::add_to_linker::<_, Of<Random>>(linker, Slot::syscall)?;
    wasi::cli::environment::add_to_linker::<_, Of<Program>>(linker, Slot::syscall)?;
    wasi::cli::exit::add_to_linker::<_, Of<Program>>(linker, Slot::syscall)?;
    wasi::cli::stdin::add_to_linker::<_, Of<Program>>(linker, Slot::syscall)?;
    wasi::cli::stdout::add_to_linker::<_, Of<Program>>(linker, Slot::syscall)?;
    wasi::cli::stderr::add_to_linker::<_, Of<Program>>(linker, Slot::syscall)?;
    wasi::cli::terminal_input::add_to_linker::<_, Of<Program>>(linker, Slot::syscall)?;
    wasi::cli::terminal_output::add_to_linker::<_, Of<Program>>(linker, Slot::syscall)?;
    wasi::cli::terminal_stdin::add_to_linker::<_, Of<Program>>(linker, Slot::syscall)?;
    wasi::cli::terminal_stdout::add_to_linker::<_, Of<Program>>(linker, Slot::syscall)?;
    wasi::cli::terminal_stderr::add_to_linker::<_, Of<Program>>(linker, Slot::syscall)?;

    p2::filesystem::types::add_to_linker::<_, Of<Files>>(linker, Slot::syscall)?;
    p2::filesystem::preopens::add_to_linker::<_, Of<Files>>(linker, Slot::syscall)?;

    p2::sockets::network::add_to_linker::<_, Of<Net>>(
        linker,
        &p2::sockets::network::LinkOptions::default(),
        Slot::syscall,
    )?;
    p2::sockets::instance_network::add_to_linker::<_, Of<Net>>(linker, Slot::syscall)?;
    p2::sockets::tcp_create_socket::add_to_linker::<_, Of<Net>>(linker, Slot::syscall)?;
    p2::sockets::udp_create_socket::add_to_linker::<_, Of<Net>>(linker, Slot::syscall)?;
    p2::sockets::ip_name_lookup::add_to_linker::<_, Of<Net>>(linker, Slot::syscall)?;
    let options = wasmtime_wasi_http::p2::bindings::LinkOptions::default();
    http::types::add_to_linker::<_, Of<Net>>(linker, &(&options).into(), Slot::syscall)?;
    // Sending waits in the door, so this one function is asynchronous where the crate's is not.
    linker.instance("wasi:http/outgoing-handler@0.2.12")?.func_wrap_async(
        "handle",
        |mut store: StoreContextMut<'_, Process>, (request, options)| {
            Box::new(async move { Ok((<Net as Slot>::syscall(store.data_mut()).handle(request, options).await?,)) })
        },
    )?;
    // No socket can be made, so what sockets do is never reached: wasmtime-wasi's own will do.
    p2::sockets::tcp::add_to_linker::<_, Sockets>(linker, sockets)?;
    p2::sockets::udp::add_to_linker::<_, Sockets>(linker, sockets)
}

struct Sockets;

impl HasData for Sockets {
    type Data<'a> = wasmtime_wasi::sockets::WasiSocketsCtxView<'a>;
}

fn sockets(process: &mut Process) -> wasmtime_wasi::sockets::WasiSocketsCtxView<'_> {
    wasmtime_wasi::sockets::WasiSocketsCtxView { ctx: &mut process.sessions.net.sockets, table: &mut process.table }
}

/// Counts all memories and tables of a process together: wasmtime's own limiter looks at each alone.
pub(crate) struct Limiter {
    account: Arc<Account>,
    elements: u64,
    held: u64,
    /// Bytes and elements of the growth under way, to give back where the engine cannot do it.
    growing: (u64, u64),
}

/// Bytes of one table element.
const ELEMENT_BYTES: u64 = 8;

impl Limiter {
    fn raise(&mut self, bytes: u64) -> bool {
        let raised = self.account.raise(Level::Memory, bytes).is_ok();
        self.growing = (if raised { bytes } else { 0 }, 0);
        self.held += self.growing.0;
        raised
    }

    /// The engine did not do what was allowed: its maximum is lower, or the pool's is.
    fn undo(&mut self) {
        let (bytes, elements) = std::mem::take(&mut self.growing);
        self.account.lower(Level::Memory, bytes);
        self.held -= bytes;
        self.elements -= elements;
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.raise(desired.saturating_sub(current) as u64))
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current) as u64;
        self.growing = (0, 0);
        if self.elements + more > self.account.limits().table_elements || !self.raise(more * ELEMENT_BYTES) {
            return Ok(false);
        }
        self.elements += more;
        self.growing.1 = more;
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.undo();
        Ok(())
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.undo();
        Ok(())
    }

    fn instances(&self) -> usize {
        usize::try_from(self.account.limits().instances).unwrap_or(usize::MAX)
    }

    fn tables(&self) -> usize {
        usize::try_from(self.account.limits().instances).unwrap_or(usize::MAX)
    }

    fn memories(&self) -> usize {
        usize::try_from(self.account.limits().instances).unwrap_or(usize::MAX)
    }
}

impl Drop for Limiter {
    fn drop(&mut self) {
        self.account.lower(Level::Memory, self.held);
    }
}
