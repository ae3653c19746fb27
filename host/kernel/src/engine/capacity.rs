//! How many live processes this machine can hold: computed, so that spawn refuses in time.

use serde::Serialize;

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
}
