//! What a tracing subscriber can see: a span for each process, and below it one for each system call.
//!
//! They are off unless a subscriber asks for the targets `holm::process` and `holm::syscall`. Then a
//! span costs a load and a branch: nothing is formatted, kept or locked.

use parking_lot::Mutex;
use tracing::{Level, Span, field::Empty};

use super::{audit::Decision, control::Control, device::Op};
use crate::process::ExitStatus;

/// Longer names of resources are cut in spans, as in records.
const RESOURCE_BYTES: usize = super::audit::RESOURCE_BYTES;

/// The span of a process: from its start to its end, whoever still holds its control then.
#[derive(Debug)]
pub(crate) struct ProcessSpan(Mutex<Span>);

impl ProcessSpan {
    /// Of a process that has not started.
    pub(crate) fn none() -> Self {
        Self(Mutex::new(Span::none()))
    }

    /// It starts, below its parent.
    pub(crate) fn begin(&self, control: &Control, parent: Option<&Control>) {
        if !tracing::span_enabled!(target: "holm::process", Level::DEBUG) {
            return;
        }
        let above = parent.and_then(|parent| parent.span.0.lock().id());
        let span = tracing::debug_span!(
            target: "holm::process",
            parent: above,
            "process",
            pid = %control.pid,
            parent = Empty,
            plugin = &*control.plugin,
            status = Empty,
        );
        if let Some(parent) = control.parent {
            span.record("parent", tracing::field::display(parent));
        }
        *self.0.lock() = span;
    }

    /// It has ended.
    pub(crate) fn end(&self, status: &ExitStatus) {
        let span = std::mem::replace(&mut *self.0.lock(), Span::none());
        if !span.is_disabled() {
            span.record("status", tracing::field::display(status));
        }
    }
}

/// A system call begins.
pub(crate) fn begin_call(control: &Control, device: &'static str, op: &'static Op) -> Span {
    tracing::trace_span!(
        target: "holm::syscall",
        parent: control.span.0.lock().id(),
        "syscall",
        device,
        operation = op.name,
        resource = Empty,
        decision = Empty,
    )
}

/// It is over.
pub(crate) fn end_call(span: &Span, resource: &str, decision: &Decision) {
    if span.is_disabled() {
        return;
    }
    if !resource.is_empty() {
        span.record("resource", &resource[..resource.floor_char_boundary(RESOURCE_BYTES)]);
    }
    match decision {
        Decision::Allowed => span.record("decision", "allowed"),
        Decision::Denied(rule) => span.record("decision", tracing::field::display(format_args!("denied: {rule}"))),
        Decision::Quota(limit) => span.record("decision", tracing::field::display(format_args!("quota: {limit}"))),
    };
}
