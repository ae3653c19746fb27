//! The scheduler: which process runs next. Pure policy: no clock, no thread, no engine.

mod fair;
mod nice;
mod round_robin;
#[cfg(test)]
mod tests;

pub use fair::Fair;
pub use nice::{Nice, ParseNiceError, Weight};
pub use round_robin::RoundRobin;

use crate::process::Pid;

/// Decides which of the ready processes gets the next slice.
///
/// A process is known from `admit` to `remove`. It is told of each change in turn;
/// an unknown pid is ignored, for a process may end at any moment.
///
/// One that `next` gave out runs until `ran`, and is given out to nobody else before: a `ready`
/// that comes in between (it was woken during its slice) takes effect then. So after a slice comes
/// `ran`, and `ready` if it has more to do.
pub trait Scheduler: Send {
    /// A new process, not ready yet. `tree` is the root of its process tree (itself for a root):
    /// fairness is between trees first, then between the processes of a tree.
    /// `parent` is the process that its weight is carved from, if any.
    fn admit(&mut self, pid: Pid, tree: Pid, parent: Option<Pid>, nice: Nice);
    /// It waits for a slice. Nothing new for one that waits already.
    fn ready(&mut self, pid: Pid);
    /// It no longer waits for a slice (stopped, or about to be removed).
    fn unready(&mut self, pid: Pid);
    /// Takes the process that runs next out of the ready ones.
    fn next(&mut self) -> Option<Pid>;
    /// It ran and burned this much fuel, instructions and host work together. Of one that does not
    /// run it is a late bill, for host work that went on without it.
    fn ran(&mut self, pid: Pid, fuel: u64);
    /// Changes its share.
    fn renice(&mut self, pid: Pid, nice: Nice);
    /// It ended. Its children go on, on what was its share. Tell `ran` before, if it ran.
    fn remove(&mut self, pid: Pid);
    /// How many wait for a slice.
    fn len(&self) -> usize;
    /// Whether none waits.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
