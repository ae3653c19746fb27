//! Clients over streamable HTTP: let in by a token, asked for by a name of this machine, bounded in what they
//! send, hold open and leave behind.

use std::{collections::HashMap, convert::Infallible, io, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited, combinators::BoxBody};
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::Mutex;
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService,
    session::local::{LocalSessionManager, SessionConfig},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_io_timeout::TimeoutStream;

use super::{profile::Client, server::Front, shared::Shared};

/// Where clients ask.
pub const PATH: &str = "/mcp";

/// Connections at once of who was let in.
const CONNECTIONS: usize = 256;

/// The same of who was not, or not yet: more wait to be accepted, and keep nobody out who was let in.
const STRANGERS: usize = 64;

/// Sessions of one client.
const OWN_SESSIONS: usize = 16;

/// KiB of bodies that are under way, of all requests. Each alone may be large; all of them are not.
const BODIES_KIB: usize = 64 << 10;

/// Sessions of the older protocol at once. Stops who begins them and leaves.
const SESSIONS: usize = 256;

/// A session that says nothing for so long is over.
const SESSION_IDLE: Duration = Duration::from_secs(15 * 60);

/// The head of a request.
const HEAD_BYTES: usize = 64 << 10;

/// The body of a request: room for a tool's arguments.
const BODY_BYTES: usize = 16 << 20;

/// Until a head has come, of whoever sends it.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);

/// Until a client takes what it asked for. Stops who reads nothing.
const STALL: Duration = Duration::from_secs(60);

/// Until a request has come whole. Stops who sends it a byte at a time.
const PATIENCE: Duration = Duration::from_secs(30);

const SESSION: &str = "mcp-session-id";

type Answer = Response<BoxBody<Bytes, Infallible>>;

/// Who lets clients in.
pub trait Gate: Send + Sync + 'static {
    /// Who this is, by the token that it shows; none if it may not come in. Asked at every request: a token
    /// that was revoked ends with the next.
    fn admit(&self, token: Option<&str>) -> Option<Client>;
}

/// Which names this machine has, and which pages may ask.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Hosts beside those of the loopback, with a port or without.
    pub hosts: Vec<String>,
    /// Origins of pages beside those that this machine serves to itself.
    pub origins: Vec<String>,
}

struct Server {
    gate: Arc<dyn Gate>,
    front: StreamableHttpService<Front, LocalSessionManager>,
    manager: Arc<LocalSessionManager>,
    /// Whose session each is: another's token does not open it.
    owners: Mutex<HashMap<String, String>>,
    room: Arc<Semaphore>,
    bodies: Semaphore,
}

/// A place among connections: a stranger's, until it is let in.
type Standing = Mutex<(Option<OwnedSemaphorePermit>, Option<OwnedSemaphorePermit>)>;

