//! The facade: boot, spawn, wait, signal, snapshot. The only module that sees all others.

mod facade;
mod launch;
mod services;
mod snapshot;

pub use facade::{
    BootError, Config, Exit, Kernel, NoSuchProcess, Parts, Running, Spawn, SpawnError, ToolAnswer, ToolError,
};
pub use snapshot::ProcessSnapshot;
