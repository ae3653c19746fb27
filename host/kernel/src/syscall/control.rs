//! What the kernel and a running process share: its identity, its account, its live counters.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant, SystemTime},
};

use crossbeam_utils::atomic::AtomicCell;
use parking_lot::Mutex;

use super::{
    device::{Device, Op},
    run::Run,
    trace::ProcessSpan,
};

use crate::{
    account::{Account, Fuel, Money},
    process::{ExitStatus, Latency, LatencySummary, Pid},
};

/// One process, as seen from outside its store.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) pid: Pid,
    pub(crate) parent: Option<Pid>,
    /// The root of its tree.
    pub(crate) tree: Pid,
    /// Shared with its tree.
    pub(crate) run: Arc<Run>,
    pub(crate) plugin: Arc<str>,
    /// The plugin at the root of its tree.
    pub(crate) root: Arc<str>,
    /// It answers a tool call, or descends from one that does: its private buckets are that root's too.
    pub(crate) answers: bool,
    /// It is a policy that judges another, or descends from one: nobody judges it.
    pub(crate) judges: bool,
    pub(crate) account: Arc<Account>,
    pub(crate) started: Instant,
    pub(crate) started_at: SystemTime,
    /// Shared with its parent's handle, which may outlive all the rest of this.
    pub(crate) syscalls: Arc<AtomicU64>,
    /// What the account had spent when the current slice began.
    slice_start: AtomicU64,
    /// Fuel that the call which waits needs; less is as good as none.
    needs: AtomicU64,
    /// Why it is being ended; the first reason counts.
    ending: Mutex<Option<ExitStatus>>,
    /// Its own calls of models.
    models: Mutex<ModelUse>,
    /// The system call it is in, and whose it is.
    calling: AtomicCell<Option<&'static Op>>,
    device: AtomicCell<fn() -> &'static str>,
    /// What a tracing subscriber sees of it, if there is one.
    pub(crate) span: ProcessSpan,
}

/// What a process's own calls of models used.
#[derive(Default)]
struct ModelUse {
    /// How they did, once it made one.
    latency: Option<Box<Latency>>,
    tokens: u64,
    /// Millionths of a dollar.
    money: u64,
    late: Option<Arc<dyn Late>>,
}

impl std::fmt::Debug for ModelUse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ModelUse").field("tokens", &self.tokens).field("money", &self.money).finish_non_exhaustive()
    }
}

/// Who counts calls of models that settle after their process has ended: a call that is aborted with it
/// is dropped a moment later.
pub(crate) trait Late: Send + Sync {
    /// An attempt was settled.
    fn used(&self, control: &Control, tokens: u64, money: u64);
    /// A call has ended.
    fn called(&self, control: &Control, waiting: Duration, turnaround: Duration);
}

impl Control {
    pub(crate) fn new(
        pid: Pid,
        parent: Option<&Control>,
        plugin: Arc<str>,
        answers: bool,
        judges: bool,
        account: Arc<Account>,
    ) -> Self {
        Self {
            pid,
            parent: parent.map(|parent| parent.pid),
            tree: parent.map_or(pid, |parent| parent.tree),
            run: parent.map_or_else(|| Arc::new(Run::new(pid)), |parent| parent.run.clone()),
            root: parent.map_or_else(|| plugin.clone(), |parent| parent.root.clone()),
            answers: answers || parent.is_some_and(|parent| parent.answers),
            judges: judges || parent.is_some_and(|parent| parent.judges),
            plugin,
            account,
            started: Instant::now(),
            started_at: SystemTime::now(),
            syscalls: Arc::default(),
            slice_start: AtomicU64::default(),
            needs: AtomicU64::default(),
            ending: Mutex::default(),
            models: Mutex::default(),
            calling: AtomicCell::default(),
            device: AtomicCell::new(|| ""),
            span: ProcessSpan::none(),
        }
    }

    /// A call of a model has ended.
    pub(crate) fn note_call(&self, waiting: Duration, turnaround: Duration) {
        if self.parent.is_some() {
            self.run.note_call(waiting, turnaround);
        }
        let mut models = self.models.lock();
        if let Some(late) = models.late.clone() {
            drop(models);
            return late.called(self, waiting, turnaround);
        }
        if models.latency.is_none() {
            models.latency = Latency::new().map(Box::new);
        }
        if let Some(latency) = models.latency.as_mut() {
            latency.record(waiting, turnaround);
        }
    }

    /// An attempt at such a call was settled.
    pub(crate) fn note_use(&self, tokens: u64, money: u64) {
        let mut models = self.models.lock();
        if let Some(late) = models.late.clone() {
            drop(models);
            return late.used(self, tokens, money);
        }
        models.tokens = models.tokens.saturating_add(tokens);
        models.money = models.money.saturating_add(money);
    }

    /// Its process has ended: what it used is counted now. What settles from here on is told to `late`.
    pub(crate) fn settle_later(&self, late: Arc<dyn Late>) {
        self.models.lock().late = Some(late);
    }

    /// Tokens and money of its own calls.
    pub(crate) fn used(&self) -> (u64, Money) {
        let models = self.models.lock();
        (models.tokens, Money(models.money))
    }

    /// A system call begins.
    pub(crate) fn begin_call<D: Device>(&self, op: &'static Op) {
        self.syscalls.fetch_add(1, Relaxed);
        self.device.store(|| D::NAME);
        self.calling.store(Some(op));
    }

    /// It is over.
    pub(crate) fn end_call(&self) {
        self.calling.store(None);
    }

    /// The system call it is in: `llm.complete`.
    pub(crate) fn calling(&self) -> Option<String> {
        let op = self.calling.load()?;
        Some(format!("{}.{}", self.device.load()(), op.name))
    }

    /// Adds how its calls of models did.
    pub(crate) fn add_latency(&self, sum: &mut Latency) {
        if let Some(latency) = self.models.lock().latency.as_ref() {
            sum.merge(latency);
        }
    }

    /// How its calls of models did.
    pub(crate) fn latency(&self) -> LatencySummary {
        self.models.lock().latency.as_ref().map_or_else(LatencySummary::default, |latency| latency.summary())
    }

    /// How the calls of models of its whole tree did, where it is the root; its own otherwise.
    pub(crate) fn run_latency(&self) -> LatencySummary {
        // Most trees call no model: a histogram of nothing costs as much as one of thousands.
        if self.parent.is_some() || !self.run.has_calls() {
            return self.latency();
        }
        let Some(mut sum) = Latency::new() else { return self.latency() };
        self.add_latency(&mut sum);
        self.run.add_latency(&mut sum);
        sum.summary()
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
        Control::new(Pid::new(1, 0), None, "clipper".into(), false, false, account)
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
