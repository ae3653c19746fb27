//! Agents that call a model, beside plain tokio tasks that call the same server with reqwest.
//!
//! `cargo bench -p holm-tests --bench agents` prints a table; after `--`, `--json` prints it for
//! programs, `--latency 50` makes replies take 50 ms, and numbers choose how many agents there are
//! (`-- 1 32`); `saturation` chooses what happens where the provider takes fewer calls than there
//! are agents. `HOLM_BENCH_QUICK=1` counts little: it shows that the bench works, and no numbers
//! worth keeping.
//!
//! The server is a process of its own, both sides take turns in short rounds, and what is compared
//! are the ratios of each round. Agents are started before the clock is: `--bench kernel` measures that.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench prints what it measured")]

mod holm;
#[path = "../kernel/machine.rs"]
mod machine;
mod memory;
mod plain;
mod process;
mod saturation;
mod scale;
mod server;
mod table;

use std::{process::ExitCode, time::Duration};

use wasmtime::{Result, error::Context};

use saturation::Crowd;
use scale::Shape;
use server::Server;
use table::Measured;

const AGENTS: [usize; 6] = [1, 8, 32, 128, 512, 2_000];

/// How long a reply takes where nothing else is said: less than most models take.
const LATENCY: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [server::CHILD] => return server::child(),
        [memory::CHILD, side, server, agents] => return memory::child(side, server, agents),
        _ => {}
    }
    let machine = machine::Machine::now();
    let json = arguments.iter().any(|argument| argument == "--json");
    match process::runtime().and_then(|runtime| runtime.block_on(measure(&arguments))) {
        Ok(measured) => {
            eprintln!("measured on {}", machine.since());
            println!("{}", if json { measured.json() } else { measured.markdown() });
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("it could not be measured: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(arguments: &[String]) -> Result<Measured> {
    let mut words = arguments.iter();
    let (mut latency, mut chosen, mut saturation) = (LATENCY, Vec::new(), false);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--latency" => {
                let milliseconds = words.next().context("--latency takes milliseconds")?;
                latency = Duration::from_millis(milliseconds.parse()?);
            }
            "saturation" => saturation = true,
            // Cargo passes `--bench`.
            word if word.starts_with("--") => {}
            number => chosen.push(number.parse::<usize>().context("choose numbers of agents, or `saturation`")?),
        }
    }
    if chosen.is_empty() && !saturation {
        (chosen, saturation) = (AGENTS.to_vec(), true);
    }
    let quick = std::env::var_os("HOLM_BENCH_QUICK").is_some();
    process::raise_open_files()?;
    let server = Server::start()?;
    let mut measured = Measured { scaled: Vec::new(), served: None };
    for agents in chosen {
        eprintln!("measuring {agents} agents…");
        // About eight seconds a round.
        let calls = (8.0 / latency.as_secs_f64().max(0.01)).ceil() as u64;
        let (calls, rounds) = if quick { (2, 1) } else { (calls, 3) };
        let shape = Shape { agents, calls, latency, rounds };
        let scaled = scale::measure(server.address, Some(&|| server.processor()), shape).await?;
        let side = |side| memory::measure(side, server.address, agents);
        measured.scaled.push((scaled, side("holm")?, side("plain")?));
    }
    if saturation {
        eprintln!("measuring saturation…");
        let time = Duration::from_secs(if quick { 2 } else { 20 });
        let crowd = Crowd { agents: 128, concurrency: 16, latency: Duration::from_millis(50), time };
        measured.served = Some(saturation::measure(server.address, crowd).await?);
    }
    Ok(measured)
}
