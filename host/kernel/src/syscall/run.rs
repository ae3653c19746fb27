//! What the processes of one tree share: from the start of its root to its end.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};

use parking_lot::Mutex;

use super::{listener::Listener, needs::Needs};
use crate::process::{Latency, Pid};

/// One run: a root process and all below it.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) root: Pid,
    /// Its root has ended.
    over: AtomicBool,
    /// What it needs, where that is written down.
    pub(crate) needs: OnceLock<Needs>,
    /// A process of it has folders that go with it.
    scratch: AtomicBool,
    /// How often the operator did not allow a call that they were asked about.
    pub(crate) refused: AtomicU32,
    /// How many questions of its tools nobody wanted to answer.
    pub(crate) declined: AtomicU32,
    /// Who hears what its tools say before their end, if anybody does.
    pub(crate) listener: OnceLock<Arc<dyn Listener>>,
    /// Held by whoever searches for tools. Stops a tree that takes all searches of the kernel.
    pub(crate) searching: tokio::sync::Mutex<()>,
    /// The calls of models that its root did not make itself, once there is one.
    descendants: Mutex<Option<Box<Latency>>>,
}

impl Run {
    pub(crate) fn new(root: Pid) -> Self {
        Self {
            root,
            over: AtomicBool::default(),
            needs: OnceLock::new(),
            scratch: AtomicBool::default(),
            refused: AtomicU32::default(),
            declined: AtomicU32::default(),
            listener: OnceLock::new(),
            searching: tokio::sync::Mutex::default(),
            descendants: Mutex::default(),
        }
    }

    /// Its root has ended: nothing is set aside for it any more.
    pub(crate) fn end(&self) {
        self.over.store(true, SeqCst);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.load(SeqCst)
    }

    /// A process of it has folders that go with it.
    pub(crate) fn note_scratch(&self) {
        self.scratch.store(true, SeqCst);
    }

    pub(crate) fn has_scratch(&self) -> bool {
        self.scratch.load(SeqCst)
    }

    /// A call of a model below its root has ended.
    pub(crate) fn note_call(&self, waiting: Duration, turnaround: Duration) {
        let mut latency = self.descendants.lock();
        if latency.is_none() {
            *latency = Latency::new().map(Box::new);
        }
        if let Some(latency) = latency.as_mut() {
            latency.record(waiting, turnaround);
        }
    }

    /// Whether there was one.
    pub(crate) fn has_calls(&self) -> bool {
        self.descendants.lock().is_some()
    }

    /// Adds how those did.
    pub(crate) fn add_latency(&self, sum: &mut Latency) {
        if let Some(latency) = self.descendants.lock().as_ref() {
            sum.merge(latency);
        }
    }
}
