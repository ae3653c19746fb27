//! The processors: worker threads that give each process its slice, in the order the scheduler says.
//!
//! One poll is one slice. A process is an `async-task` whose wake-ups come here; between two polls
//! its runnable waits in its slot, and no thread knows of it.

use std::{
    collections::HashMap,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread::JoinHandle,
};

use async_task::{Runnable, Task};
use parking_lot::{Condvar, Mutex};

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
    shutdown: bool,
}

struct Slot {
    control: Arc<Control>,
    state: State,
    runnable: Option<Runnable<Pid>>,
    /// Dropping it ends the process.
    task: Option<Task<(), Pid>>,
    /// Stop it at the end of its slice.
    stop: bool,
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
        let inner = Inner { policy, slots: HashMap::new(), shutdown: false };
        let queue = Arc::new(RunQueue { inner: Mutex::new(inner), work: Condvar::new() });
        let start = |index: usize| {
            let (queue, runtime) = (queue.clone(), runtime.clone());
            std::thread::Builder::new().name(format!("holm-cpu-{index}")).spawn(move || {
                let _runtime = runtime.enter();
                queue.work();
            })
        };
        let workers = (0..workers.max(1)).map(start).collect::<Result<_, _>>()?;
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
        inner.policy.admit(pid, tree, parent, nice);
        let slot = Slot { control, state: State::Created, runnable: None, task: Some(task), stop: false, nice };
        inner.slots.insert(pid, slot);
        drop(inner);
        runnable.schedule();
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
            State::Stopped { .. } | State::Exited => {}
            _ => {
                policy.unready(pid);
                slot.on(Event::Stop);
            }
        }
    }

    /// Lets a stopped process go on where it was.
    pub(crate) fn resume(&self, pid: Pid) {
        let mut inner = self.queue.inner.lock();
        let Inner { policy, slots, .. } = &mut *inner;
        let Some(slot) = slots.get_mut(&pid) else { return };
        slot.stop = false;
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
        while let Some((pid, runnable, control)) = self.next() {
            control.begin_slice();
            if catch_unwind(AssertUnwindSafe(|| runnable.run())).is_err() {
                tracing::error!(%pid, "a process panicked while it was dropped");
            }
            let spent = control.slice_spent().0;
            self.ran(pid, spent);
        }
    }

    /// Waits for the process that runs next.
    fn next(&self) -> Option<(Pid, Runnable<Pid>, Arc<Control>)> {
        let mut inner = self.inner.lock();
        loop {
            if inner.shutdown {
                return None;
            }
            let Inner { policy, slots, .. } = &mut *inner;
            match policy.next() {
                Some(pid) => {
                    if let Some(slot) = slots.get_mut(&pid)
                        && let Some(runnable) = slot.runnable.take()
                    {
                        slot.on(Event::Dispatch);
                        return Some((pid, runnable, slot.control.clone()));
                    }
                    policy.ran(pid, 0);
                }
                None => self.work.wait(&mut inner),
            }
        }
    }

    /// A slice is over: accounts for it, and decides whether there is another.
    fn ran(&self, pid: Pid, spent: u64) {
        let mut inner = self.inner.lock();
        let Inner { policy, slots, .. } = &mut *inner;
        let Some(slot) = slots.get_mut(&pid) else { return };
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
            slot.stop = false;
            slot.on(Event::Stop);
            return;
        }
        if ready {
            policy.ready(pid);
        }
        let more = policy.len() > 1;
        drop(inner);
        // This worker takes one of them itself.
        if ready && more {
            self.work.notify_one();
        }
        drop(ended);
    }
}
