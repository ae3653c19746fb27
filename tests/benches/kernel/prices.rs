//! What calls take of the host, beside what they are charged: a price is right where both are alike.
//!
//! Counted is the processor time of all threads, so that what a call has done on another thread is part of
//! it. A unit of fuel stands for a third of a nanosecond, as plain instructions take on the reference machine.

use holm_tests::component;
use wasmtime::{Result, error::Context};

use crate::{
    count,
    holm::{FEW, Holm},
    table::{Aim, Row, Unit::Nanoseconds},
};

/// Units of fuel in a nanosecond.
const FUEL: f64 = 3.0;

/// A call, what it is about, how often it is made, and what it does.
const CALLS: &[(&str, &str, usize, &str)] = &[
    ("usage", "file", 100_000, "a call that does nothing"),
    ("open", "file", 2_000, "open a file"),
    ("stat", "file", 2_000, "stat a file by its path"),
    ("stat-deep", "", 100, "stat by a path of 1,000 parts"),
    ("stat-open", "file", 5_000, "stat an open file"),
    ("readlink", "link", 2_000, "read a link of 4,000 bytes"),
    ("list-first", "many", 200, "begin to list 4,000 names"),
    ("list", "many", 5, "list 4,000 names"),
    ("read-little", "file", 5_000, "read one byte"),
    ("read", "file", 200, "read 1 MiB"),
    ("write", "file", 100, "write 1 MiB"),
    ("skip", "file", 100, "skip 1 MiB"),
    ("moved", "file", 200, "pass 3 MiB to a call"),
    ("put", "file", 50, "put 1 MiB"),
    ("get", "file", 200, "get 1 MiB"),
    ("random", "file", 500, "64 KiB of random bytes"),
];

pub(crate) fn measure() -> Result<Vec<Row>> {
    let holm = Holm::new(FEW)?;
    let directory = tempfile::tempdir()?;
    let here = directory.path().canonicalize()?;
    std::fs::write(here.join("file"), vec![1; 1 << 20])?;
    std::os::unix::fs::symlink("x/".repeat(2_000), here.join("link"))?;
    std::fs::create_dir(here.join("many"))?;
    (0..4_000).try_for_each(|number| std::fs::write(here.join(format!("many/{number:060}")), ""))?;
    let here = here.to_str().context("a path of text")?;
    let program = holm.granted(component("price_list"), &["storage=notes:rw", &format!("fs={here}:rw")])?;
    let mut rows = Vec::new();
    for &(call, name, calls, what) in CALLS {
        let path = format!("{here}/{name}");
        let calls = count(calls);
        let run = |calls: usize| -> Result<(f64, f64)> {
            let before = processor_time();
            let calls = calls.to_string();
            let exit = holm.runtime.block_on(holm.run(&program, &[call, &calls, &path]))?;
            Ok((processor_time() - before, exit.fuel.0 as f64))
        };
        let (mut idle, mut busy, mut fuel) = (f64::INFINITY, f64::INFINITY, 0.0);
        for _ in 0..7 {
            let (without, with) = (run(1)?, run(1 + calls)?);
            (idle, busy) = (idle.min(without.0), busy.min(with.0));
            fuel = (with.1 - without.1) / calls as f64;
        }
        let each = (busy - idle) / calls as f64;
        let row = Row::new(format!("price of: {what}"), Nanoseconds, each, fuel / FUEL, Aim::Ratio(2.0));
        rows.push(row.note(format!("Beside it is what it is charged, {fuel:.0} fuel, as time")));
    }
    Ok(rows)
}

/// Nanoseconds that all threads of this process have run.
fn processor_time() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}
