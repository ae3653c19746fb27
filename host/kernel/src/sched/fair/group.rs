//! A process as the scheduler sees it: the head of a group of itself and its children.

use std::collections::BTreeSet;

use super::queue::{Key, Queue, VirtualTime};
use crate::{process::Pid, sched::Weight};

/// The index of the group of all that have no parent.
pub(super) const TOP: usize = 0;

#[derive(Debug)]
pub(super) struct Group {
    /// None at the top and once the process is gone.
    pub(super) pid: Option<Pid>,
    pub(super) phase: Phase,
    pub(super) weight: Weight,
    /// The group in whose queue this one stands.
    pub(super) parent: usize,
    pub(super) children: BTreeSet<usize>,
    /// How many processes of the group run now, those of its children included.
    pub(super) running: u64,
    /// The process, and the groups of its children, that are ready.
    pub(super) queue: Queue,
    /// The process in its own queue.
    pub(super) own: Member,
    /// The group in the queue of its parent.
    pub(super) group: Member,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Neither ready nor running.
    Idle,
    Ready,
    /// On a worker; `again` if it became ready meanwhile.
    Running {
        again: bool,
    },
    /// It ended and its children go on.
    Gone,
}

/// One that takes its turn in a queue.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) runtime: VirtualTime,
    /// It was never ready.
    pub(super) fresh: bool,
    /// The clock when it was last let in before the others, being new or long asleep.
    pub(super) early_until: VirtualTime,
    /// Where it stands in the queue while it is ready.
    pub(super) key: Option<Key>,
}

/// Which member of which queue: a group in its parent's, or a process in its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    pub(super) queue: usize,
    pub(super) member: usize,
}

impl Level {
    /// A process in its own queue: the lowest of the levels that it stands on.
    pub(super) fn own(index: usize) -> Self {
        Self { queue: index, member: index }
    }

    /// Whether it is a process in its own queue.
    pub(super) fn is_own(self) -> bool {
        self.queue == self.member
    }
}

impl Group {
    pub(super) fn new(parent: usize, weight: Weight) -> Self {
        let member = Member { runtime: 0, fresh: true, early_until: 0, key: None };
        Self {
            pid: None,
            phase: Phase::Idle,
            weight,
            parent,
            children: BTreeSet::new(),
            running: 0,
            queue: Queue::default(),
            own: member,
            group: member,
        }
    }

    pub(super) fn member(&mut self, level: Level) -> &mut Member {
        match level.is_own() {
            true => &mut self.own,
            false => &mut self.group,
        }
    }
}

impl Member {
    /// Whether it runs before the others, for it was let in before them.
    pub(super) fn is_early(&self) -> bool {
        self.runtime < self.early_until
    }

    /// What it is ahead of the clock is fuel that it owes: the new weight works that off.
    pub(super) fn reweigh(&mut self, clock: VirtualTime, old: Weight, new: Weight) {
        let ahead = self.runtime.saturating_sub(clock);
        if ahead > 0 {
            let ahead = ahead.saturating_mul(old.0.into()) / VirtualTime::from(new.0.max(1));
            self.runtime = clock.saturating_add(ahead);
        }
    }
}
