//! The ready members of one group, by virtual runtime, and the group's clock.

use std::collections::BTreeSet;

use crate::sched::Weight;

/// Virtual time: fuel over weight, in 1/65536 of a unit of fuel at nice 0. Signed and wide, and
/// added without overflow, so that no amount of fuel ever turns it round.
pub(super) type VirtualTime = i128;

/// The virtual time in which `weight` burns `fuel`.
pub(super) fn virtual_time(fuel: u128, weight: u64) -> VirtualTime {
    const UNIT: u128 = 1024 << 16;
    let time = fuel.saturating_mul(UNIT) / u128::from(weight.max(1));
    VirtualTime::try_from(time).unwrap_or(VirtualTime::MAX)
}

/// The place of a member in a queue: the least virtual time first, then the one that came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) at: VirtualTime,
    pub(super) turn: u64,
    pub(super) member: usize,
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: BTreeSet<Key>,
    /// The weight of all that wait.
    weight: u64,
    /// How far the members have come: where the furthest of those stood that were picked.
    /// It never goes back.
    clock: VirtualTime,
}

impl Queue {
    pub(super) fn first(&self) -> Option<Key> {
        self.waiting.first().copied()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn clock(&self) -> VirtualTime {
        self.clock
    }

    pub(super) fn insert(&mut self, key: Key, weight: Weight) {
        if self.waiting.insert(key) {
            self.weight += u64::from(weight.0);
        }
    }

    pub(super) fn remove(&mut self, key: Key, weight: Weight) {
        if self.waiting.remove(&key) {
            self.weight -= u64::from(weight.0);
        }
    }

    /// The first member is picked.
    pub(super) fn picked(&mut self, key: Key) {
        self.clock = self.clock.max(key.at);
    }

    /// A member that comes before the others, being new or just woken, burned fuel: time goes by
    /// for all, at half the pace at which they run, but no further than `ahead` of the first. Without this, an
    /// endless row of new members, who all start at the clock, would hold the clock and starve the
    /// others. `outside` is its weight if it does not wait itself.
    pub(super) fn elapse(&mut self, fuel: u64, outside: Weight, ahead: VirtualTime) {
        if let Some(first) = self.first() {
            let all = self.weight + u64::from(outside.0);
            let now = self.clock.saturating_add(virtual_time(fuel.into(), 2 * all));
            self.clock = self.clock.max(now.min(first.at.saturating_add(ahead)));
        }
    }

    /// For tests: the weight and the keys.
    #[cfg(test)]
    pub(super) fn weight_and_keys(&self) -> (u64, impl Iterator<Item = Key> + '_) {
        (self.weight, self.waiting.iter().copied())
    }
}
