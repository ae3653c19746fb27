//! WASI's sockets, all closed: the three ways to come by one are asked for and denied.

use std::{collections::HashMap, sync::Arc};

use wasmtime::component::Resource;
use wasmtime_wasi::p2::{
    Network, SocketError, SocketResult, TcpSocket, UdpSocket,
    bindings::sockets::{
        instance_network, ip_name_lookup, network,
        network::{ErrorCode, IpAddressFamily},
        tcp_create_socket, udp_create_socket,
    },
};
use wasmtime_wasi_http::WasiHttpCtx;

use super::{
    Driver, NetRule, NetWant,
    http::{FIELDS, Hooks},
    law::Target,
};
use crate::{
    account::Hold,
    devices::Capability,
    syscall::{Device, Op, Refusal, Syscall, device::WasiDevice, ledger::Ledger},
};

pub(crate) struct Net;

impl Device for Net {
    const NAME: &'static str = "net";
    type Session = Session;
}

impl WasiDevice for Net {}

/// What dials, and what wasmtime-wasi keeps.
pub(crate) struct Session {
    /// Nothing is open, ever.
    pub(crate) sockets: wasmtime_wasi::sockets::WasiSocketsCtx,
    pub(super) driver: Arc<dyn Driver>,
    /// What was used of the budgets of grants.
    pub(super) ledger: Arc<Ledger>,
    pub(super) http: WasiHttpCtx,
    pub(super) hooks: Hooks,
    /// What handles of `wasi:http` hold of `memory`, by their place in the table.
    pub(super) held: HashMap<u32, Hold>,
}

impl Session {
    pub(crate) fn new(driver: Arc<dyn Driver>, ledger: Arc<Ledger>) -> Self {
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(FIELDS);
        Self { sockets: Default::default(), driver, ledger, http, hooks: Hooks::default(), held: HashMap::new() }
    }
}

static NETWORK: Op = Op::query("instance-network", 100);
static SOCKET: Op = Op::query("create-socket", 1_000);
static RESOLVE: Op = Op::query("resolve", 1_000);

type Names = Resource<ip_name_lookup::ResolveAddressStream>;

impl Syscall<'_, Net> {
    /// Denies. A grant makes no difference, and the record says that: requests are what is granted.
    fn refuse(&mut self, op: &'static Op, scheme: &'static str, host: &str) -> SocketError {
        let want = NetWant { target: Target::socket(scheme, host), method: String::new() };
        match self.enter_now(op) {
            Ok(mut call) => {
                let granted = call.authority().admit::<NetRule>(&want).is_ok();
                let rule = if granted { "sockets are not opened for guests" } else { "not granted" };
                let _ = call.deny_and_tell(NetRule::NAME, want.to_string(), rule);
                ErrorCode::AccessDenied.into()
            }
            Err(Refusal::Fault(fault)) => SocketError::trap(fault),
            Err(Refusal::Errno(_)) => ErrorCode::OutOfMemory.into(),
        }
    }
}

impl network::Host for Syscall<'_, Net> {
    fn convert_error_code(&mut self, error: SocketError) -> wasmtime::Result<ErrorCode> {
        error.downcast()
    }

    fn network_error_code(&mut self, _error: Resource<wasmtime::Error>) -> wasmtime::Result<Option<ErrorCode>> {
        Ok(None)
    }
}

impl network::HostNetwork for Syscall<'_, Net> {
    fn drop(&mut self, network: Resource<Network>) -> wasmtime::Result<()> {
        self.wasi_table().delete(network)?;
        Ok(())
    }
}

impl instance_network::Host for Syscall<'_, Net> {
    fn instance_network(&mut self) -> wasmtime::Result<Resource<Network>> {
        // A token without powers of its own: what it is passed to is denied.
        let mut call = self.enter_now(&NETWORK).map_err(crate::devices::wasi_trap)?;
        let mut sockets = wasmtime_wasi::sockets::WasiSocketsCtx::default();
        let view = wasmtime_wasi::sockets::WasiSocketsCtxView { ctx: &mut sockets, table: call.wasi().1 };
        instance_network::Host::instance_network(&mut { view })
    }
}

impl tcp_create_socket::Host for Syscall<'_, Net> {
    fn create_tcp_socket(&mut self, _family: IpAddressFamily) -> SocketResult<Resource<TcpSocket>> {
        Err(self.refuse(&SOCKET, "tcp", "*"))
    }
}

impl udp_create_socket::Host for Syscall<'_, Net> {
    async fn create_udp_socket(&mut self, _family: IpAddressFamily) -> SocketResult<Resource<UdpSocket>> {
        Err(self.refuse(&SOCKET, "udp", "*"))
    }
}

impl ip_name_lookup::Host for Syscall<'_, Net> {
    fn resolve_addresses(&mut self, _network: Resource<Network>, name: String) -> SocketResult<Names> {
        Err(self.refuse(&RESOLVE, "dns", &name))
    }
}

impl ip_name_lookup::HostResolveAddressStream for Syscall<'_, Net> {
    fn resolve_next_address(&mut self, _names: Names) -> SocketResult<Option<network::IpAddress>> {
        Err(ErrorCode::InvalidState.into())
    }

    fn subscribe(&mut self, names: Names) -> wasmtime::Result<Resource<wasmtime_wasi::p2::DynPollable>> {
        wasmtime_wasi::p2::subscribe(self.wasi_table(), names)
    }

    fn drop(&mut self, names: Names) -> wasmtime::Result<()> {
        self.wasi_table().delete(names)?;
        Ok(())
    }
}
