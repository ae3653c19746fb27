//! Weighted fair scheduling by virtual runtime: fuel over weight, in a hierarchy of processes.

mod group;
mod queue;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use self::{
    group::{Group, Level, Member, Phase, TOP},
    queue::{Key, VirtualTime, virtual_time},
};
use super::{Nice, Scheduler, Weight};
use crate::process::Pid;

/// Slices at nice 0 by which one that slept, or that the weights could not serve, may be behind
/// the others. More would let it hog the workers to catch up.
const CREDIT: u64 = 6;

/// Slices at nice 0 by which a new process starts ahead: enough to come before everyone who waits
/// for its turn, and little enough for a row of short processes to take from the others.
const HEAD_START: u64 = 1;

/// Slices at its own weight by which a process may be in debt after one slice of host work.
/// It bounds how long anyone waits, whatever a system call is said to have cost.
const DEBT: u64 = 4096;

/// Gives every process tree the same share of the workers for the same weight, and divides the
/// share of each process between itself and its children in the same way.
///
/// Each process is the head of a group: itself and the groups of its children. A group stands in
/// its parent's queue with the weight of its process, and within the group the process stands
/// beside its children with that same weight. The processes without a parent form the group at
/// the top. So what a process spawns, and what that spawns, runs on its share: a tree with a
/// hundred processes gets what a tree with one gets, and a sibling never feels it.
///
/// The next to run is found from the top down by the least virtual runtime. What runs is charged
/// a whole slice in advance, on every level, and what it really burned when it has run: so several
/// workers spread over the trees. A group whose process ended stays until one member is left,
/// which takes its place: a parent that exits does not turn one share into many.
///
/// Each operation is O(depth · log n).
#[derive(Debug)]
pub struct Fair {
    pids: HashMap<Pid, usize>,
    /// By index; the group at the top is the first.
    groups: Vec<Group>,
    /// Indices of groups that are no more.
    free: Vec<usize>,
    /// The fuel of one slice.
    slice: u64,
    ready: usize,
    turn: u64,
}

impl Fair {
    /// A scheduler that knows no process. `slice` is the fuel that a process burns in a full
    /// slice: the unit of what a sleeper is allowed and a running process is charged in advance.
    pub fn new(slice: u64) -> Self {
        Self {
            pids: HashMap::new(),
            groups: vec![Group::new(TOP, Weight(0))],
            free: Vec::new(),
            slice,
            ready: 0,
            turn: 0,
        }
    }

    /// That many slices at nice 0.
    fn slices(&self, count: u64) -> VirtualTime {
        self.slices_of(count, Nice::default().weight())
    }

    fn slices_of(&self, count: u64, weight: Weight) -> VirtualTime {
        virtual_time(u128::from(self.slice).saturating_mul(count.into()), weight.0.into())
    }

    /// The next queue up, and the group that stands in it.
    fn above(&self, level: Level) -> Option<Level> {
        (level.queue != TOP).then(|| Level { queue: self.groups[level.queue].parent, member: level.queue })
    }

    /// Puts a process into its own queue, and each group that had nobody ready into the next.
    fn enqueue(&mut self, index: usize) {
        self.ready += 1;
        self.groups[index].phase = Phase::Ready;
        let mut level = Some(Level::own(index));
        while let Some(each) = level {
            let already = !self.groups[each.queue].queue.is_empty();
            self.place(each);
            level = self.above(each).filter(|_| !already);
        }
    }

    /// Takes a process out again, and each group that has nobody ready any more.
    fn dequeue(&mut self, index: usize) {
        self.ready -= 1;
        self.groups[index].phase = Phase::Idle;
        let mut level = Some(Level::own(index));
        while let Some(each) = level {
            self.take(each);
            let empty = self.groups[each.queue].queue.is_empty();
            level = self.above(each).filter(|_| empty);
        }
    }

