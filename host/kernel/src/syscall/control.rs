//! What the kernel and a running process share: its identity, its account, its live counters.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Instant, SystemTime},
};

use parking_lot::Mutex;

use crate::{
    account::{Account, Fuel},
    process::{ExitStatus, Pid},
};

/// One process, as seen from outside its store.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) pid: Pid,
    pub(crate) parent: Option<Pid>,
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
        }
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
