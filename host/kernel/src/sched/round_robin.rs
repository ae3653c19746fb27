//! Round robin: the process that waits longest runs next. The plainest policy, to compare with.

use std::collections::{BTreeMap, HashMap};

use super::{Nice, Scheduler};
use crate::process::Pid;

/// Every ready process in turn, whatever it weighs and whatever it burned.
///
/// Each operation is O(log n).
#[derive(Debug, Default)]
pub struct RoundRobin {
    processes: HashMap<Pid, Phase>,
    /// Who waits, by when it came.
    waiting: BTreeMap<u64, Pid>,
    turn: u64,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Idle,
    Ready { turn: u64 },
    Running { again: bool },
}

impl RoundRobin {
    /// A scheduler that knows no process.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Scheduler for RoundRobin {
    fn admit(&mut self, pid: Pid, _tree: Pid, _parent: Option<Pid>, _nice: Nice) {
        self.processes.entry(pid).or_insert(Phase::Idle);
    }

    fn ready(&mut self, pid: Pid) {
        let Some(phase) = self.processes.get_mut(&pid) else {
            return;
        };
        match phase {
            Phase::Idle => {
                self.turn += 1;
                *phase = Phase::Ready { turn: self.turn };
                self.waiting.insert(self.turn, pid);
            }
            Phase::Ready { .. } => {}
            Phase::Running { again } => *again = true,
        }
    }

    fn unready(&mut self, pid: Pid) {
        let Some(phase) = self.processes.get_mut(&pid) else {
            return;
        };
        match phase {
            Phase::Idle => {}
            Phase::Ready { turn } => {
                self.waiting.remove(turn);
                *phase = Phase::Idle;
            }
            Phase::Running { again } => *again = false,
        }
    }

    fn next(&mut self) -> Option<Pid> {
        let (_, pid) = self.waiting.pop_first()?;
        self.processes.insert(pid, Phase::Running { again: false });
        Some(pid)
    }

    fn ran(&mut self, pid: Pid, _fuel: u64) {
        let Some(phase) = self.processes.get_mut(&pid) else {
            return;
        };
        if let Phase::Running { again } = *phase {
            *phase = Phase::Idle;
            if again {
                self.ready(pid);
            }
        }
    }

    fn renice(&mut self, _pid: Pid, _nice: Nice) {}

    fn remove(&mut self, pid: Pid) {
        if let Some(Phase::Ready { turn }) = self.processes.remove(&pid) {
            self.waiting.remove(&turn);
        }
    }

    fn len(&self) -> usize {
        self.waiting.len()
    }
}
