//! `holm`: the command line of Holm.

mod agent;
mod audit_log;
mod boot;
mod commands;
mod compiler;
mod confine;
mod conversation;
mod denial;
mod error;
mod inquiry;
mod models;
mod needs;
mod output;
mod registry;
mod seccomp;
mod servers;
mod session;
mod settings;
mod system;
mod telemetry;
mod terminal;
mod ui;

fn main() -> std::process::ExitCode {
    commands::main()
}
