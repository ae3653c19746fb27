//! How long a process's calls waited and took.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// Times of calls, in microseconds, to two digits.
#[derive(Clone, Debug)]
pub(crate) struct Latency {
    waiting: Histogram<u32>,
    turnaround: Histogram<u32>,
}

/// The longest time that is told apart.
const LONGEST: Duration = Duration::from_secs(3600);

impl Latency {
    /// Nothing measured yet; none where the bounds above made no histogram.
    pub(crate) fn new() -> Option<Self> {
        let histogram = || Histogram::new_with_bounds(1, LONGEST.as_micros() as u64, 2).ok();
        Some(Self { waiting: histogram()?, turnaround: histogram()? })
    }

    /// A call waited this long before it was sent, and took this long in all.
    pub(crate) fn record(&mut self, waiting: Duration, turnaround: Duration) {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.waiting.saturating_record(micros(waiting));
        self.turnaround.saturating_record(micros(turnaround));
    }

    /// Adds what another measured.
    pub(crate) fn merge(&mut self, other: &Self) {
        // Both have the same bounds: nothing falls outside.
        let _ = self.waiting.add(&other.waiting);
        let _ = self.turnaround.add(&other.turnaround);
    }

    pub(crate) fn summary(&self) -> LatencySummary {
        LatencySummary { calls: self.waiting.len(), waiting: times(&self.waiting), turnaround: times(&self.turnaround) }
    }
}

fn times(histogram: &Histogram<u32>) -> Times {
    let seconds = |micros: u64| micros as f64 / 1e6;
    Times {
        average: histogram.mean() / 1e6,
        p50: seconds(histogram.value_at_quantile(0.5)),
        p90: seconds(histogram.value_at_quantile(0.9)),
        p99: seconds(histogram.value_at_quantile(0.99)),
    }
}

/// The calls of models that a process made, and how long they took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LatencySummary {
    /// Calls that ended, with a reply or without.
    pub calls: u64,
    /// From the system call to the provider.
    pub waiting: Times,
    /// From the system call to its end.
    pub turnaround: Times,
}

/// Times, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Times {
    /// The mean.
    pub average: f64,
    /// Half took no longer.
    pub p50: f64,
    /// Nine of ten.
    pub p90: f64,
    /// Ninety-nine of a hundred.
    pub p99: f64,
}
