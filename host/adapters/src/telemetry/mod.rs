//! Telemetry: what a kernel does, for those who watch it from outside.
//!
//! [`Numbers`] asks a kernel for its figures whenever somebody wants them, and keeps none. They go
//! out as text that Prometheus reads ([`serve`]) and, with a span for each process and system call,
//! to a collector that speaks OpenTelemetry's protocol ([`Collector`]). Labels are names of plugins,
//! a thousand at most, and names of Holm's own; no guest makes another.

mod collector;
mod denials;
mod family;
mod metrics;
mod numbers;
mod prometheus;
mod scrape;
mod spans;
mod wire;

pub use collector::{Collector, CollectorError, Otlp};
pub use denials::Denials;
pub use numbers::Numbers;
pub use scrape::{ScrapeError, bind, serve};
