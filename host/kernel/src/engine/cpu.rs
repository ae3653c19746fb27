//! The processors: worker threads that give each process its slice, in the order the scheduler says.
//!
//! One poll is one slice. A process is an `async-task` whose wake-ups come here; between two polls
//! its runnable waits in its slot, and no thread knows of it.
//!
//! A thread that runs a slice holds one of the processors. Workers hold one whenever there is work.
//! Where one sleeps, the thread that starts a process takes its place for the first slice: to wake
//! a thread, and to be woken by it, takes longer than most short processes run.

use std::{
    collections::HashMap,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread::JoinHandle,
};

use async_task::{Runnable, Task};
use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::{
    account::OnEmpty,
    process::{Event, ExitStatus, Fault, Pid, State},
    sched::{Nice, Scheduler},
    syscall::Control,
};

/// The workers and their run queue.
pub(crate) struct Cpu {
    queue: Arc<RunQueue>,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

struct RunQueue {
    inner: Mutex<Inner>,
    work: Condvar,
}

struct Inner {
    policy: Box<dyn Scheduler>,
    slots: HashMap<Pid, Slot>,
    /// Processors that nobody runs a slice on.
    idle: usize,
    shutdown: bool,
}

/// A slice that is to be run, on a processor that is taken for it.
struct Turn {
    pid: Pid,
    runnable: Runnable<Pid>,
    control: Arc<Control>,
}

struct Slot {
    control: Arc<Control>,
    state: State,
    runnable: Option<Runnable<Pid>>,
    /// Dropping it ends the process.
    task: Option<Task<(), Pid>>,
    /// Stop it at the end of its slice.
    stop: bool,
    /// It stopped for want of fuel, and not because its operator said so.
    starved: bool,
    nice: Nice,
}

/// What the run queue knows of a process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    pub(crate) state: State,
    pub(crate) nice: Nice,
}

impl Slot {
    fn on(&mut self, event: Event) {
        match self.state.on(event) {
            Ok(state) => self.state = state,
            Err(error) => tracing::error!(%error, "a process made an illegal move"),
        }
    }
}

impl Cpu {
    /// Starts the workers, now and not when they are first needed: a thread that starts late could
    /// find no memory mapping left.
    pub(crate) fn start(
        workers: usize,
        policy: Box<dyn Scheduler>,
        runtime: &tokio::runtime::Handle,
    ) -> std::io::Result<Self> {
        let workers = workers.max(1);
        let inner = Inner { policy, slots: HashMap::new(), idle: workers, shutdown: false };
        let queue = Arc::new(RunQueue { inner: Mutex::new(inner), work: Condvar::new() });
        let start = |index: usize| {
            let (queue, runtime) = (queue.clone(), runtime.clone());
            std::thread::Builder::new().name(format!("holm-cpu-{index}")).spawn(move || {
                let _runtime = runtime.enter();
                queue.work();
            })
        };
        let workers = (0..workers).map(start).collect::<Result<_, _>>()?;
        Ok(Self { queue, workers: Mutex::new(workers) })
    }

    /// Runs a process. `body` must end by calling [`Cpu::remove`].
    pub(crate) fn submit(
        &self,
        control: Arc<Control>,
        tree: Pid,
        parent: Option<Pid>,
        nice: Nice,
        body: impl Future<Output = ()> + Send + 'static,
    ) {
        let pid = control.pid;
        let queue = Arc::downgrade(&self.queue);
        let schedule = move |runnable: Runnable<Pid>| {
            if let Some(queue) = queue.upgrade() {
                queue.wake(runnable);
            }
        };
        let (runnable, task) = async_task::Builder::new().metadata(pid).spawn(move |_| body, schedule);
        let mut inner = self.queue.inner.lock();
        let first = inner.policy.is_empty() && parent.is_none();
        inner.policy.admit(pid, tree, parent, nice);
        let (runnable, task) = (Some(runnable), Some(task));
        let mut slot = Slot { control, state: State::Created, runnable, task, stop: false, starved: false, nice };
        slot.on(Event::Admit);
        inner.slots.insert(pid, slot);
        inner.policy.ready(pid);
        // Only for a root: a process that starts another has a processor already.
        let turn = if first { inner.turn() } else { None };
        drop(inner);
        match turn {
            Some(turn) => {
                let more = !self.queue.run(turn).policy.is_empty();
                if more {
                    self.queue.work.notify_one();
                }
            }
            None => drop(self.queue.work.notify_one()),
        }
    }

