//! The facade: boot, spawn, wait, signal, snapshot. The only module that sees all others.

mod budgets;
mod client;
mod config;
mod facade;
mod launch;
mod pending;
mod services;
mod snapshot;
mod spawn;
mod statistics;
mod threads;

pub use config::{BootError, Config, Parts};
pub use facade::{Calling, Kernel};
pub use pending::Pending;
pub use snapshot::ProcessSnapshot;
pub use spawn::{Exit, NoSuchProcess, Running, Spawn, SpawnError, ToolAnswer, ToolError};
pub use statistics::{PluginLatency, PluginSnapshot};
