//! Threads for what blocks, started with the kernel and not when they are first needed: a thread that starts
//! late could find no memory mapping left.
//!
//! They are tokio's, which starts more where all are busy. Where it cannot, what is to be done waits for one of
//! those that run; it fails where there is none, and so there are some from the beginning. How long idle ones
//! are kept is the runtime's to say: the command line's keeps them for ever. None of them runs a guest, so none
//! needs the signal stack without which the engine panics.

use std::{sync::Arc, time::Duration};

use parking_lot::{Condvar, Mutex};
use tokio::runtime::Handle;

/// Blocking threads that a kernel starts with: files, look-ups and images take them.
const BLOCKING: usize = 16;

/// A runtime that allows fewer has what it allows after this long.
const PATIENCE: Duration = Duration::from_millis(200);

/// Starts them. Returns at once: each holds its thread until all have one.
pub(super) fn start_blocking(runtime: &Handle) {
    let started = Arc::new((Mutex::new(0), Condvar::new()));
    for _ in 0..BLOCKING {
        let started = started.clone();
        runtime.spawn_blocking(move || {
            let (count, all) = &*started;
            let mut count = count.lock();
            *count += 1;
            match *count >= BLOCKING {
                true => drop(all.notify_all()),
                false => drop(all.wait_while_for(&mut count, |count| *count < BLOCKING, PATIENCE)),
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The threads of this process with this name.
    fn named(name: &str) -> usize {
        let tasks = std::fs::read_dir("/proc/self/task").expect("it is there");
        let names = tasks.flatten().map(|task| std::fs::read_to_string(task.path().join("comm")));
        names.flatten().filter(|comm| comm.trim() == name).count()
    }

    #[test]
    fn they_are_there_before_they_are_needed() {
        for (allowed, there) in [(64, BLOCKING), (3, 3)] {
            let name = format!("warm-{allowed}");
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            let runtime = builder.worker_threads(1).max_blocking_threads(allowed).thread_name(&name).build();
            let runtime = runtime.expect("it starts");
            start_blocking(runtime.handle());
            // One worker, and those that block.
            let waited = std::time::Instant::now();
            while named(&name) < 1 + there && waited.elapsed() < Duration::from_secs(30) {
                std::thread::sleep(Duration::from_millis(2));
            }
            assert_eq!(named(&name), 1 + there);
            let done = runtime.block_on(runtime.spawn_blocking(|| 7));
            assert_eq!(done.expect("it is done"), 7);
        }
    }
}
