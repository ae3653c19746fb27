//! Spans of processes and system calls, on their way to a collector.

use std::{borrow::Cow, sync::Arc, time::Duration};

use opentelemetry::{
    Key, KeyValue,
    trace::{SpanKind, Status},
};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider, SpanData},
};
use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{Layer, filter::Targets, registry::LookupSpan};

use super::{
    collector::{CollectorError, Otlp},
    wire::{PATIENCE, SpanClient, Wire},
};

/// Spans that wait to be sent. Stops a guest that makes a million system calls while the collector
/// is slow: what comes when it is full is dropped.
const WAITING: usize = 8192;
/// Spans of one request.
const BATCH: usize = 1024;
/// The longest that a span waits.
const DELAY: Duration = Duration::from_secs(5);

pub(super) fn provider(wire: &Arc<Wire>, otlp: &Otlp) -> Result<SdkTracerProvider, CollectorError> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(wire.url("/v1/traces"))
        .with_timeout(PATIENCE)
        .with_http_client(SpanClient(wire.clone()))
        .build()
        .map_err(|error| CollectorError::Client(error.to_string()))?;
    let batch = BatchConfigBuilder::default()
        .with_max_queue_size(WAITING)
        .with_max_export_batch_size(BATCH)
        .with_scheduled_delay(otlp.interval.min(DELAY))
        .build();
    let resource = Resource::builder_empty()
        .with_service_name("holm")
        .with_attribute(KeyValue::new("service.version", otlp.version.clone()))
        .build();
    Ok(SdkTracerProvider::builder()
        .with_span_processor(BatchSpanProcessor::builder(Named(exporter)).with_batch_config(batch).build())
        // A tree is sent whole or not at all.
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(otlp.sample))))
        .with_resource(resource)
        .build())
}

pub(super) fn layer<S>(tracer: SdkTracer) -> impl Layer<S> + Send + Sync + 'static
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    let ours = Targets::new()
        .with_target("holm::process", LevelFilter::DEBUG)
        .with_target("holm::syscall", LevelFilter::TRACE);
    tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_context_activation(false)
        .with_filter(ours)
}

/// Gives spans the names that people look for: of the plugin, of the call.
#[derive(Debug)]
struct Named(SpanExporter);

impl opentelemetry_sdk::trace::SpanExporter for Named {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        batch.iter_mut().for_each(name);
        self.0.export(batch).await
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}

fn name(span: &mut SpanData) {
    let found = |name: &str| {
        let attribute = span.attributes.iter().find(|attribute| attribute.key.as_str() == name);
        attribute.map(|attribute| attribute.value.as_str().into_owned())
    };
    let (named, outcome, well) = match &*span.name {
        "process" => (found("plugin"), found("status"), "exit code 0"),
        _ => (
            found("device").zip(found("operation")).map(|(device, op)| format!("{device}.{op}")),
            found("decision"),
            "allowed",
        ),
    };
    span.span_kind = SpanKind::Internal;
    span.status = match outcome {
        Some(outcome) if outcome != well => Status::error(outcome),
        _ => Status::Unset,
    };
    if let Some(named) = named {
        span.name = Cow::Owned(named);
    }
    for attribute in &mut span.attributes {
        attribute.key = Key::new(format!("holm.{}", attribute.key));
    }
}
