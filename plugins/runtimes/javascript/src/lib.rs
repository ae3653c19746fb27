//! JavaScript and TypeScript as Node runs them: QuickJS, and Node's modules over Holm's system calls.

mod engine;
mod modules;
mod native;
mod values;

/// Runs a script, or code of the command line, as `node` does; the exit code is the script's.
#[holm::main]
fn main(arguments: Vec<String>) -> u8 {
    let command = std::env::args().next().unwrap_or_else(|| "node".to_owned());
    engine::run(&command, arguments)
}
