//! Audit records: who called what, what decided, what it cost.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

use super::{control::Control, device::Op};
use crate::{account::Total, process::Pid};

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// It was let in.
    Allowed,
    /// A grant was lacking; the rule that decided.
    Denied(String),
    /// A limit was reached; its name.
    Quota(String),
}

/// One system call, or several alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Milliseconds since 1970 of the first of them.
    pub time: u64,
    /// Who called.
    pub pid: Pid,
    /// Its plugin.
    pub plugin: String,
    /// The device.
    pub device: String,
    /// The operation.
    pub operation: String,
    /// On what: a path, a bucket, a tool; empty where there is nothing to name.
    pub resource: String,
    /// What was decided.
    pub decision: Decision,
    /// How many calls this stands for.
    pub count: u64,
    /// What they cost in fuel.
    pub fuel: u64,
}

/// Where records go. Must not block: it is called from within system calls.
pub trait Sink: Send + Sync + 'static {
    /// Takes one record.
    fn record(&self, record: Record);
}

/// A sink for kernels that keep no records.
impl Sink for () {
    fn record(&self, _: Record) {}
}

/// At most this many different calls are gathered before they are written out: a guest
/// that names a new resource in each call cannot grow the map without end.
const GATHERED: usize = 256;

/// Longer resource names are cut in records.
pub(crate) const RESOURCE_BYTES: usize = 512;

/// Gathers the records of one process: repeated allowed queries share one.
pub(crate) struct Auditor {
    sink: Arc<dyn Sink>,
    folds: HashMap<(usize, u64), Record>,
    dropped: u64,
}

impl Auditor {
    pub(crate) fn new(sink: Arc<dyn Sink>) -> Self {
        Self { sink, folds: HashMap::new(), dropped: 0 }
    }

    /// Notes one call. `key` stands for the resource among calls of the same operation.
    pub(crate) fn note(
        &mut self,
        control: &Control,
        device: &'static str,
        op: &'static Op,
        resource: &str,
        decision: Decision,
        fuel: u64,
    ) {
        let fold = !op.effect && decision == Decision::Allowed;
        let key = (std::ptr::from_ref(op) as usize, if fold { hash(resource) } else { 0 });
        if fold && let Some(record) = self.folds.get_mut(&key) {
            record.count += 1;
            record.fuel += fuel;
            return;
        }
        let cut = resource.floor_char_boundary(RESOURCE_BYTES);
        let record = Record {
            time: milliseconds(),
            pid: control.pid,
            plugin: control.plugin.to_string(),
            device: device.to_owned(),
            operation: op.name.to_owned(),
            resource: resource[..cut].to_owned(),
            decision,
            count: 1,
            fuel,
        };
        if fold {
            if self.folds.len() >= GATHERED {
                self.flush(control);
            }
            self.folds.insert(key, record);
        } else {
            self.emit(control, record);
        }
    }

    /// Writes out what was gathered.
    pub(crate) fn flush(&mut self, control: &Control) {
        let mut gathered: Vec<Record> = self.folds.drain().map(|(_, record)| record).collect();
        gathered.sort_by_key(|record| record.time);
        for record in gathered {
            self.emit(control, record);
        }
    }

    /// The process ended: writes out the rest, and how many records its limit kept back.
    pub(crate) fn close(&mut self, control: &Control) {
        self.flush(control);
        if self.dropped > 0 {
            self.record(Record {
                time: milliseconds(),
                pid: control.pid,
                plugin: control.plugin.to_string(),
                device: "audit".to_owned(),
                operation: "dropped".to_owned(),
                resource: String::new(),
                decision: Decision::Quota("audit".to_owned()),
                count: self.dropped,
                fuel: 0,
            });
            self.dropped = 0;
        }
    }

    /// Records are written while calls end, also while one unwinds: a sink that panics must not
    /// make that an abort.
    fn record(&self, record: Record) {
        let sink = std::panic::AssertUnwindSafe(&self.sink);
        if std::panic::catch_unwind(|| sink.record(record)).is_err() {
            tracing::error!("the audit sink panicked; a record is lost");
        }
    }

    fn emit(&mut self, control: &Control, record: Record) {
        let bytes = 160 + record.resource.len() as u64;
        match control.account.take(Total::Audit, bytes) {
            Ok(()) => self.record(record),
            Err(_) => self.dropped += record.count,
        }
    }
}

fn hash(resource: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    resource.hash(&mut hasher);
    hasher.finish()
}

fn milliseconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}
