//! `holm ps`: the live processes.

use std::time::SystemTime;

use holm_adapters::control::{Intent, Reply, Request};
use holm_kernel::ProcessSnapshot;
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
}

/// One process, as programs read it: amounts are plain numbers.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Process {
    pid: String,
    parent: Option<String>,
    plugin: String,
    state: String,
    nice: i8,
    fuel: u64,
    budget: u64,
    left: u64,
    memory: u64,
    output: u64,
    syscalls: u64,
    children: u64,
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
            nice: process.nice.get(),
            fuel: process.fuel.0,
            budget: process.budget.0,
            left: process.left.0,
            memory: process.memory.0,
            output: process.output.0,
            syscalls: process.syscalls,
            children: process.children,
            started: humantime::format_rfc3339_millis(process.started).to_string(),
            seconds: age(process).as_secs_f64(),
        }
    }
}

fn age(process: &ProcessSnapshot) -> std::time::Duration {
    SystemTime::now().duration_since(process.started).unwrap_or_default()
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        let processes = match session.connect_if_running(Intent::Command).await? {
            // Without a kernel there is no process.
            None => Vec::new(),
            Some(mut kernel) => {
                kernel.send(&Request::Processes).await?;
                match answer(&mut kernel).await? {
                    Reply::Processes(processes) => processes,
                    reply => return unexpected(&reply),
                }
            }
        };
        if self.json {
            return ui::json(&processes.iter().map(Process::from).collect::<Vec<_>>());
        }
        let rows: Vec<_> = processes.iter().map(row).collect();
        ui::table(
            &[">PID", ">PPID", "PLUGIN", "STATE", ">NICE", ">FUEL", ">BUDGET", ">MEM", ">SYSCALLS", ">TIME"],
            &rows,
        )
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
        ui::span(age(process)),
    ]
}

/// The name; of a program that is not installed, with the beginning of its digest.
fn name(plugin: &str) -> String {
    match plugin.split_once('@') {
        Some((name, digest)) => format!("{name}@{}", digest.get(..8).unwrap_or(digest)),
        None => plugin.to_owned(),
    }
}
