//! Figures in OpenTelemetry's form. They are the kernel's own sums, told as they are: its SDK would
//! count them a second time.

use std::time::SystemTime;

use holm_kernel::process::BOUNDS;
use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value},
    metrics::v1::{
        AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics,
        ScopeMetrics, Sum, metric, number_data_point,
    },
    resource::v1::Resource,
};
use prost::Message as _;

use super::{
    family::{Family, Kind, Sample, Unit, Value},
    numbers::Numbers,
    wire::Wire,
};

/// Sends all figures once. Where they are not taken, the next ones hold what these did.
pub(super) async fn send(wire: &Wire, numbers: &Numbers) {
    let body = request(numbers).encode_to_vec();
    // It is said where it shows.
    let _ = wire.post(&wire.url("/v1/metrics"), body.into()).await;
}

fn request(numbers: &Numbers) -> ExportMetricsServiceRequest {
    let times = Times { start: nanoseconds(numbers.started()), now: nanoseconds(SystemTime::now()) };
    let families = numbers.gather();
    let metrics = families.iter().filter(|family| !family.samples.is_empty()).map(|family| times.metric(family));
    let resource = Resource {
        attributes: vec![attribute("service.name", "holm"), attribute("service.version", numbers.version())],
        ..Resource::default()
    };
    let scope = InstrumentationScope { name: "holm".to_owned(), ..InstrumentationScope::default() };
    let scope = ScopeMetrics { scope: Some(scope), metrics: metrics.collect(), ..ScopeMetrics::default() };
    let resource =
        ResourceMetrics { resource: Some(resource), scope_metrics: vec![scope], ..ResourceMetrics::default() };
    ExportMetricsServiceRequest { resource_metrics: vec![resource] }
}

/// Nanoseconds since 1970: since when is counted, and until when.
struct Times {
    start: u64,
    now: u64,
}

impl Times {
    fn metric(&self, family: &Family) -> Metric {
        let cumulative = AggregationTemporality::Cumulative.into();
        let numbers = || family.samples.iter().map(|sample| self.number(sample)).collect();
        let data = match family.kind {
            Kind::Gauge => metric::Data::Gauge(Gauge { data_points: numbers() }),
            Kind::Counter => metric::Data::Sum(Sum {
                data_points: numbers(),
                aggregation_temporality: cumulative,
                is_monotonic: true,
            }),
            Kind::Histogram => metric::Data::Histogram(Histogram {
                data_points: family.samples.iter().map(|sample| self.histogram(sample)).collect(),
                aggregation_temporality: cumulative,
            }),
        };
        let unit = match family.unit {
            Unit::One => "1",
            Unit::Seconds => "s",
            Unit::Bytes => "By",
            Unit::Dollars => "USD",
        };
        Metric {
            name: format!("holm.{}", family.name),
            description: family.help.to_owned(),
            unit: unit.to_owned(),
            data: Some(data),
            ..Metric::default()
        }
    }

    fn number(&self, sample: &Sample) -> NumberDataPoint {
        let value = match &sample.value {
            Value::Whole(value) => number_data_point::Value::AsInt(i64::try_from(*value).unwrap_or(i64::MAX)),
            Value::Real(value) => number_data_point::Value::AsDouble(*value),
            Value::Times(times) => number_data_point::Value::AsDouble(times.sum),
        };
        NumberDataPoint {
            attributes: attributes(sample),
            start_time_unix_nano: self.start,
            time_unix_nano: self.now,
            value: Some(value),
            ..NumberDataPoint::default()
        }
    }

    fn histogram(&self, sample: &Sample) -> HistogramDataPoint {
        let Value::Times(times) = &sample.value else { return HistogramDataPoint::default() };
        HistogramDataPoint {
            attributes: attributes(sample),
            start_time_unix_nano: self.start,
            time_unix_nano: self.now,
            count: times.counts.iter().sum(),
            sum: Some(times.sum),
            bucket_counts: times.counts.clone(),
            explicit_bounds: BOUNDS.to_vec(),
            ..HistogramDataPoint::default()
        }
    }
}

fn attributes(sample: &Sample) -> Vec<KeyValue> {
    sample.labels.iter().map(|(name, value)| attribute(name, value)).collect()
}

fn attribute(name: &str, value: &str) -> KeyValue {
    let value = AnyValue { value: Some(any_value::Value::StringValue(value.to_owned())) };
    KeyValue { key: name.to_owned(), value: Some(value), ..KeyValue::default() }
}

fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
