//! What the kernel and a running process share: its identity, its account, its live counters.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant, SystemTime},
};

use parking_lot::Mutex;

use crate::{
    account::{Account, Fuel},
    process::{ExitStatus, Latency, LatencySummary, Pid},
};

/// One process, as seen from outside its store.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) pid: Pid,
    pub(crate) parent: Option<Pid>,
    /// The root of its tree.
    pub(crate) tree: Pid,
    pub(crate) plugin: Arc<str>,
    /// The plugin at the root of its tree.
    pub(crate) root: Arc<str>,
    /// It answers a tool call, or descends from one that does: its private buckets are that root's too.
    pub(crate) answers: bool,
    pub(crate) account: Arc<Account>,
    pub(crate) started: Instant,
    pub(crate) started_at: SystemTime,
    pub(crate) syscalls: AtomicU64,
    /// What the account had spent when the current slice began.
    slice_start: AtomicU64,
    /// Fuel that the call which waits needs; less is as good as none.
    needs: AtomicU64,
    /// Why it is being ended; the first reason counts.
    ending: Mutex<Option<ExitStatus>>,
    /// How its calls of models did, once it made one.
    latency: Mutex<Option<Box<Latency>>>,
}

impl Control {
    pub(crate) fn new(
        pid: Pid,
        parent: Option<&Control>,
        plugin: Arc<str>,
        answers: bool,
        account: Arc<Account>,
    ) -> Self {
        Self {
            pid,
            parent: parent.map(|parent| parent.pid),
            tree: parent.map_or(pid, |parent| parent.tree),
            root: parent.map_or_else(|| plugin.clone(), |parent| parent.root.clone()),
            answers: answers || parent.is_some_and(|parent| parent.answers),
            plugin,
            account,
            started: Instant::now(),
            started_at: SystemTime::now(),
            syscalls: AtomicU64::default(),
            slice_start: AtomicU64::default(),
            needs: AtomicU64::default(),
            ending: Mutex::default(),
            latency: Mutex::default(),
        }
    }

    /// A call of a model has ended.
    pub(crate) fn note_call(&self, waiting: Duration, turnaround: Duration) {
        let mut latency = self.latency.lock();
        if latency.is_none() {
            *latency = Latency::new().map(Box::new);
        }
        if let Some(latency) = latency.as_mut() {
            latency.record(waiting, turnaround);
        }
    }

    /// How its calls of models did.
    pub(crate) fn latency(&self) -> LatencySummary {
        self.latency.lock().as_ref().map_or_else(LatencySummary::default, |latency| latency.summary())
    }

    /// A slice begins.
    pub(crate) fn begin_slice(&self) {
        self.slice_start.store(self.account.spent_itself().0, Relaxed);
    }

    /// Fuel spent since the slice began, instructions and host work together.
    pub(crate) fn slice_spent(&self) -> Fuel {
        Fuel(self.account.spent_itself().0.saturating_sub(self.slice_start.load(Relaxed)))
    }

    /// Whether it can burn no more.
    pub(crate) fn empty(&self) -> bool {
        self.account.left().0 < self.needs.load(Relaxed).max(1)
    }

    /// Says how much fuel the call that waits needs; 0 once it has it.
    pub(crate) fn need(&self, fuel: Fuel) {
        self.needs.store(fuel.0, Relaxed);
    }

    /// Notes why it ends, unless it is ending already.
    pub(crate) fn end(&self, status: ExitStatus) {
        self.ending.lock().get_or_insert(status);
    }

    /// Why it is being ended, if it is.
    pub(crate) fn ending(&self) -> Option<ExitStatus> {
        self.ending.lock().clone()
    }
}
