//! The way to a collector: one request at a time, bounded, and its troubles told once.

use std::{
    fmt,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

use bytes::Bytes;
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use reqwest::{
    Client, Url,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use tokio::runtime::Handle;

use super::collector::{CollectorError, Otlp};

/// From the connection to the end of the answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of an answer that are read: what it rejected, in a few words.
const ANSWER_BYTES: usize = 64 << 10;

/// A collector.
pub(super) struct Wire {
    client: Client,
    base: Url,
    headers: HeaderMap,
    runtime: Handle,
    down: AtomicBool,
}

/// It did not take what was sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    #[error("{0}")]
    Broken(String),
    #[error("the kernel is shutting down")]
    Ending,
}

impl Wire {
    pub(super) fn new(otlp: &Otlp) -> Result<Self, CollectorError> {
        // Another part of the process may have chosen one already; then that one serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let base = Url::parse(otlp.endpoint.trim_end_matches('/')).ok();
        let plain = |url: &Url| url.query().or(url.fragment()).is_none() && url.authority().find('@').is_none();
        let base = base.filter(|url| ["http", "https"].contains(&url.scheme()) && url.has_host() && plain(url));
        let base = base.ok_or(CollectorError::Endpoint)?;
        let mut headers = HeaderMap::new();
        for (name, value) in &otlp.headers {
            let wrong = || CollectorError::Header(name.clone());
            let header: HeaderName = name.parse().map_err(|_| wrong())?;
            let mut value: HeaderValue = value.parse().map_err(|_| wrong())?;
            value.set_sensitive(true);
            headers.insert(header, value);
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(PATIENCE)
            .user_agent(concat!("holm/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| CollectorError::Client(error.to_string()))?;
        let runtime = Handle::try_current().map_err(|error| CollectorError::Client(error.to_string()))?;
        Ok(Self { client, base, headers, runtime, down: AtomicBool::new(false) })
    }

    /// Where things of this kind are sent.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base.as_str().trim_end_matches('/'))
    }

    /// Sends a body, and reads the answer.
    pub(super) async fn post(&self, url: &str, body: Bytes) -> Result<Response<Bytes>, WireError> {
        let sent = self.client.post(url).headers(self.headers.clone()).body(body).send();
        let answered = async {
            let mut answer = sent.await?;
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = answer.status();
            response.headers_mut().clone_from(answer.headers());
            let mut body = Vec::new();
            while body.len() < ANSWER_BYTES
                && let Some(chunk) = answer.chunk().await?
            {
                body.extend_from_slice(&chunk);
            }
            body.truncate(ANSWER_BYTES);
            Ok::<_, reqwest::Error>(response.map(|_| body.into()))
        };
        let trouble = match answered.await {
            Ok(response) if response.status().is_success() => {
                if self.down.swap(false, Relaxed) {
                    tracing::info!(
                        collector = self.base.authority(),
                        "the telemetry collector takes again what is sent"
                    );
                }
                return Ok(response);
            }
            Ok(response) => {
                let status = response.status();
                self.trouble(&format!("it answers {status}"));
                // The exporter knows which of these are worth another try.
                return Ok(response);
            }
            Err(error) => cause(&error),
        };
        self.trouble(&trouble);
        Err(WireError::Broken(trouble))
    }

    /// Said once, until it works again. What is not taken is lost, and holds nothing up.
    fn trouble(&self, why: &str) {
        if !self.down.swap(true, Relaxed) {
            tracing::warn!(
                collector = self.base.authority(),
                why,
                "the telemetry collector does not take what is sent"
            );
        }
    }
}

/// What lies at the bottom of it.
fn cause(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text = error.to_string();
        source = error.source();
    }
    text
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wire({})", self.base.authority())
    }
}

/// As the exporter of spans uses it, from a thread without a runtime.
#[derive(Clone, Debug)]
pub(super) struct SpanClient(pub(super) std::sync::Arc<Wire>);

#[async_trait::async_trait]
impl HttpClient for SpanClient {
    // Headers are ours: nothing of the environment's, which the exporter would add.
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let wire = self.0.clone();
        let sent = async move { wire.post(&request.uri().to_string(), request.into_body()).await };
        match self.0.runtime.spawn(sent).await {
            Ok(answered) => Ok(answered?),
            Err(_) => Err(WireError::Ending.into()),
        }
    }
}
