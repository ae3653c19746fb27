//! `wasi:http/outgoing-handler` on the door: each request is a system call that is granted,
//! bounded, recorded, and ended when its right or its process ends.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use http_body_util::{BodyExt, Empty};
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
    body::{Counted, budget},
    driver::{Driver, Failure, HttpError, Place, Request, Timeouts},
    meter::Meter,
    passed::{CHUNK, FIELDS},
    types::view,
};
use crate::{
    account::Level,
    devices::{Capability, wasi_trap},
    syscall::{
        Entered, Errno, Op, Refusal, Syscall,
        budget::{Budgeted, Unit},
        device::fuel_for_bytes,
        door::Lapse,
        ledger::{Amounts, Under, hour},
        panic::CatchPanic,
    },
};

static REQUEST: Op = Op::effect("request", 100_000);

/// What wasmtime-wasi-http asks back: where the request it has built goes.
#[derive(Default)]
pub(crate) struct Hooks {
    next: Option<Admitted>,
    /// What was refused after it was let through, to be recorded when the guest next comes in, or ends.
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
    meter: Arc<Meter>,
    place: Place,
    /// For its head, its body, and its connection.
    lapses: [Lapse<NetRule>; 3],
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
            admitted.send(request, options).await
        })
    }
}

impl Admitted {
    async fn send(self, request: http::Request<WasiBody>, options: Option<RequestOptions>) -> Sent {
        let Self { plugin, target, driver, meter, place, lapses: [mut lapse, mut later, mut last], refused, wanted } =
            self;
        let timeouts = timeouts(options);
        let bodiless = is_bodiless(request.method().as_str());
        let (counting, pause) = (meter.clone(), timeouts.between_bytes);
        let head = request.map(|body| match bodiless {
            true => Empty::new().map_err(|never| match never {}).boxed_unsync(),
            false => Counted::request(body, counting, pause).boxed_unsync(),
        });
        let request = Request { plugin, target, head, timeouts, place: place.clone() };
        let sending = CatchPanic::new(async move { driver.send(request).await });
        let response = tokio::select! {
            response = sending => response.unwrap_or_else(|panic| {
                tracing::error!(panic, "the network driver failed");
                Err(HttpError::InternalError(Some("the network driver failed".to_owned())).into())
            }),
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
        let bytes = head_bytes(response.headers());
        if bytes > FIELDS as u64 {
            return Err(HttpError::HttpResponseHeaderSectionSize(None));
        }
        if let Err(exceeded) = meter.take(STATUS + bytes) {
            return Err(HttpError::HttpResponseBodySize(budget(exceeded)));
        }
        let lapsed = Box::pin(async move { later.lapsed().await });
        let (head, body) = response.into_parts();
        let (body, end) = Counted::response(body, meter, lapsed, place);
        // Whether anybody reads or not: an upload that goes on behind an early head ends, too.
        let ending = async move {
            last.lapsed().await;
            end.end();
            Ok(())
        };
        Ok((http::Response::from_parts(head, body.boxed_unsync()), Box::new(ending)))
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

/// Records what was refused since the last look. There is at most one for each request under way:
/// none is sent before this was called.
pub(super) fn explain(call: &mut Entered<'_, Net>) {
    for (wanted, why) in call.session.hooks.refused() {
        call.deny_late(&REQUEST, NetRule::NAME, wanted, &why.told(), &why.shown());
    }
}

impl Hooks {
    fn refused(&mut self) -> Vec<(String, Late)> {
        std::mem::take(&mut *self.refused.lock())
    }
}

impl Late {
    /// For the operator and the record.
    fn told(&self) -> String {
        match self {
            Late::Unreachable(why) => why.to_string(),
            Late::Revoked => "revoked".to_owned(),
        }
    }

    /// For the guest: names of a network are not its to map.
    fn shown(&self) -> String {
        match self {
            Late::Unreachable(Unreachable::Inside { class, .. }) => format!("the name leads to {}", class.name()),
            other => other.told(),
        }
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
        // Neither who they say they are nor what they ask is anybody's to read.
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let shown = format!("{scheme}://{host}{path}");
        let shown = shown.chars().filter(|char| !char.is_control()).take(256).collect();
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

/// Bytes of a response's first line, about.
const STATUS: u64 = 20;

/// Servers disagree whether such requests have a body, and some take one for the next request.
fn is_bodiless(method: &str) -> bool {
    method == "GET" || method == "HEAD"
}

/// What the head of a message takes on its way, but for its first line.
pub(super) fn head_bytes(headers: &http::HeaderMap) -> u64 {
    // `: ` and the end of the line.
    headers.iter().map(|(name, value)| (name.as_str().len() + value.len() + 4) as u64).sum()
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
                    // The code alone would not say which limit.
                    Errno::Quota(excess) => {
                        ErrorCode::InternalError(Some(format!("limit reached: {} = {}", excess.limit, excess.maximum)))
                    }
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

/// How long is waited until it is known what hours and days have used.
const KNOWN_WITHIN: Duration = Duration::from_secs(10);

impl Syscall<'_, Net> {
    /// The process ends: what it never looked at is recorded all the same.
    pub(crate) fn ended(&mut self) {
        for (wanted, why) in self.wasi_session().hooks.refused() {
            self.note_late(&REQUEST, &wanted, &why.told());
        }
    }
}

impl Entered<'_, Net> {
    /// Counts one request in each budget that it is made under. It counts whatever becomes of it; its
    /// bytes are taken from the meter.
    async fn count(&mut self, want: &NetWant) -> Result<Meter, Refusal> {
        let under = self.authority().under::<NetRule>(want).into_iter();
        let under = under.map(|(plugin, rule)| Under { plugin, rule });
        let under: Vec<_> = under.filter(|under| !under.rule.budgets().is_empty()).collect();
        let ledger = self.session.ledger.clone();
        let known = ledger.open(&under, Instant::now() + KNOWN_WITHIN).await;
        known.map_err(|rule| self.deny(NetRule::NAME, want.to_string(), rule))?;
        let one = Amounts { calls: 1, ..Amounts::default() };
        let (run, hour) = (self.control().run.clone(), hour(SystemTime::now()));
        ledger.reserve(&under, &run, hour, one).map_err(|exceeded| self.over(exceeded))?;
        let bytes = |under: &Under<NetRule>| under.rule.budgets().iter().any(|budget| budget.unit == Unit::Bytes);
        let under = under.into_iter().filter(bytes).collect();
        Ok(Meter::new(self.account().clone(), ledger, under, run))
    }

    async fn admitted(&mut self, request: &Resource<HostOutgoingRequest>) -> Result<Admitted, Refusal> {
        let found = self.wasi().1.get(request);
        let found = found.map_err(|error| Refusal::Fault(crate::process::Fault::BadHandle(error.to_string())))?;
        let headers = head_bytes(&found.headers);
        let told = found.headers.get(http::header::CONTENT_LENGTH).is_some_and(|told| told.as_bytes() != b"0");
        let want = match wanted(found) {
            Ok(want) if want.method == "CONNECT" || want.method == "TRACE" => {
                return Err(self.deny_and_tell(NetRule::NAME, want.to_string(), "no tunnels, and nothing said back"));
            }
            Ok(want) if told && is_bodiless(&want.method) => {
                return Err(self.deny_and_tell(NetRule::NAME, want.to_string(), "GET and HEAD have no body"));
            }
            Ok(want) => want,
            Err((shown, error)) => return Err(self.deny_and_tell(NetRule::NAME, shown, &error.to_string())),
        };
        self.charge(fuel_for_bytes(headers));
        let right = self.admit::<NetRule>(want).await?;
        let held = self.account().hold(Level::Requests, 1);
        let place = Place::new(self.control().tree, held.map_err(|exceeded| self.over(exceeded))?);
        let target = right.want().target.clone();
        let query = target.query.as_ref().map_or(0, |query| query.len() + 1);
        let line = right.want().method.len() + target.authority().len() + target.path.len() + query;
        let meter = self.count(right.want()).await?;
        meter.take(headers + line as u64).map_err(|exceeded| self.over(exceeded))?;
        let plugin = self.control().plugin.clone();
        let carried = self.session.driver.carries(&plugin, &target, &right.want().method);
        if !carried.is_empty() {
            self.about(&format!("{} with secret {}", right.want(), carried.join(", ")));
        }
        Ok(Admitted {
            plugin,
            wanted: right.want().to_string(),
            target,
            driver: self.session.driver.clone(),
            meter: Arc::new(meter),
            place,
            lapses: [self.lapse(&right), self.lapse(&right), self.lapse(&right)],
            refused: self.session.hooks.refused.clone(),
        })
    }
}
