//! What Holm costs: each hot path beside bare wasmtime doing the same work in the same run.
//!
//! `cargo bench -p holm-tests --bench kernel` prints a table; after `--`, `--json` prints rows for
//! programs, and words choose the groups that are measured (`-- spawn syscall`).
//! `HOLM_BENCH_QUICK=1` counts little: it shows that the bench works, and no numbers worth keeping.
//!
//! These are plain loops and no criterion: that measures one thing after the other, and where
//! cores are shared the ratio of two such numbers is noise. Here Holm and bare wasmtime take turns
//! in short rounds, and what is compared are their medians, high percentiles, or (of work that
//! only computes) almost the shortest.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench prints what it measured")]

mod bare;
mod fuel;
mod holm;
mod latency;
mod machine;
mod parked;
mod prices;
mod spawn;
mod storage;
mod syscall;
mod table;

use std::{process::ExitCode, time::Duration};

use wasmtime::Result;

use table::Row;

/// A name, and what measures its rows.
type Group = (&'static str, fn() -> Result<Vec<Row>>);

/// What can be measured by itself.
const GROUPS: &[Group] = &[
    ("spawn", spawn::measure),
    ("syscall", syscall::measure),
    ("storage", storage::measure),
    ("parked", parked::measure),
    ("latency", latency::measure),
    ("fuel", fuel::measure),
    ("prices", prices::measure),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [parked::CHILD, side, count] = arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        return parked::child(side, count);
    }
    // Cargo passes `--bench`.
    let json = arguments.iter().any(|argument| argument == "--json");
    let chosen: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    let groups: Vec<&str> = GROUPS.iter().map(|(name, _)| *name).collect();
    if let Some(unknown) = chosen.iter().find(|name| !groups.contains(&name.as_str())) {
        eprintln!("there is no group `{unknown}`: there are {}", groups.join(", "));
        return ExitCode::from(2);
    }
    let machine = machine::Machine::now();
    let mut rows = Vec::new();
    let mut failed = false;
    for (name, measure) in GROUPS {
        if !chosen.is_empty() && !chosen.iter().any(|group| group == name) {
            continue;
        }
        eprintln!("measuring {name}…");
        match measure() {
            Ok(measured) if measured.iter().all(Row::is_sound) => rows.extend(measured),
            Ok(_) => {
                eprintln!("{name} could not be measured: the noise is greater than what is measured");
                failed = true;
            }
            Err(error) => {
                eprintln!("{name} could not be measured: {error:#}");
                failed = true;
            }
        }
    }
    eprintln!("measured on {}", machine.since());
    println!("{}", if json { table::json(&rows) } else { table::markdown(&rows) });
    match failed || rows.is_empty() {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    }
}

/// This many, or few where the bench is only tried.
fn count(full: usize) -> usize {
    match std::env::var_os("HOLM_BENCH_QUICK") {
        Some(_) => (full / 20).clamp(2, 10_000),
        None => full,
    }
}

/// Times of one thing, in any order.
#[derive(Default)]
struct Times(Vec<Duration>);

impl Times {
    /// The time that this share of a hundred did not exceed, in nanoseconds.
    fn percentile(&mut self, hundredth: usize) -> f64 {
        self.0.sort_unstable();
        let index = (self.0.len().saturating_sub(1) * hundredth).div_ceil(100);
        self.0.get(index).map_or(f64::NAN, |time| time.as_nanos() as f64)
    }

    /// What work that only computes takes when nobody interferes: almost the shortest.
    fn undisturbed(&mut self) -> f64 {
        self.percentile(5)
    }

    fn median(&mut self) -> f64 {
        self.percentile(50)
    }
}
