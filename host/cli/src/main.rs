//! `holm`: the command line of Holm.

mod audit_log;
mod boot;
mod commands;
mod compiler;
mod confine;
mod conversation;
mod denial;
mod error;
mod output;
mod session;
mod settings;
mod terminal;
mod ui;

fn main() -> std::process::ExitCode {
    commands::main()
}