    /// Ends a process: its future is dropped as soon as no worker runs it.
    pub(crate) fn kill(&self, pid: Pid, status: ExitStatus) {
        let mut inner = self.queue.inner.lock();
        let Some(slot) = inner.slots.get_mut(&pid) else { return };
        slot.control.end(status);
        let task = slot.task.take();
        drop(inner);
        // Cancels: it comes back through `wake`, unless its runnable waits in the slot already.
        drop(task);
        let mut inner = self.queue.inner.lock();
        if let Some(slot) = inner.slots.get_mut(&pid)
            && matches!(slot.state, State::Stopped { .. })
        {
            slot.on(Event::Continue);
            if slot.runnable.is_some() {
                slot.state = State::Ready;
                inner.policy.ready(pid);
            }
        }
        drop(inner);
        self.queue.work.notify_all();
    }

    /// Stops a process at the end of its slice; it gets no other until it is continued.
    pub(crate) fn stop(&self, pid: Pid) {
        let mut inner = self.queue.inner.lock();
        let Inner { policy, slots, .. } = &mut *inner;
        let Some(slot) = slots.get_mut(&pid) else { return };
        match slot.state {
            State::Running => slot.stop = true,
            // Starved or not, its operator wants it to rest now.
            State::Stopped { .. } => slot.starved = false,
            State::Exited => {}
            _ => {
                policy.unready(pid);
                slot.on(Event::Stop);
            }
        }
    }

    /// Lets a stopped process go on where it was.
    pub(crate) fn resume(&self, pid: Pid) {
        self.go_on(pid, |_| true);
    }

    /// It has more fuel: it goes on if that was what it waited for.
    pub(crate) fn fed(&self, pid: Pid) {
        self.go_on(pid, |slot| slot.starved);
    }

    fn go_on(&self, pid: Pid, may: impl FnOnce(&Slot) -> bool) {
        let mut inner = self.queue.inner.lock();
        let Inner { policy, slots, .. } = &mut *inner;
        let Some(slot) = slots.get_mut(&pid).filter(|slot| may(slot)) else { return };
        (slot.stop, slot.starved) = (false, false);
        if matches!(slot.state, State::Stopped { .. }) {
            slot.on(Event::Continue);
            if slot.state == State::Ready {
                policy.ready(pid);
            }
        }
        drop(inner);
        self.queue.work.notify_one();
    }

    /// Changes a process's share.
    pub(crate) fn renice(&self, pid: Pid, nice: Nice) {
        let mut inner = self.queue.inner.lock();
        inner.policy.renice(pid, nice);
        if let Some(slot) = inner.slots.get_mut(&pid) {
            slot.nice = nice;
        }
    }

    /// Forgets a process that has ended.
    pub(crate) fn remove(&self, pid: Pid) {
        let mut inner = self.queue.inner.lock();
        let slot = inner.slots.remove(&pid);
        if let Some(slot) = &slot {
            // Its last slice ends here: its tree pays for what it burned.
            inner.policy.ran(pid, slot.control.slice_spent().0);
        }
        inner.policy.remove(pid);
        drop(inner);
        // Dropped outside the lock: it may hold the last reference to the task.
        drop(slot);
    }

    /// What a process is doing.
    pub(crate) fn view(&self, pid: Pid) -> Option<View> {
        let inner = self.queue.inner.lock();
        inner.slots.get(&pid).map(|slot| View { state: slot.state, nice: slot.nice })
    }

    /// Ends the workers once their slices are over.
    pub(crate) fn shutdown(&self) {
        self.queue.inner.lock().shutdown = true;
        self.queue.work.notify_all();
        for worker in self.workers.lock().drain(..) {
            if worker.thread().id() != std::thread::current().id() {
                let _ = worker.join();
            }
        }
    }
}

