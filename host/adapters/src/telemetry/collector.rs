//! A collector that speaks OpenTelemetry's protocol: spans in batches, figures at intervals.

use std::{sync::Arc, time::Duration};

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::task::JoinHandle;
use tracing::Subscriber;
use tracing_subscriber::{Layer, registry::LookupSpan};

use super::{metrics, numbers::Numbers, spans, wire::Wire};

/// How long the last spans and figures may take when the kernel ends.
const FAREWELL: Duration = Duration::from_secs(2);

/// Where and how to send.
pub struct Otlp {
    /// Its address without `/v1/traces`: `http://127.0.0.1:4318`.
    pub endpoint: String,
    /// Sent with each request; shown nowhere.
    pub headers: Vec<(String, String)>,
    /// Between two reports.
    pub interval: Duration,
    /// The share of process trees whose spans are sent, from 0 to 1.
    pub sample: f64,
    /// Of the kernel.
    pub version: String,
}

/// The collector cannot be used as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum CollectorError {
    /// It is no address. Not shown: somebody may have written a password into it.
    #[error("it is no address of a collector: write one like http://127.0.0.1:4318, and what is secret as a header")]
    Endpoint,
    /// A header is none.
    #[error("the header `{0}` cannot be sent")]
    Header(String),
    /// There is no way to send.
    #[error("there is no client for it: {0}")]
    Client(String),
}

/// A collector. Where it is down, what it misses is lost: nothing waits for it, nothing grows.
pub struct Collector {
    wire: Arc<Wire>,
    provider: SdkTracerProvider,
    interval: Duration,
    reports: Option<(JoinHandle<()>, Arc<Numbers>)>,
}

impl Collector {
    /// Inside a tokio runtime. Nothing is sent yet.
    ///
    /// # Errors
    /// The address or a header makes no sense.
    pub fn new(otlp: &Otlp) -> Result<Self, CollectorError> {
        let wire = Arc::new(Wire::new(otlp)?);
        let provider = spans::provider(&wire, otlp)?;
        Ok(Self { wire, provider, interval: otlp.interval, reports: None })
    }

    /// Takes the spans of processes and system calls, and nothing else.
    pub fn layer<S>(&self) -> impl Layer<S> + Send + Sync + 'static
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        spans::layer(self.provider.tracer("holm"))
    }

    /// Reports these figures at each interval from now on.
    pub fn report(&mut self, numbers: Arc<Numbers>) {
        let (wire, reported, interval) = (self.wire.clone(), numbers.clone(), self.interval);
        let reports = tokio::spawn(async move {
            loop {
                tokio::time::sleep(interval).await;
                metrics::send(&wire, &reported).await;
            }
        });
        self.reports = Some((reports, numbers));
    }

    /// The kernel has ended: sends what is left, for as long as a moment.
    pub async fn finish(mut self) {
        let figures = async {
            if let Some((reports, numbers)) = self.reports.take() {
                reports.abort();
                metrics::send(&self.wire, &numbers).await;
            }
        };
        // The rest is lost.
        let _ = tokio::time::timeout(FAREWELL, figures).await;
        let provider = self.provider.clone();
        let _ = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(FAREWELL)).await;
    }
}