/// Serves clients for as long as it is polled.
pub async fn http(shared: Arc<Shared>, listener: TcpListener, gate: Arc<dyn Gate>, names: Names) {
    let server = Arc::new(Server::new(shared, gate, names));
    let strangers = Arc::new(Semaphore::new(STRANGERS));
    loop {
        // It is never closed.
        let Ok(place) = strangers.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let server = server.clone();
                tokio::spawn(async move {
                    if let Err(error) = connection(stream, server, place).await {
                        tracing::debug!(%error, "a connection ended");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, server: Arc<Server>, stranger: OwnedSemaphorePermit) -> hyper::Result<()> {
    // A call's answer is one small packet: it does not wait for another.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(STALL));
    let standing: Arc<Standing> = Arc::new(Mutex::new((Some(stranger), None)));
    let answer = service_fn(move |request: Request<Incoming>| {
        let (server, standing) = (server.clone(), standing.clone());
        async move { Ok::<_, Infallible>(server.answer(request, &standing).await) }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(Box::pin(stream)), answer)
        .await
}

impl Server {
    fn new(shared: Arc<Shared>, gate: Arc<dyn Gate>, names: Names) -> Self {
        let local = ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned);
        let pages = ["http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*"].map(str::to_owned);
        let config = StreamableHttpServerConfig::default()
            .with_allowed_hosts(local.into_iter().chain(names.hosts))
            .with_allowed_origins(pages.into_iter().chain(names.origins))
            .with_max_request_body_bytes(BODY_BYTES);
        let mut sessions = SessionConfig::default();
        sessions.keep_alive = Some(SESSION_IDLE);
        let mut manager = LocalSessionManager::default();
        manager.session_config = sessions;
        let manager = Arc::new(manager);
        let make = move || Ok::<_, io::Error>(Front::new(shared.clone(), None));
        let front = StreamableHttpService::new(make, manager.clone(), config);
        Self {
            gate,
            front,
            manager,
            owners: Mutex::default(),
            room: Arc::new(Semaphore::new(CONNECTIONS)),
            bodies: Semaphore::new(BODIES_KIB),
        }
    }

    async fn answer(&self, request: Request<Incoming>, standing: &Standing) -> Answer {
        if request.uri().path() != PATH {
            return plain(StatusCode::NOT_FOUND, "there is /mcp and nothing else\n");
        }
        let token = request.headers().get(AUTHORIZATION).and_then(bearer);
        let Some(client) = self.gate.admit(token) else {
            let mut refused = plain(StatusCode::UNAUTHORIZED, "a token is needed: holm mcp token new NAME\n");
            refused.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"holm\""));
            return refused;
        };
        if !self.settle(standing) {
            return plain(StatusCode::SERVICE_UNAVAILABLE, "too many connections\n");
        }
        let session = request.headers().get(SESSION).and_then(|id| id.to_str().ok()).map(str::to_owned);
        let begins = session.is_none() && request.method() == Method::POST;
        if let Some(session) = &session
            && self.owners.lock().get(session) != Some(&client.name)
        {
            return plain(StatusCode::NOT_FOUND, "no such session\n");
        }
        let (mut parts, body) = request.into_parts();
        let owner = client.name.clone();
        parts.extensions.insert(client);
        // Nobody behind here needs it.
        parts.headers.remove(AUTHORIZATION);
        let said = parts.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        let kib = said.map_or(BODY_BYTES, |said| said.min(BODY_BYTES)).div_ceil(1024);
        let share = self.bodies.acquire_many(u32::try_from(kib).unwrap_or(u32::MAX));
        let Ok(Ok(share)) = tokio::time::timeout(PATIENCE, share).await else {
            return plain(StatusCode::SERVICE_UNAVAILABLE, "too much is being sent\n");
        };
        let body = tokio::time::timeout(PATIENCE, Limited::new(body, BODY_BYTES).collect()).await;
        let body = match body {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
                return plain(StatusCode::PAYLOAD_TOO_LARGE, "the request is too large\n");
            }
            Ok(Err(_)) => return plain(StatusCode::BAD_REQUEST, "the request broke off\n"),
            Err(_) => return plain(StatusCode::REQUEST_TIMEOUT, "the request took too long\n"),
        };
        let begins = begins && is_initialize(&body);
        if begins && !self.has_room(&owner).await {
            return plain(StatusCode::SERVICE_UNAVAILABLE, "too many sessions\n");
        }
        drop(share);
        let answer = self.front.handle(Request::from_parts(parts, Full::new(body))).await;
        if begins && let Some(made) = answer.headers().get(SESSION).and_then(|id| id.to_str().ok()) {
            self.owners.lock().insert(made.to_owned(), owner);
        }
        answer
    }

    /// Whether one more session may begin. Whose are over is forgotten.
    async fn has_room(&self, client: &str) -> bool {
        let sessions = self.manager.sessions.read().await;
        let mut owners = self.owners.lock();
        if owners.len() > sessions.len() {
            owners.retain(|id, _| sessions.contains_key(id.as_str()));
        }
        sessions.len() < SESSIONS && owners.values().filter(|owner| *owner == client).count() < OWN_SESSIONS
    }

    /// Gives a connection that was let in a place among those.
    fn settle(&self, standing: &Standing) -> bool {
        let (stranger, place) = &mut *standing.lock();
        if place.is_none() {
            *place = self.room.clone().try_acquire_owned().ok();
            if place.is_some() {
                *stranger = None;
            }
        }
        place.is_some()
    }
}

/// Whether a message begins a session.
fn is_initialize(body: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Message<'a> {
        #[serde(borrow)]
        method: std::borrow::Cow<'a, str>,
    }
    serde_json::from_slice::<Message<'_>>(body).is_ok_and(|message| message.method == "initialize")
}

/// The token of `Bearer …`.
fn bearer(header: &HeaderValue) -> Option<&str> {
    let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn plain(status: StatusCode, text: &'static str) -> Answer {
    let mut response = Response::new(Full::from(text).boxed());
    *response.status_mut() = status;
    // Who is refused asks anew, from the back.
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::bearer;

    #[test]
    fn a_token_is_read_as_it_is_written() {
        let read = |text: &str| bearer(&HeaderValue::from_str(text).expect("a header")).map(str::to_owned);
        assert_eq!(read("Bearer holm_x").as_deref(), Some("holm_x"));
        assert_eq!(read("bearer  holm_x ").as_deref(), Some("holm_x"));
        for none in ["holm_x", "Basic holm_x", "Bearer", ""] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
