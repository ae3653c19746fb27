//! Figures as Prometheus reads them.

use holm_kernel::process::BOUNDS;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, NoLabelSet, prometheus_text},
    metrics::MetricType,
    registry::{self, Registry},
};

use super::family::{Family, Kind, Unit, Value};

pub(super) const CONTENT_TYPE: &str = prometheus_text::CONTENT_TYPE;

/// All names begin with it.
const PREFIX: &str = "holm";

#[derive(Debug)]
struct Gathered(Vec<Family>);

/// The text of version 0.0.4.
pub(super) fn text(families: Vec<Family>) -> String {
    let mut registry = Registry::with_prefix(PREFIX);
    registry.register_collector(Box::new(Gathered(families)));
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = prometheus_text::encode(&mut text, &registry);
    text
}

impl Collector for Gathered {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        for family in &self.0 {
            let name = family.name.replace('.', "_");
            let unit = unit(family.unit);
            let mut metric = encoder.encode_descriptor(&name, family.help, unit.as_ref(), kind(family.kind))?;
            for sample in &family.samples {
                let mut one = metric.encode_family(&sample.labels)?;
                match (&sample.value, family.kind) {
                    (Value::Whole(value), Kind::Gauge) => one.encode_gauge(value)?,
                    (Value::Real(value), Kind::Gauge) => one.encode_gauge(value)?,
                    (Value::Whole(value), _) => one.encode_counter::<NoLabelSet, _, f64>(value, None)?,
                    (Value::Real(value), _) => one.encode_counter::<NoLabelSet, _, f64>(value, None)?,
                    (Value::Times(times), _) => {
                        let bounds = BOUNDS.iter().copied().chain([f64::INFINITY]);
                        let buckets: Vec<(f64, u64)> = bounds.zip(times.counts.iter().copied()).collect();
                        let count = times.counts.iter().sum();
                        one.encode_histogram::<NoLabelSet>(times.sum, count, &buckets, None)?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn kind(kind: Kind) -> MetricType {
    match kind {
        Kind::Counter => MetricType::Counter,
        Kind::Gauge => MetricType::Gauge,
        Kind::Histogram => MetricType::Histogram,
    }
}

fn unit(unit: Unit) -> Option<registry::Unit> {
    match unit {
        Unit::One => None,
        Unit::Seconds => Some(registry::Unit::Seconds),
        Unit::Bytes => Some(registry::Unit::Bytes),
        Unit::Dollars => Some(registry::Unit::Other("dollars".to_owned())),
    }
}
