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
    folds: HashMap<(usize, u64), Fold>,
    dropped: u64,
}

/// Calls alike that were allowed, small while they are gathered.
struct Fold {
    time: u64,
    device: &'static str,
    op: &'static Op,
    resource: Box<str>,
    count: u64,
    fuel: u64,
}

impl Fold {
    fn record(self, control: &Control, decision: Decision) -> Record {
        Record {
            time: self.time,
            pid: control.pid,
            plugin: control.plugin.to_string(),
            device: self.device.to_owned(),
            operation: self.op.name.to_owned(),
            resource: self.resource.into(),
            decision,
            count: self.count,
            fuel: self.fuel,
        }
    }
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
        if fold && let Some(known) = self.folds.get_mut(&key) {
            known.count += 1;
            known.fuel += fuel;
            return;
        }
        let cut = resource.floor_char_boundary(RESOURCE_BYTES);
        let first = Fold { time: milliseconds(), device, op, resource: resource[..cut].into(), count: 1, fuel };
        if fold {
            if self.folds.len() >= GATHERED {
                self.flush(control);
            }
            self.folds.insert(key, first);
        } else {
            self.emit(control, first.record(control, decision));
        }
    }

    /// Writes out what was gathered.
    pub(crate) fn flush(&mut self, control: &Control) {
        let mut gathered: Vec<Fold> = self.folds.drain().map(|(_, fold)| fold).collect();
        gathered.sort_by_key(|fold| fold.time);
        for fold in gathered {
            self.emit(control, fold.record(control, Decision::Allowed));
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
