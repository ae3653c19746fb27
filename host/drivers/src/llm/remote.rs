//! A provider at the other end of a connection: what is the same for all dialects.
//!
//! Nothing is followed, nothing is unpacked, everything is bounded: a provider is a stranger with
//! our user's key.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_core::future::BoxFuture;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use holm_kernel::llm::{Attempt, Driver, Embedded, Event, Events, Failure};
use reqwest::{
    Client, Response, Url,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use serde_json::Value;
use sse_stream::SseByteStream;
use tokio_util::{
    codec::{FramedRead, LinesCodec},
    io::StreamReader,
};

use super::{
    Key, OpenError, Provider,
    dialect::{Dialect, Frames, Reader},
    scrub::Scrub,
    seal, status,
};

/// Bytes of one reply on the wire: about fifty for each that it holds. Stops a provider that sends
/// for ever.
const REPLY_BYTES: usize = 256 << 20;
/// Bytes of one event or line. Stops an event that never ends.
const EVENT_BYTES: usize = 8 << 20;
/// Bytes of an error's body that are looked at.
const ERROR_BYTES: usize = 64 << 10;
/// Bytes of an answer that comes in one piece (vectors).
const ANSWER_BYTES: usize = 64 << 20;

/// A provider.
pub(super) struct Remote<D> {
    shared: Arc<Shared<D>>,
}

struct Shared<D> {
    dialect: D,
    client: Client,
    base: Url,
    headers: HeaderMap,
    /// Takes all that was sent in headers out of failures.
    scrub: Scrub,
    /// Takes the key, and what is like one, out of replies.
    echoes: Scrub,
    first_byte_timeout: Duration,
    idle_timeout: Duration,
}

impl<D: Dialect> Remote<D> {
    /// # Errors
    /// The address, a header or the key cannot be used.
    pub(super) fn new(provider: &Provider, dialect: D) -> Result<Self, OpenError> {
        // Another part of the process may have chosen one already; then that one serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let text = provider.base_url.as_deref().unwrap_or(D::BASE_URL).trim_end_matches('/');
        let base = Url::parse(text).ok().filter(|url| ["http", "https"].contains(&url.scheme()) && url.has_host());
        let base = base.ok_or_else(|| OpenError::BaseUrl(text.rsplit('@').next().unwrap_or(text).to_owned()))?;
        if !base.username().is_empty() || base.password().is_some() {
            return Err(OpenError::Userinfo(base.host_str().unwrap_or_default().to_owned()));
        }
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(provider.connect_timeout)
            .user_agent(concat!("holm/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| OpenError::Client(error.to_string()))?;
        let headers = headers(provider, &dialect)?;
        let shared = Shared {
            dialect,
            client,
            base,
            headers,
            scrub: Scrub::new(secrets(provider, |_| true)),
            echoes: Scrub::new(secrets(provider, secret)),
            first_byte_timeout: provider.first_byte_timeout,
            idle_timeout: provider.idle_timeout,
        };
        Ok(Self { shared: Arc::new(shared) })
    }
}

/// The key, and the values of headers, whole and by their words (`Bearer …`).
fn secrets(provider: &Provider, which: impl Fn(&str) -> bool) -> Vec<&str> {
    let headers = provider.headers.iter().filter(|(name, _)| which(name));
    let values = headers.flat_map(|(_, value)| std::iter::once(value.as_str()).chain(value.split_whitespace()));
    provider.key.iter().map(Key::expose).chain(values).collect()
}

/// Whether a header of this name holds a secret; others hold names that a reply may well speak of.
fn secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["auth", "key", "token", "secret", "cookie", "password"].iter().any(|word| name.contains(word))
}

fn headers(provider: &Provider, dialect: &impl Dialect) -> Result<HeaderMap, OpenError> {
    let mut headers = HeaderMap::new();
    for (name, value) in dialect.headers() {
        headers.insert(*name, HeaderValue::from_static(value));
    }
    for (name, value) in &provider.headers {
        let wrong = || OpenError::Header(name.clone());
        let header: HeaderName = name.parse().map_err(|_| wrong())?;
        let mut value: HeaderValue = value.parse().map_err(|_| wrong())?;
        value.set_sensitive(true);
        headers.insert(header, value);
    }
    if let Some(key) = &provider.key {
        let (name, before) = dialect.key_header();
        let mut value: HeaderValue = format!("{before}{}", key.expose()).parse().map_err(|_| OpenError::Key)?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

impl<D: Dialect> Shared<D> {
    /// Sends a request and waits until its answer begins.
    async fn send(&self, path: &str, body: &Value) -> Result<Response, Failure> {
        // Not `join`: a base address may have a path of its own.
        let url = format!("{}/{}", self.base.as_str().trim_end_matches('/'), path.trim_start_matches('/'));
        let request = self.client.post(url).headers(self.headers.clone()).json(body);
        let answer = match tokio::time::timeout(self.first_byte_timeout, request.send()).await {
            Ok(answer) => answer.map_err(|error| self.broken(&error))?,
            Err(_) => {
                return Err(Failure::TimedOut(format!("nothing within {} s", self.first_byte_timeout.as_secs_f64())));
            }
        };
        match answer.status().is_success() {
            true => Ok(answer),
            false => Err(self.refused(answer).await),
        }
    }

    /// What an answer with another status means.
    async fn refused(&self, answer: Response) -> Failure {
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = read(answer, ERROR_BYTES, self.idle_timeout).await.unwrap_or_default();
        self.scrub.failure(status::failure(status, &headers, &String::from_utf8_lossy(&body)))
    }

    /// Why there is no answer.
    fn broken(&self, error: &reqwest::Error) -> Failure {
        let mut text = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(error) = source {
            text = error.to_string();
            source = error.source();
        }
        let host = self.base.authority();
        let failure = match error.is_connect() {
            true => Failure::Unavailable(format!("`{host}` cannot be reached: {text}")),
            // It may have taken the request in before it broke off.
            false => Failure::TimedOut(format!("`{host}` broke off: {text}")),
        };
        self.scrub.failure(failure)
    }

    async fn attempt(self: Arc<Self>, attempt: Attempt) -> Result<Events, Failure> {
        if let Some(why) = self.dialect.refuses(&attempt) {
            return Err(Failure::BadRequest(why.to_owned()));
        }
        let attempt = seal::own(attempt, D::MAKER);
        let body = self.dialect.body(&attempt, self.base.host_str().unwrap_or_default());
        let answer = self.send(&self.dialect.path(&attempt.model), &body).await?;
        let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("none").to_owned();
        let expected = match D::FRAMES {
            Frames::Events => kind.starts_with("text/event-stream"),
            Frames::Lines => kind.contains("json"),
        };
        if !expected {
            let kind: String = kind.chars().take(100).collect();
            return Err(Failure::Malformed(format!("it is no stream of pieces but `{kind}`")));
        }
        let reader = self.dialect.reader();
        let frames = frames(answer, D::FRAMES, self.idle_timeout);
        let shared = self.clone();
        let events = events(frames, reader).map_ok(|event| seal::stamp(event, D::MAKER));
        let events = events.map_err(move |failure| shared.scrub.failure(failure));
        Ok(self.echoes.clone().events(events))
    }
}

/// An answer of at most `limit` bytes.
async fn read(mut answer: Response, limit: usize, idle: Duration) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    loop {
        match tokio::time::timeout(idle, answer.chunk()).await {
            Ok(Ok(Some(chunk))) if body.len() + chunk.len() <= limit => body.extend_from_slice(&chunk),
            Ok(Ok(None)) => return Ok(body),
            Ok(Ok(Some(_))) => return Err(Failure::Malformed(format!("it has more than {limit} bytes"))),
            Ok(Err(_)) | Err(_) => return Err(Failure::Unavailable("its answer broke off".to_owned())),
        }
    }
}

/// Why a stream of bytes ended early.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Broken(Failure);

impl From<Broken> for std::io::Error {
    fn from(broken: Broken) -> Self {
        std::io::Error::other(broken)
    }
}

/// The bytes of an answer, each waited for no longer than `idle`, counted in all and since the last
/// whole event.
fn bounded(
    answer: Response,
    idle: Duration,
    event: Arc<AtomicUsize>,
) -> impl Stream<Item = Result<Bytes, Broken>> + Send {
    let mut total = 0_usize;
    let mut bytes = answer.bytes_stream().boxed();
    stream::poll_fn(move |context| bytes.poll_next_unpin(context))
        .then({
            move |chunk| {
                let chunk = chunk.map_err(|_| Broken(Failure::Unavailable("its reply broke off".to_owned())));
                let checked = chunk.and_then(|chunk| {
                    total = total.saturating_add(chunk.len());
                    let since = event.fetch_add(chunk.len(), Relaxed) + chunk.len();
                    match total > REPLY_BYTES || since > EVENT_BYTES {
                        true => Err(Broken(Failure::Malformed("it is larger than any reply".to_owned()))),
                        false => Ok(chunk),
                    }
                });
                std::future::ready(checked)
            }
        })
        .with_idle(idle)
}

/// Gives up a stream that says nothing for a while.
trait WithIdle: Stream<Item = Result<Bytes, Broken>> + Send + Sized + 'static {
    fn with_idle(self, idle: Duration) -> impl Stream<Item = Result<Bytes, Broken>> + Send {
        stream::unfold((Box::pin(self), false), move |(mut bytes, over)| async move {
            if over {
                return None;
            }
            match tokio::time::timeout(idle, bytes.next()).await {
                Ok(Some(chunk)) => {
                    let over = chunk.is_err();
                    Some((chunk, (bytes, over)))
                }
                Ok(None) => None,
                Err(_) => {
                    let text = format!("its reply stopped for {} s", idle.as_secs_f64());
                    Some((Err(Broken(Failure::TimedOut(text))), (bytes, true)))
                }
            }
        })
    }
}

impl<S: Stream<Item = Result<Bytes, Broken>> + Send + 'static> WithIdle for S {}

type Frame = Result<String, Failure>;

/// The answer cut into events or lines.
fn frames(answer: Response, frames: Frames, idle: Duration) -> stream::BoxStream<'static, Frame> {
    let since = Arc::new(AtomicUsize::new(0));
    let bytes = bounded(answer, idle, since.clone()).boxed();
    match frames {
        Frames::Events => SseByteStream::new(bytes)
            .filter_map(move |event| {
                since.store(0, Relaxed);
                std::future::ready(match event {
                    Ok(event) => event.data.map(Ok),
                    Err(sse_stream::Error::Body(error)) => Some(Err(cause(error.downcast_ref::<Broken>()))),
                    Err(error) => Some(Err(Failure::Malformed(error.to_string()))),
                })
            })
            .boxed(),
        Frames::Lines => {
            let lines = LinesCodec::new_with_max_length(EVENT_BYTES);
            FramedRead::new(StreamReader::new(bytes), lines)
                .filter_map(move |line| {
                    since.store(0, Relaxed);
                    std::future::ready(match line {
                        Ok(line) if line.trim().is_empty() => None,
                        Ok(line) => Some(Ok(line)),
                        Err(tokio_util::codec::LinesCodecError::Io(error)) => {
                            let broken = error.get_ref().and_then(|error| error.downcast_ref::<Broken>());
                            Some(Err(cause(broken)))
                        }
                        Err(error) => Some(Err(Failure::Malformed(error.to_string()))),
                    })
                })
                .boxed()
        }
    }
}

fn cause(broken: Option<&Broken>) -> Failure {
    broken.map_or_else(|| Failure::Unavailable("its reply broke off".to_owned()), |broken| broken.0.clone())
}

/// The frames, read, up to the stop or the first failure.
fn events(
    frames: stream::BoxStream<'static, Frame>,
    reader: Box<dyn Reader>,
) -> impl Stream<Item = Result<Event, Failure>> + Send {
    struct State {
        frames: stream::BoxStream<'static, Frame>,
        reader: Box<dyn Reader>,
        ready: VecDeque<Result<Event, Failure>>,
        over: bool,
    }
    let state = State { frames, reader, ready: VecDeque::new(), over: false };
    stream::unfold(state, |mut state| async move {
        loop {
            if let Some(event) = state.ready.pop_front() {
                return Some((event, state));
            }
            if state.over {
                return None;
            }
            let mut events = Vec::new();
            let read = match state.frames.next().await {
                Some(Ok(frame)) => state.reader.read(&frame, &mut events),
                Some(Err(failure)) => Err(failure),
                None => {
                    state.over = true;
                    state.reader.end(&mut events)
                }
            };
            for event in events {
                state.over |= matches!(event, Event::Stop(_));
                state.ready.push_back(Ok(event));
            }
            if let Err(failure) = read
                && !matches!(state.ready.back(), Some(Ok(Event::Stop(_))))
            {
                state.over = true;
                state.ready.push_back(Err(failure));
            }
        }
    })
}

impl<D: Dialect> Driver for Remote<D> {
    fn attempt(&self, attempt: Attempt) -> BoxFuture<'static, Result<Events, Failure>> {
        Box::pin(self.shared.clone().attempt(attempt))
    }

    fn embed(&self, model: Arc<str>, texts: Vec<String>) -> BoxFuture<'static, Result<Embedded, Failure>> {
        let shared = self.shared.clone();
        Box::pin(async move {
            let Some((path, body)) = shared.dialect.embedding(&model, &texts) else {
                return Err(Failure::BadRequest("this provider embeds nothing".to_owned()));
            };
            let answer = shared.send(&path, &body).await?;
            // It was taken in: what breaks off now has been paid for.
            let bytes = read(answer, ANSWER_BYTES, shared.idle_timeout).await.map_err(|failure| match failure {
                Failure::Unavailable(text) => Failure::TimedOut(text),
                failure => failure,
            })?;
            let answer: Value = serde_json::from_slice(&bytes)
                .map_err(|error| Failure::Malformed(format!("it is no JSON: {error}")))?;
            let vectors = shared.dialect.vectors(&answer);
            vectors.ok_or_else(|| Failure::Malformed("it holds no vectors".to_owned()))
        })
    }
}
