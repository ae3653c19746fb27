//! Figures as data: what both forms are written from.

use holm_kernel::process::Distribution;

/// All figures of one name.
#[derive(Clone, Debug)]
pub(super) struct Family {
    /// Words with dots between them: `model.calls`.
    pub(super) name: &'static str,
    /// One sentence.
    pub(super) help: &'static str,
    pub(super) unit: Unit,
    pub(super) kind: Kind,
    pub(super) samples: Vec<Sample>,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Things that the name says.
    One,
    Seconds,
    Bytes,
    Dollars,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Only grows while the kernel runs.
    Counter,
    /// How it is now.
    Gauge,
    /// Times by how long they were.
    Histogram,
}

/// One figure.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) labels: Vec<(&'static str, String)>,
    pub(super) value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Whole(u64),
    Real(f64),
    Times(Distribution),
}

impl Family {
    pub(super) fn new(name: &'static str, kind: Kind, unit: Unit, help: &'static str) -> Self {
        Self { name, help, unit, kind, samples: Vec::new() }
    }

    /// With one figure for each of `all`.
    #[must_use]
    pub(super) fn of<T>(
        mut self,
        all: impl IntoIterator<Item = T>,
        sample: impl Fn(T) -> (Vec<(&'static str, String)>, Value),
    ) -> Self {
        let sample = |each| {
            let (labels, value) = sample(each);
            Sample { labels, value }
        };
        self.samples.extend(all.into_iter().map(sample));
        self
    }

    /// With one figure that has no labels.
    #[must_use]
    pub(super) fn is(self, value: Value) -> Self {
        self.of([value], |value| (Vec::new(), value))
    }
}