impl Drop for Cpu {
    /// A kernel that is dropped takes its workers with it, once their slices are over.
    fn drop(&mut self) {
        self.queue.inner.lock().shutdown = true;
        self.queue.work.notify_all();
    }
}

impl RunQueue {
    /// A process was woken, or cancelled: its runnable comes back.
    fn wake(&self, runnable: Runnable<Pid>) {
        let pid = *runnable.metadata();
        let mut inner = self.inner.lock();
        let Inner { policy, slots, .. } = &mut *inner;
        let Some(slot) = slots.get_mut(&pid) else {
            drop(inner);
            // Nobody waits for it any more; dropping it drops the process.
            drop(runnable);
            return;
        };
        slot.runnable = Some(runnable);
        match slot.state {
            State::Running => return,
            State::Stopped { .. } if slot.control.ending().is_none() => {
                slot.on(Event::Wake);
                return;
            }
            State::Stopped { .. } => slot.state = State::Ready,
            State::Created => slot.on(Event::Admit),
            _ => slot.on(Event::Wake),
        }
        policy.ready(pid);
        drop(inner);
        self.work.notify_one();
    }

    fn work(&self) {
        let mut inner = self.inner.lock();
        while !inner.shutdown {
            match inner.turn() {
                Some(turn) => {
                    let more = inner.idle > 0 && !inner.policy.is_empty();
                    drop(inner);
                    if more {
                        self.work.notify_one();
                    }
                    inner = self.run(turn);
                }
                None => self.work.wait(&mut inner),
            }
        }
    }

    /// Runs a slice, and gives its processor back.
    fn run(&self, Turn { pid, runnable, control }: Turn) -> MutexGuard<'_, Inner> {
        control.begin_slice();
        if catch_unwind(AssertUnwindSafe(|| runnable.run())).is_err() {
            tracing::error!(%pid, "a process panicked while it was dropped");
        }
        let spent = control.slice_spent().0;
        let mut inner = self.inner.lock();
        inner.idle += 1;
        if let Some(ended) = inner.ran(pid, spent) {
            // Cancels: it comes back through `wake`.
            MutexGuard::unlocked(&mut inner, || drop(ended));
        }
        inner
    }
}

impl Inner {
    /// The slice that is next, if there is one and a processor is free.
    fn turn(&mut self) -> Option<Turn> {
        if self.idle == 0 || self.shutdown {
            return None;
        }
        while let Some(pid) = self.policy.next() {
            if let Some(slot) = self.slots.get_mut(&pid)
                && let Some(runnable) = slot.runnable.take()
            {
                slot.on(Event::Dispatch);
                self.idle -= 1;
                return Some(Turn { pid, runnable, control: slot.control.clone() });
            }
            self.policy.ran(pid, 0);
        }
        None
    }

    /// A slice is over: accounts for it, and decides whether there is another. Gives the task of a
    /// process that ends here, to be dropped outside the lock.
    fn ran(&mut self, pid: Pid, spent: u64) -> Option<Task<(), Pid>> {
        let Inner { policy, slots, .. } = self;
        let slot = slots.get_mut(&pid)?;
        policy.ran(pid, spent);
        let ready = slot.runnable.is_some();
        slot.on(if ready { Event::Preempt } else { Event::Block });
        let ending = slot.control.ending().is_some();
        let empty = ready && !ending && slot.control.empty();
        let mut ended = None;
        if empty && slot.control.account.limits().on_empty == OnEmpty::End {
            slot.control.end(ExitStatus::Fault(Fault::OutOfFuel));
            ended = slot.task.take();
        } else if !ending && (empty || slot.stop) {
            // Where both hold, its operator's word counts: fuel alone does not wake it.
            slot.starved = !std::mem::take(&mut slot.stop);
            slot.on(Event::Stop);
            return None;
        }
        if ready {
            policy.ready(pid);
        }
        ended
    }
}
