//! The engines: one that draws instances from a pool, one for what does not fit into it.

use std::num::NonZeroUsize;

use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::capacity::{Capacity, TABLES};
use crate::account::Limits;

/// What a guest's calls may use; the rest of the fiber is the host's.
const WASM_STACK: usize = Limits::STACK.0 as usize;
const FIBER_STACK: usize = WASM_STACK + (1 << 20);

/// What a component may need to come from the pool.
const POOL_CORE_INSTANCES: u32 = 24;
pub(super) const POOL_MEMORIES: u32 = 1;
pub(super) const POOL_TABLES: u32 = 6;
pub(super) const POOL_TABLE_ELEMENTS: usize = 20_000;

/// Both engines compile alike, so that an image serves either.
pub(crate) struct Engines {
    /// Fast to instantiate.
    pub(crate) pooled: Option<Engine>,
    /// For components with many memories or instances, and where the pool does not fit this machine.
    pub(crate) on_demand: Engine,
}

/// What every engine has in common: what a guest may use, and what compiled code looks like.
///
/// Multi-memory stays on: without it wasmtime panics on composed components.
pub(crate) fn wasm_config(reservation: u64) -> Config {
    let mut config = Config::new();
    config
        .consume_fuel(true)
        .concurrency_support(false)
        .max_wasm_stack(WASM_STACK)
        .async_stack_size(FIBER_STACK)
        .async_stack_zeroing(true)
        .wasm_memory64(false)
        .wasm_relaxed_simd(false)
        .cranelift_nan_canonicalization(true)
        .memory_reservation(reservation)
        .memory_guard_size(32 << 20)
        .memory_init_cow(true)
        .wasm_backtrace_max_frames(NonZeroUsize::new(32));
    config
}

impl Engines {
    /// Makes the engines. A machine that cannot give the pool's address space gets none, which costs speed only.
    ///
    /// # Errors
    /// The engine does not support this machine.
    pub(crate) fn new(capacity: &Capacity) -> wasmtime::Result<Self> {
        let on_demand = Engine::new(&wasm_config(capacity.reservation))?;
        let pooled = Engine::new(&pooled_config(capacity));
        if let Err(error) = &pooled {
            tracing::warn!(%error, "no instance pool on this machine; instances are made on demand");
        }
        Ok(Self { pooled: pooled.ok(), on_demand })
    }
}

fn pooled_config(capacity: &Capacity) -> Config {
    let processes = capacity.processes;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(processes)
        // A count, and no mapping: places bound what has them.
        .total_core_instances(processes.saturating_mul(POOL_CORE_INSTANCES))
        .total_memories(processes)
        .total_tables(processes.saturating_mul(TABLES))
        .total_stacks(processes)
        .max_component_instance_size(256 << 10)
        .max_core_instance_size(256 << 10)
        .max_core_instances_per_component(POOL_CORE_INSTANCES)
        .max_memories_per_component(POOL_MEMORIES)
        .max_tables_per_component(POOL_TABLES)
        .table_elements(POOL_TABLE_ELEMENTS)
        .max_memory_size(usize::try_from(capacity.reservation).unwrap_or(usize::MAX))
        .max_unused_warm_slots(100)
        .linear_memory_keep_resident(64 << 10)
        .table_keep_resident(4096)
        .async_stack_keep_resident(8 << 10)
        .decommit_batch_size(16);
    let mut config = wasm_config(capacity.reservation);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}
