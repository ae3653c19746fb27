//! `holm ps`: the live processes, or what each plugin's processes have done.

use std::time::{Duration, SystemTime};

use holm_adapters::control::{Intent, Reply, Request};
use holm_kernel::{PluginSnapshot, ProcessSnapshot, process::LatencySummary};
use serde::Serialize;

use crate::{
    error::Result,
    session::{Session, answer, unexpected},
    ui,
};

/// List the live processes
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Show more of each: its descendants, what it wrote and what it put into storage
    #[arg(long, conflicts_with_all = ["json", "plugins"])]
    wide: bool,
    /// Sums for each plugin since the kernel started, with the processes that have ended
    #[arg(long)]
    plugins: bool,
}

/// One process, as programs read it: amounts are plain numbers, money is US dollars, times are seconds.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Process {
    pid: String,
    parent: Option<String>,
    plugin: String,
    state: String,
    calling: Option<String>,
    nice: i8,
    fuel: u64,
    budget: u64,
    left: u64,
    memory: u64,
    output: u64,
    stored: u64,
    syscalls: u64,
    children: u64,
    model_calls: u64,
    tokens: u64,
    usd: f64,
    latency: LatencySummary,
    started: String,
    seconds: f64,
}

impl From<&ProcessSnapshot> for Process {
    fn from(process: &ProcessSnapshot) -> Self {
        Self {
            pid: process.pid.to_string(),
            parent: process.parent.map(|parent| parent.to_string()),
            plugin: process.plugin.clone(),
            state: process.state.clone(),
            calling: process.calling.clone(),
            nice: process.nice.get(),
            fuel: process.fuel.0,
            budget: process.budget.0,
            left: process.left.0,
            memory: process.memory.0,
            output: process.output.0,
            stored: process.stored.0,
            syscalls: process.syscalls,
            children: process.children,
            model_calls: process.model_calls,
            tokens: process.tokens,
            usd: process.money.0 as f64 / 1e6,
            latency: process.latency,
            started: humantime::format_rfc3339_millis(process.started).to_string(),
            seconds: age(process).as_secs_f64(),
        }
    }
}

/// The sums of one plugin, as programs read them.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Plugin {
    plugin: String,
    live: u64,
    ended: u64,
    faults: u64,
    fuel: u64,
    syscalls: u64,
    tokens: u64,
    usd: f64,
    latency: LatencySummary,
}

impl From<&PluginSnapshot> for Plugin {
    fn from(plugin: &PluginSnapshot) -> Self {
        Self {
            plugin: plugin.plugin.clone(),
            live: plugin.live,
            ended: plugin.ended,
            faults: plugin.faults,
            fuel: plugin.fuel.0,
            syscalls: plugin.syscalls,
            tokens: plugin.tokens,
            usd: plugin.money.0 as f64 / 1e6,
            latency: plugin.latency,
        }
    }
}

pub(super) fn age(process: &ProcessSnapshot) -> Duration {
    SystemTime::now().duration_since(process.started).unwrap_or_default()
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        // Without a kernel there is no process.
        let kernel = session.connect_if_running(Intent::Command).await?;
        if self.plugins {
            let mut plugins = Vec::new();
            if let Some(mut kernel) = kernel {
                kernel.send(&Request::Statistics).await?;
                plugins = match answer(&mut kernel).await? {
                    Reply::Statistics(plugins) => plugins,
                    reply => return unexpected(&reply),
                };
            }
            return match self.json {
                true => ui::json(&plugins.iter().map(Plugin::from).collect::<Vec<_>>()),
                false => ui::table(
                    &[
                        "PLUGIN",
                        ">LIVE",
                        ">ENDED",
                        ">FAULTS",
                        ">FUEL",
                        ">SYSCALLS",
                        ">CALLS",
                        ">TOKENS",
                        ">USD",
                        "WAITING AVG P50 P90 P99",
                        "TURNAROUND AVG P50 P90 P99",
                    ],
                    &plugins.iter().map(plugin_row).collect::<Vec<_>>(),
                ),
            };
        }
        let mut processes = Vec::new();
        if let Some(mut kernel) = kernel {
            kernel.send(&Request::Processes).await?;
            processes = match answer(&mut kernel).await? {
                Reply::Processes(processes) => processes,
                reply => return unexpected(&reply),
            };
        }
        if self.json {
            return ui::json(&processes.iter().map(Process::from).collect::<Vec<_>>());
        }
        let mut heading = vec![
            ">PID",
            ">PPID",
            "PLUGIN",
            "STATE",
            ">NICE",
            ">FUEL",
            ">BUDGET",
            ">MEM",
            ">SYSCALLS",
            ">TOKENS",
            ">TIME",
            "CALLING",
        ];
        let mut rows: Vec<_> = processes.iter().map(row).collect();
        if self.wide {
            // Before what it does, whose width nobody knows.
            let place = heading.len() - 1;
            heading.splice(place..place, [">CHILDREN", ">OUTPUT", ">STORED"]);
            for (row, process) in rows.iter_mut().zip(&processes) {
                let more = [process.children.to_string(), process.output.to_string(), process.stored.to_string()];
                row.splice(place..place, more);
            }
        }
        ui::table(&heading, &rows)
    }
}

fn row(process: &ProcessSnapshot) -> Vec<String> {
    vec![
        process.pid.to_string(),
        process.parent.map_or_else(|| "-".to_owned(), |parent| parent.to_string()),
        name(&process.plugin),
        process.state.clone(),
        process.nice.to_string(),
        process.fuel.to_string(),
        process.budget.to_string(),
        process.memory.to_string(),
        process.syscalls.to_string(),
        process.tokens.to_string(),
        ui::span(age(process)),
        process.calling.clone().unwrap_or_else(|| "-".to_owned()),
    ]
}

fn plugin_row(plugin: &PluginSnapshot) -> Vec<String> {
    vec![
        name(&plugin.plugin),
        plugin.live.to_string(),
        plugin.ended.to_string(),
        plugin.faults.to_string(),
        plugin.fuel.to_string(),
        plugin.syscalls.to_string(),
        plugin.latency.calls.to_string(),
        plugin.tokens.to_string(),
        plugin.money.to_string(),
        ui::times(&plugin.latency.waiting),
        ui::times(&plugin.latency.turnaround),
    ]
}

/// The name; of a program that is not installed, with the beginning of its digest.
pub(super) fn name(plugin: &str) -> String {
    match plugin.split_once('@') {
        Some((name, digest)) => format!("{name}@{}", digest.get(..8).unwrap_or(digest)),
        None => plugin.to_owned(),
    }
}
