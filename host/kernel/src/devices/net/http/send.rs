//! `wasi:http/outgoing-handler` on the door: each request is a system call that is granted,
//! bounded, recorded, and ended when its right or its process ends.

use std::sync::Arc;

use http_body_util::BodyExt;
use parking_lot::Mutex;
use wasmtime::component::Resource;
use wasmtime_wasi_http::{
    RequestOptions, WasiBody, WasiHttpHooks,
    p2::{
        bindings::http::{
            outgoing_handler,
            types::{ErrorCode, Method, Scheme},
        },
        types::{HostFutureIncomingResponse, HostOutgoingRequest},
    },
};

use super::{
    super::{
        Net, NetRule, NetWant,
        law::{Target, TargetError, Unreachable},
    },
    body::Counted,
    driver::{Driver, Failure, HttpError, Request, Timeouts},
    passed::CHUNK,
    types::view,
};
use crate::{
    account::{Account, Hold, Level, Total},
    devices::{Capability, wasi_trap},
    syscall::{Entered, Errno, Op, Refusal, Syscall, device::fuel_for_bytes, door::Lapse},
};

static REQUEST: Op = Op::effect("request", 100_000);

/// What wasmtime-wasi-http asks back: where the request it has built goes.
#[derive(Default)]
pub(crate) struct Hooks {
    next: Option<Admitted>,
    /// What was refused after it was let through, to be recorded at the next look at a response.
    refused: Refused,
}

/// What was wanted, and why it was refused: a name led inside, or the right was revoked.
type Refused = Arc<Mutex<Vec<(String, Late)>>>;

enum Late {
    Unreachable(Unreachable),
    Revoked,
}

/// A request that the door let through, on its way into the driver.
struct Admitted {
    plugin: Arc<str>,
    target: Target,
    driver: Arc<dyn Driver>,
    account: Arc<Account>,
    hold: Arc<Hold>,
    lapses: [Lapse<NetRule>; 2],
    refused: Refused,
    wanted: String,
}

type Sent =
    wasmtime_wasi_http::Result<(http::Response<WasiBody>, Box<dyn Future<Output = Result<(), HttpError>> + Send>)>;

impl WasiHttpHooks for Hooks {
    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        CHUNK
    }

    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _processed: Box<dyn Future<Output = Result<(), HttpError>> + Send>,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        let admitted = self.next.take();
        Box::new(async move {
            let admitted = admitted.ok_or(HttpError::HttpRequestDenied)?;
            let response = admitted.send(request, options).await?;
            Ok((response, Box::new(async { Ok(()) }) as Box<_>))
        })
    }
}

impl Admitted {
    async fn send(
        self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
    ) -> Result<http::Response<WasiBody>, HttpError> {
        let Self { plugin, target, driver, account, hold, lapses: [mut lapse, mut later], refused, wanted } = self;
        let counting = account.clone();
        let head = request.map(|body| Counted::request(body, counting).boxed_unsync());
        let response = tokio::select! {
            response = driver.send(Request { plugin, target, head, timeouts: timeouts(options) }) => response,
            () = lapse.lapsed() => {
                refused.lock().push((wanted, Late::Revoked));
                return Err(HttpError::HttpRequestDenied);
            }
        };
        let response = response.map_err(|failure| match failure {
            Failure::Http(error) => error,
            Failure::Unreachable(why) => {
                refused.lock().push((wanted, Late::Unreachable(why)));
                HttpError::DestinationIpProhibited
            }
        })?;
        let lapsed = Box::pin(async move { later.lapsed().await });
        Ok(response.map(|body| Counted::response(body, account, lapsed, hold).boxed_unsync()))
    }
}

/// What the guest asks for, within what there is.
fn timeouts(options: Option<RequestOptions>) -> Timeouts {
    let longest = Timeouts::LONGEST;
    let Some(options) = options else { return longest };
    Timeouts {
        connect: options.connect_timeout.map_or(longest.connect, |asked| asked.min(longest.connect)),
        first_byte: options.first_byte_timeout.map_or(longest.first_byte, |asked| asked.min(longest.first_byte)),
        between_bytes: options
            .between_bytes_timeout
            .map_or(longest.between_bytes, |asked| asked.min(longest.between_bytes)),
    }
}

/// Records what was refused behind a name since the last look.
pub(super) fn explain(call: &mut Entered<'_, Net>) {
    let refused = std::mem::take(&mut *call.session.hooks.refused.lock());
    for (wanted, why) in refused {
        let _ = match why {
            Late::Unreachable(why) => call.deny_and_tell(NetRule::NAME, wanted, &why.to_string()),
            Late::Revoked => call.deny(NetRule::NAME, wanted, "revoked"),
        };
    }
}