    /// A member becomes ready: however long it slept, it is behind by the credit at most.
    fn place(&mut self, level: Level) {
        let clock = self.groups[level.queue].queue.clock();
        let least = clock.saturating_sub(self.slices(CREDIT));
        let start = clock.saturating_sub(self.slices(HEAD_START));
        let member = self.member(level);
        if member.fresh {
            // What it owes already, for being built, counts.
            let runtime = start.saturating_add(member.runtime);
            *member = Member { fresh: false, runtime, early_until: clock, key: None };
        } else if member.runtime < least {
            *member = Member { runtime: least, early_until: clock, ..*member };
        }
        self.turn += 1;
        self.put(level, self.turn);
    }

    /// Into the queue, at the member's runtime and what it is charged in advance.
    fn put(&mut self, level: Level, turn: u64) {
        let group = &self.groups[level.member];
        let (weight, running) = (group.weight, group.running);
        let advance = match level.is_own() {
            true => 0,
            false => self.slices_of(running, weight),
        };
        let member = self.member(level);
        let key = Key { at: member.runtime.saturating_add(advance), turn, member: level.member };
        member.key = Some(key);
        self.groups[level.queue].queue.insert(key, weight);
    }

    /// Out of the queue; tells where it was.
    fn take(&mut self, level: Level) -> Option<Key> {
        let key = self.member(level).key.take()?;
        let weight = self.groups[level.member].weight;
        self.groups[level.queue].queue.remove(key, weight);
        Some(key)
    }

    /// Changes a member, and its place in the queue if it has one.
    fn change(&mut self, level: Level, change: impl FnOnce(&mut Group)) {
        let key = self.take(level);
        change(&mut self.groups[level.member]);
        if let Some(key) = key {
            self.put(level, key.turn);
        }
    }

    fn member(&mut self, level: Level) -> &mut Member {
        self.groups[level.member].member(level)
    }

    /// A process starts to run: every group that it belongs to has one more that runs.
    fn start(&mut self, index: usize) {
        self.groups[index].phase = Phase::Running { again: false };
        let mut level = self.above(Level::own(index));
        while let Some(each) = level {
            self.change(each, |group| group.running += 1);
            level = self.above(each);
        }
    }

    /// A process burned fuel, at the end of its slice or (a late bill) outside of one.
    fn charge(&mut self, index: usize, fuel: u64, ended: bool) {
        let head_start = self.slices(HEAD_START);
        let mut level = Some(Level::own(index));
        while let Some(each) = level {
            let weight = self.groups[each.member].weight;
            let spent = virtual_time(fuel.into(), weight.0.into());
            let clock = self.groups[each.queue].queue.clock();
            let Member { fresh, .. } = *self.member(each);
            let most = self.slices_of(DEBT, weight).saturating_add(if fresh { 0 } else { clock });
            let early = self.member(each).is_early();
            self.change(each, |group| {
                let member = group.member(each);
                member.runtime = member.runtime.saturating_add(spent).min(most);
                group.running -= u64::from(ended && !each.is_own());
            });
            if early {
                let outside = match self.member(each).key {
                    Some(_) => Weight(0),
                    None => weight,
                };
                // More than the head start, or those who wait with it would hold the clock.
                let queue = &mut self.groups[each.queue].queue;
                queue.elapse(fuel, outside, head_start / 2 * 3);
            }
            level = self.above(each);
        }
    }

    fn insert(&mut self, group: Group) -> usize {
        let parent = group.parent;
        let index = match self.free.pop() {
            Some(index) => {
                self.groups[index] = group;
                index
            }
            None => {
                self.groups.push(group);
                self.groups.len() - 1
            }
        };
        self.groups[parent].children.insert(index);
        index
    }

    fn free(&mut self, index: usize) {
        let parent = self.groups[index].parent;
        self.groups[parent].children.remove(&index);
        self.groups[index] = Group::new(TOP, Weight(0));
        self.free.push(index);
    }

    /// Ends groups whose process is gone and that have at most one member left.
    fn prune(&mut self, mut index: usize) {
        while index != TOP && self.groups[index].phase == Phase::Gone {
            let parent = self.groups[index].parent;
            let children = &self.groups[index].children;
            match (children.first().copied(), children.len()) {
                (None, _) => {}
                (Some(child), 1) => self.replace(index, child),
                _ => return,
            }
            self.free(index);
            index = parent;
        }
    }

