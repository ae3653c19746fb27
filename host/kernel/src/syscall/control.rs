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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Control, Pid};
    use crate::account::{Account, Fuel, Limits};

    fn control() -> Control {
        let account = Account::root(Limits { fuel: Fuel(10_000), ..Limits::default() });
        Control::new(Pid::new(1, 0), None, "clipper".into(), false, account)
    }

    #[test]
    fn what_children_burned_is_no_slice_of_their_parent() {
        let control = control();
        control.account.set_burned(Fuel(100));
        control.begin_slice();
        let child = control.account.carve(&Limits::default(), Some(Fuel(5_000))).expect("there is enough");
        child.set_burned(Fuel(4_000));
        control.account.set_burned(Fuel(130));
        child.close();
        drop::<Arc<_>>(child);
        assert_eq!((control.slice_spent(), control.account.spent()), (Fuel(30), Fuel(4_130)));
        control.begin_slice();
        assert_eq!(control.slice_spent(), Fuel(0));
    }

    #[test]
    fn less_than_the_call_needs_is_as_good_as_none() {
        let control = control();
        control.account.set_burned(Fuel(9_900));
        assert!(!control.empty());
        control.need(Fuel(200));
        assert!(control.empty());
        control.account.top_up(Fuel(50));
        assert!(control.empty());
        control.account.top_up(Fuel(50));
        assert!(!control.empty());
        control.need(Fuel(0));
        control.account.set_burned(Fuel(10_000));
        assert!(!control.empty());
    }
}
