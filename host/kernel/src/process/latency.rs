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

    /// How many waited and took how long.
    pub(crate) fn distributions(&self) -> (Distribution, Distribution) {
        (distribution(&self.waiting), distribution(&self.turnaround))
    }

    pub(crate) fn summary(&self) -> LatencySummary {
        LatencySummary { calls: self.waiting.len(), waiting: times(&self.waiting), turnaround: times(&self.turnaround) }
    }
}

fn distribution(histogram: &Histogram<u32>) -> Distribution {
    let mut counts = [0; BOUNDS.len() + 1];
    for step in histogram.iter_recorded() {
        let seconds = step.value_iterated_to() as f64 / 1e6;
        // What is told apart to two digits only counts as it is printed.
        let place = BOUNDS.partition_point(|bound| seconds > bound * 1.01);
        counts[place] += u64::from(step.count_at_value());
    }
    Distribution { counts: counts.to_vec(), sum: histogram.mean() * histogram.len() as f64 / 1e6 }
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

/// Bounds between the groups of a [`Distribution`], in seconds.
pub const BOUNDS: [f64; 14] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];

/// Times by how long they were.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Distribution {
    /// How many were no longer than each of [`BOUNDS`] and longer than the one before; last, the rest.
    pub counts: Vec<u64>,
    /// All of them together, in seconds.
    pub sum: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_grouped_by_their_bounds() {
        let mut latency = Latency::new().expect("bounds that fit");
        let millis = Duration::from_millis;
        for time in [0, 1, 5, 50, 51, 1_000, 1_500, 299_000] {
            latency.record(millis(time), millis(2 * time));
        }
        latency.record(Duration::from_secs(1_000), Duration::from_secs(7_000));
        let (waiting, turnaround) = latency.distributions();
        assert_eq!(waiting.counts, [2, 1, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1]);
        assert_eq!(turnaround.counts.iter().sum::<u64>(), 9);
        assert!((waiting.sum / 1_301.607 - 1.0).abs() < 0.01, "{waiting:?}");
    }
}