    /// The only child takes the place of a group whose process is gone, and its runtime, for it
    /// goes on with what is left of the same share.
    fn replace(&mut self, index: usize, child: usize) {
        let parent = self.groups[index].parent;
        let key = self.take(Level { queue: parent, member: index });
        self.groups[child].group = self.groups[index].group;
        self.groups[child].parent = parent;
        self.groups[parent].children.insert(child);
        if let Some(key) = key {
            let level = Level { queue: parent, member: child };
            self.put(level, key.turn);
        }
    }
}

impl Default for Fair {
    /// For slices of a million units of fuel, about a third of a millisecond.
    fn default() -> Self {
        Self::new(1_000_000)
    }
}

impl Scheduler for Fair {
    fn admit(&mut self, pid: Pid, tree: Pid, parent: Option<Pid>, nice: Nice) {
        if self.pids.contains_key(&pid) {
            return;
        }
        // A parent that ended in between leaves its child to the root of the tree.
        let known = |pid: Pid| self.pids.get(&pid).copied();
        let parent = parent.and_then(known).or(known(tree)).unwrap_or(TOP);
        let index = self.insert(Group::new(parent, nice.weight()));
        self.pids.insert(pid, index);
        self.groups[index].pid = Some(pid);
    }

    fn ready(&mut self, pid: Pid) {
        let Some(&index) = self.pids.get(&pid) else {
            return;
        };
        match &mut self.groups[index].phase {
            Phase::Idle => self.enqueue(index),
            Phase::Running { again } => *again = true,
            Phase::Ready | Phase::Gone => {}
        }
    }

    fn unready(&mut self, pid: Pid) {
        let Some(&index) = self.pids.get(&pid) else {
            return;
        };
        match &mut self.groups[index].phase {
            Phase::Ready => self.dequeue(index),
            Phase::Running { again } => *again = false,
            Phase::Idle | Phase::Gone => {}
        }
    }

    fn next(&mut self) -> Option<Pid> {
        let mut queue = TOP;
        loop {
            let key = self.groups[queue].queue.first()?;
            self.groups[queue].queue.picked(key);
            if key.member == queue {
                break;
            }
            queue = key.member;
        }
        self.dequeue(queue);
        self.start(queue);
        self.groups[queue].pid
    }

    fn ran(&mut self, pid: Pid, fuel: u64) {
        let Some(&index) = self.pids.get(&pid) else {
            return;
        };
        let Phase::Running { again } = self.groups[index].phase else {
            return self.charge(index, fuel, false);
        };
        self.groups[index].phase = Phase::Idle;
        self.charge(index, fuel, true);
        if again {
            self.enqueue(index);
        }
    }

    fn renice(&mut self, pid: Pid, nice: Nice) {
        let Some(&index) = self.pids.get(&pid) else {
            return;
        };
        let weight = nice.weight();
        let own = Level::own(index);
        let levels = [Some(own), self.above(own)];
        let keys = levels.map(|level| level.and_then(|level| self.take(level)));
        let old = std::mem::replace(&mut self.groups[index].weight, weight);
        for (level, key) in levels.into_iter().zip(keys) {
            let Some(level) = level else { continue };
            let clock = self.groups[level.queue].queue.clock();
            self.member(level).reweigh(clock, old, weight);
            if let Some(key) = key {
                self.put(level, key.turn);
            }
        }
    }

    fn remove(&mut self, pid: Pid) {
        // Killed in its slice, it is charged what it was charged in advance.
        if let Some(index) = self.pids.get(&pid)
            && let Phase::Running { .. } = self.groups[*index].phase
        {
            self.ran(pid, self.slice);
        }
        self.unready(pid);
        if let Some(index) = self.pids.remove(&pid) {
            self.groups[index].phase = Phase::Gone;
            self.groups[index].pid = None;
            self.prune(index);
        }
    }

    fn len(&self) -> usize {
        self.ready
    }
}
