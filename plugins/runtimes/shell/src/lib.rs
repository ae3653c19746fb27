//! A shell: it runs the scripts of bash and sh, each of their commands a process of the kernel.

mod builtins;
mod command;
mod conditional;
mod execute;
mod expand;
mod limits;
mod parse;
mod pipeline;
mod process;
mod redirect;
mod run;
mod shell;
mod simple;
mod start;
mod stream;
mod time;
mod values;
mod variables;

pub use start::run;

/// Where random numbers begin.
fn seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0_u8) | 1
}

#[cfg(target_family = "wasm")]
#[holm::main]
fn main(arguments: Vec<String>) -> u8 {
    wasi_process::begin();
    let called = std::env::args().next().unwrap_or_else(|| "bash".to_owned());
    run(&called, arguments)
}