/// What a request would reach. Method and address are read once, here: the same go to the driver.
fn wanted(request: &HostOutgoingRequest) -> Result<NetWant, (String, TargetError)> {
    let scheme = match &request.scheme {
        None | Some(Scheme::Https) => "https",
        Some(Scheme::Http) => "http",
        Some(Scheme::Other(other)) => other,
    };
    let authority = request.authority.as_deref().unwrap_or_default();
    let path = request.path_with_query.as_deref().unwrap_or_default();
    let address = format!("{scheme}://{authority}{path}");
    let whole = !authority.contains(['/', '?', '#', '\\']) && (path.is_empty() || path.starts_with(['/', '?']));
    let target = if whole { Target::parse(&address) } else { Err(TargetError::Malformed) };
    let method = method(&request.method);
    target.map(|target| NetWant { target, method }).map_err(|error| {
        let shown = address.chars().filter(|char| !char.is_control()).take(256).collect();
        (shown, error)
    })
}

fn method(method: &Method) -> String {
    match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
        Method::Connect => "CONNECT",
        Method::Options => "OPTIONS",
        Method::Trace => "TRACE",
        Method::Patch => "PATCH",
        Method::Other(other) => other,
    }
    .to_owned()
}

type Answer = Result<Resource<HostFutureIncomingResponse>, ErrorCode>;

impl Syscall<'_, Net> {
    /// Sends a request, if it may be sent.
    ///
    /// # Errors
    /// A fault. What is denied is the guest's `HTTP-request-denied`.
    pub(crate) async fn handle(
        &mut self,
        request: Resource<HostOutgoingRequest>,
        options: Option<Resource<RequestOptions>>,
    ) -> wasmtime::Result<Answer> {
        let mut call = self.enter(&REQUEST).await.map_err(wasi_trap)?;
        explain(&mut call);
        match call.admitted(&request).await {
            Ok(admitted) => call.session.hooks.next = Some(admitted),
            Err(Refusal::Fault(fault)) => return Err(wasmtime::Error::new(fault)),
            Err(Refusal::Errno(errno)) => {
                call.session.held.remove(&request.rep());
                let table = call.wasi().1;
                table.delete(request)?;
                if let Some(options) = options {
                    table.delete(options)?;
                }
                return Ok(Err(match errno {
                    Errno::Quota(_) => ErrorCode::ConnectionLimitReached,
                    _ => ErrorCode::HttpRequestDenied,
                }));
            }
        }
        call.session.held.remove(&request.rep());
        // It is looked at, and left behind by whom it was given to.
        let given = options.as_ref().map(|options| Resource::<RequestOptions>::new_own(options.rep()));
        let sent = outgoing_handler::Host::handle(&mut view(&mut call), request, options);
        call.session.hooks.next = None;
        if let Some(options) = given {
            call.wasi().1.delete(options)?;
        }
        match sent {
            Ok(response) => Ok(Ok(response)),
            Err(error) => error.downcast().map(Err),
        }
    }
}

impl Entered<'_, Net> {
    async fn admitted(&mut self, request: &Resource<HostOutgoingRequest>) -> Result<Admitted, Refusal> {
        let found = self.wasi().1.get(request);
        let found = found.map_err(|error| Refusal::Fault(crate::process::Fault::BadHandle(error.to_string())))?;
        let headers: usize = found.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        let want = match wanted(found) {
            Ok(want) if want.method == "CONNECT" => {
                return Err(self.deny_and_tell(NetRule::NAME, want.to_string(), "no tunnels"));
            }
            Ok(want) => want,
            Err((shown, error)) => return Err(self.deny_and_tell(NetRule::NAME, shown, &error.to_string())),
        };
        self.charge(fuel_for_bytes(headers as u64));
        let right = self.admit::<NetRule>(want).await?;
        let held = self.account().hold(Level::Requests, 1);
        let hold = Arc::new(held.map_err(|exceeded| self.over(exceeded))?);
        let target = right.want().target.clone();
        self.take(Total::Network, (headers + target.path.len()) as u64)?;
        Ok(Admitted {
            plugin: self.control().plugin.as_ref().into(),
            wanted: right.want().to_string(),
            target,
            driver: self.session.driver.clone(),
            account: self.account().clone(),
            hold,
            lapses: [self.lapse(&right), self.lapse(&right)],
            refused: self.session.hooks.refused.clone(),
        })
    }
}
