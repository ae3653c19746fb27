//! How many live processes this machine can hold: computed, so that spawn refuses in time.
//!
//! It is counted in places. A small process takes one; one of many memories or tables takes as many as
//! it has mappings for, so that none of them is counted for less than it is.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use serde::Serialize;
use wasmtime::component::Component;

/// What bounds the number of live processes.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Capacity {
    /// Live processes at most.
    pub processes: u32,
    /// Bytes of address space reserved for each linear memory.
    pub reservation: u64,
    /// The kernel's bound on memory mappings (`vm.max_map_count`).
    pub max_map_count: u64,
    /// Why there are not more.
    pub bound_by: &'static str,
}

/// Mappings that one live process of a small guest takes: its stack and its guard, made with the
/// pool, and the image, heap, rest and guard of its memory. Measured on Linux 6.
const MAPPINGS: u64 = 6;

/// Mappings left to the rest of the host: threads, files, the allocator, compiled code. Past the
/// kernel's bound the next thread that starts aborts the host, so this is generous.
const HEADROOM: u64 = 12_000;

/// More than this needs small reservations, with explicit bounds checks: 20,000 slots of 4 GiB
/// fill the 47 bits of a process's address space.
const LARGE_SLOTS: u32 = 10_000;

/// Of each linear memory below [`LARGE_SLOTS`]: accesses need no bounds check.
const LARGE: u64 = 4 << 30;
/// Of each linear memory above it.
const SMALL: u64 = 256 << 20;

/// Mappings of one memory that is made on demand: the image, heap, rest and guard of its memory, as in the pool.
const MAPPINGS_OF_MEMORY: u64 = 4;
/// And of its process, whatever it has: a stack, and its guard.
const MAPPINGS_OF_STACK: u64 = 2;

/// Tables that the pool has for each place.
pub(super) const TABLES: u32 = 2;

/// How many places a process of this component takes; `pooled` where the pool makes its instances.
pub(super) fn places(component: &Component, pooled: bool) -> u32 {
    // Where a component imports modules nobody can tell; the linker offers none.
    let Some(needs) = component.resources_required() else { return u32::MAX };
    places_for(needs.num_memories, needs.num_tables, pooled)
}

fn places_for(memories: u32, tables: u32, pooled: bool) -> u32 {
    if pooled {
        return tables.div_ceil(TABLES).max(1);
    }
    // Each large table is a mapping of its own.
    let mappings = MAPPINGS_OF_STACK + MAPPINGS_OF_MEMORY * u64::from(memories) + u64::from(tables);
    u32::try_from(mappings.div_ceil(MAPPINGS)).unwrap_or(u32::MAX)
}

/// The places of one kernel.
pub(crate) struct Places {
    taken: AtomicU32,
    all: u32,
}

/// Places that a process has, until it is gone.
pub(crate) struct Taken {
    places: Arc<Places>,
    count: u32,
}

impl Places {
    pub(crate) fn new(all: u32) -> Arc<Self> {
        Arc::new(Self { taken: AtomicU32::new(0), all })
    }

    /// Takes so many, if there are.
    pub(crate) fn take(self: &Arc<Self>, count: u32) -> Option<Taken> {
        let taken = self
            .taken
            .fetch_update(Relaxed, Relaxed, |taken| taken.checked_add(count).filter(|taken| *taken <= self.all));
        taken.is_ok().then(|| Taken { places: self.clone(), count })
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.places.taken.fetch_sub(self.count, Relaxed);
    }
}

impl Capacity {
    /// What this machine holds, and at most `wanted`.
    pub fn of_this_machine(wanted: u32) -> Self {
        let max_map_count = std::fs::read_to_string("/proc/sys/vm/max_map_count")
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or(65_530);
        Self::compute(wanted, max_map_count)
    }

    fn compute(wanted: u32, max_map_count: u64) -> Self {
        let by_mappings = max_map_count.saturating_sub(HEADROOM) / MAPPINGS;
        let processes = u64::from(wanted).min(by_mappings).max(16) as u32;
        Self {
            processes,
            reservation: if processes <= LARGE_SLOTS { LARGE } else { SMALL },
            max_map_count,
            bound_by: if by_mappings < u64::from(wanted) { "vm.max_map_count" } else { "the configured capacity" },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usual_machine_stays_below_where_hosts_panic() {
        let usual = Capacity::compute(100_000, 65_530);
        assert_eq!((usual.processes, usual.bound_by), (8_921, "vm.max_map_count"));
        assert_eq!(Capacity::compute(1_000, 65_530).bound_by, "the configured capacity");
        let large = Capacity::compute(100_000, 1_048_576);
        assert_eq!((large.processes, large.reservation), (100_000, SMALL));
    }

    #[test]
    fn many_memories_take_many_places() {
        assert_eq!([(0, 0), (1, 2), (1, 6)].map(|(memories, tables)| places_for(memories, tables, true)), [1, 1, 3]);
        let on_demand = [(0, 0), (1, 0), (2, 6), (64, 0)].map(|(memories, tables)| places_for(memories, tables, false));
        assert_eq!(on_demand, [1, 1, 3, 43]);
    }

    #[test]
    fn places_come_back() {
        let places = Places::new(50);
        let first = places.take(43);
        assert!(first.is_some() && places.take(8).is_none() && places.take(u32::MAX).is_none());
        let second = places.take(7);
        drop(first);
        assert!(second.is_some() && places.take(43).is_some() && places.take(44).is_none());
    }
}
