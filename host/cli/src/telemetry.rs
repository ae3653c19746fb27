//! `[telemetry]` of `config.toml`: who may watch the kernel, and how they are reached.

use std::{collections::BTreeMap, net::SocketAddr, path::Path, path::PathBuf, sync::Arc, time::Duration};

use holm_adapters::telemetry::{Collector, Numbers, Otlp, bind, serve};
use holm_drivers::llm::{Key, KeyError};
use serde::Deserialize;
use tracing::Subscriber;
use tracing_subscriber::{Layer, registry::LookupSpan};

use crate::error::{CommandError, Result};

/// `[telemetry]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct TelemetrySettings {
    /// Where Prometheus finds `/metrics`; on this machine alone unless another address is written.
    pub(crate) prometheus: Option<SocketAddr>,
    /// The collector that spans and figures are sent to: `http://127.0.0.1:4318`.
    pub(crate) otlp: Option<String>,
    /// Sent with each request to it.
    pub(crate) otlp_headers: BTreeMap<String, HeaderSettings>,
    /// Between two reports.
    #[serde(with = "humantime_serde")]
    pub(crate) otlp_interval: Duration,
    /// The share of process trees whose spans are sent.
    pub(crate) otlp_sample: f64,
}

impl Default for TelemetrySettings {
    fn default() -> Self {
        Self {
            prometheus: None,
            otlp: None,
            otlp_headers: BTreeMap::new(),
            otlp_interval: Duration::from_secs(30),
            otlp_sample: 1.0,
        }
    }
}

/// Where the value of a header is kept: it is most often a secret, and so never in this file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) enum HeaderSettings {
    /// The environment variable that holds it.
    Env(String),
    /// The file of mode 0600 that holds it.
    File(PathBuf),
}

impl HeaderSettings {
    fn value(&self, home: &Path) -> Result<Key, KeyError> {
        match self {
            Self::Env(variable) => Key::from_environment(variable),
            Self::File(file) => Key::from_file(&home.join(file)),
        }
    }
}

/// The shortest time between two reports.
const SHORTEST: Duration = Duration::from_millis(100);

/// What leaves the kernel for those who watch it. Nothing of it holds the kernel up: where it cannot
/// be had, the log says so.
pub(crate) struct Telemetry {
    prometheus: Option<SocketAddr>,
    collector: Option<Collector>,
    /// Said once there is a log.
    missing: Option<String>,
}

impl Telemetry {
    /// Inside a tokio runtime. Nothing is served or sent yet.
    ///
    /// # Errors
    /// A setting that makes no sense.
    pub(crate) fn open(settings: &TelemetrySettings, home: &Path) -> Result<Self> {
        let wrong = |name: &str, why: &dyn std::fmt::Display| CommandError::usage(format!("[telemetry] {name}: {why}"));
        if settings.otlp_interval < SHORTEST {
            return Err(wrong("otlp-interval", &"at least 100ms"));
        }
        if !(0.0..=1.0).contains(&settings.otlp_sample) {
            return Err(wrong("otlp-sample", &"a share from 0 to 1"));
        }
        let mut telemetry = Self { prometheus: settings.prometheus, collector: None, missing: None };
        let Some(endpoint) = &settings.otlp else { return Ok(telemetry) };
        let mut headers = Vec::new();
        for (name, header) in &settings.otlp_headers {
            match header.value(home) {
                Ok(value) => headers.push((name.clone(), value.expose().to_owned())),
                Err(error) => {
                    telemetry.missing = Some(format!("the header `{name}`: {error}"));
                    return Ok(telemetry);
                }
            }
        }
        let otlp = Otlp {
            endpoint: endpoint.clone(),
            headers,
            interval: settings.otlp_interval,
            sample: settings.otlp_sample,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        telemetry.collector = Some(Collector::new(&otlp).map_err(|error| wrong("otlp", &error))?);
        Ok(telemetry)
    }

    /// What takes spans, if anybody asked for them.
    pub(crate) fn layer<S>(&self) -> Option<impl Layer<S> + Send + Sync + 'static>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        self.collector.as_ref().map(Collector::layer)
    }

    /// Serves and sends these figures from now on.
    pub(crate) async fn start(&mut self, numbers: &Arc<Numbers>) {
        if let Some(missing) = &self.missing {
            tracing::error!(missing, "no telemetry is sent");
        }
        if let Some(collector) = &mut self.collector {
            collector.report(numbers.clone());
        }
        let Some(address) = self.prometheus else { return };
        match bind(address).await {
            Ok(listener) => {
                let address = listener.local_addr().unwrap_or(address);
                tracing::info!("metrics are served at http://{address}/metrics");
                if !address.ip().is_loopback() {
                    tracing::warn!("who reaches this address sees which plugins run, and how much");
                }
                tokio::spawn(serve(listener, numbers.clone()));
            }
            Err(error) => tracing::error!(%error, "the kernel goes on without"),
        }
    }

    /// Sends what is left.
    pub(crate) async fn finish(self) {
        if let Some(collector) = self.collector {
            collector.finish().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(text: &str) -> Result<Telemetry, String> {
        let settings: TelemetrySettings = toml::from_str(text).map_err(|error| error.to_string())?;
        Telemetry::open(&settings, Path::new("/")).map_err(|error| error.message)
    }

    #[tokio::test]
    async fn what_makes_no_sense_is_refused_and_said() {
        for (text, said) in [
            ("prometheus = \"9464\"", "socket address"),
            ("promethius = \"127.0.0.1:9464\"", "unknown field"),
            ("otlp-interval = \"1ms\"", "at least 100ms"),
            ("otlp-sample = 1.5", "from 0 to 1"),
            ("otlp = \"localhost:4318\"", "no address of a collector"),
            ("otlp = \"http://user:hunter2@host\"", "no address of a collector"),
            ("otlp-headers = { authorization = \"Bearer hunter2\" }", "unknown variant"),
        ] {
            let refused = open(text).err().unwrap_or_default();
            assert!(refused.contains(said), "{text}: {refused}");
            assert!(said == "unknown variant" || !refused.contains("hunter2"), "{refused}");
        }
    }

    #[tokio::test]
    async fn a_missing_header_stops_telemetry_and_not_the_kernel() {
        let settings = "otlp = \"http://127.0.0.1:4318\"\notlp-headers = { key = { env = \"HOLM_TEST_NO_SUCH\" } }";
        let telemetry = open(settings).expect("the kernel goes on");
        assert!(telemetry.collector.is_none());
        assert!(telemetry.missing.is_some_and(|missing| missing.contains("HOLM_TEST_NO_SUCH")));
    }
}
