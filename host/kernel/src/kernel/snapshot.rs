//! What `ps` shows.

use std::{sync::atomic::Ordering::Relaxed, time::SystemTime};

use serde::{Deserialize, Serialize};

use super::{
    facade::Inner,
    statistics::{PluginLatency, PluginSnapshot},
};
use crate::{
    account::{Bytes, Fuel, Level, Money, Total},
    process::{LatencySummary, Pid},
    sched::Nice,
};

/// One live process at one moment.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ProcessSnapshot {
    /// Its id.
    pub pid: Pid,
    /// Who started it.
    pub parent: Option<Pid>,
    /// What it runs.
    pub plugin: String,
    /// `ready`, `running`, `blocked`, `stopped`.
    pub state: String,
    /// Its share.
    pub nice: Nice,
    /// Fuel spent.
    pub fuel: Fuel,
    /// Fuel it may spend in all.
    pub budget: Fuel,
    /// Fuel it can still spend or lend.
    pub left: Fuel,
    /// Memories and tables, its descendants' included.
    pub memory: Bytes,
    /// Bytes it wrote to stdout and stderr.
    pub output: Bytes,
    /// Bytes it put into storage, its descendants' included; some may have been replaced since.
    pub stored: Bytes,
    /// System calls made.
    pub syscalls: u64,
    /// Live descendants.
    pub children: u64,
    /// Calls of models, its descendants' included.
    pub model_calls: u64,
    /// Tokens of those, reserved ones included.
    pub tokens: u64,
    /// What they cost.
    pub money: Money,
    /// How long its own calls waited and took.
    pub latency: LatencySummary,
    /// The system call it is in: `llm.complete`.
    pub calling: Option<String>,
    /// When it was started.
    pub started: SystemTime,
}

impl Inner {
    pub(super) fn statistics(&self) -> Vec<PluginSnapshot> {
        let table = self.table.lock();
        self.statistics.snapshot(table.iter().map(|(_, live)| &*live.control))
    }

    pub(super) fn latencies(&self) -> Vec<PluginLatency> {
        let table = self.table.lock();
        self.statistics.latencies(table.iter().map(|(_, live)| &*live.control))
    }

    pub(super) fn snapshot(&self) -> Vec<ProcessSnapshot> {
        let controls: Vec<_> = self.table.lock().iter().map(|(_, live)| live.control.clone()).collect();
        let mut processes: Vec<_> = controls
            .iter()
            .filter_map(|control| {
                let view = self.cpu.view(control.pid)?;
                let account = &control.account;
                Some(ProcessSnapshot {
                    pid: control.pid,
                    parent: control.parent,
                    plugin: control.plugin.to_string(),
                    state: view.state.to_string(),
                    nice: view.nice,
                    fuel: account.spent(),
                    budget: account.budget(),
                    left: account.left(),
                    memory: Bytes(account.level(Level::Memory)),
                    output: Bytes(account.total(Total::Output)),
                    stored: Bytes(account.total(Total::Stored)),
                    syscalls: control.syscalls.load(Relaxed),
                    children: account.level(Level::Children),
                    model_calls: account.total(Total::ModelCalls),
                    tokens: account.total(Total::Tokens),
                    money: Money(account.total(Total::Money)),
                    latency: control.latency(),
                    calling: control.calling(),
                    started: control.started_at,
                })
            })
            .collect();
        processes.sort_by_key(|process| process.pid);
        processes
    }
}
