//! Live processes that wait: what each keeps resident. Each side in a process of its own, so that
//! neither sees the other's memory.

use std::{
    process::{Command, ExitCode},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::{Duration, Instant},
};

use holm_kernel::{Capacity, Spawn, pipe};
use holm_tests::component;
use wasmtime::{Result, bail, ensure, error::Context};

use crate::{
    bare::{Bare, Calls},
    holm::{self, Holm},
    table::{Aim, Row, Unit},
};

/// The first argument of a process that measures one side.
pub(crate) const CHILD: &str = "--parked";

pub(crate) fn measure() -> Result<Vec<Row>> {
    let sizes: &[u32] = if std::env::var_os("HOLM_BENCH_QUICK").is_some() { &[100] } else { &[1_000, 6_000, 100_000] };
    sizes.iter().map(|&size| row(size)).collect()
}

fn row(size: u32) -> Result<Row> {
    let what = format!("memory of each of {size} blocked processes");
    let capacity = Capacity::of_this_machine(size + SPARE);
    if capacity.processes < size + SPARE {
        let why = format!(
            "vm.max_map_count is {}, enough for {} processes; `sysctl -w vm.max_map_count=1048576` allows more",
            capacity.max_map_count, capacity.processes,
        );
        return Ok(Row::skipped(what, Unit::Bytes, Aim::Ratio(1.3), why));
    }
    let (holm, ours) = side("holm", size)?;
    let (bare, theirs) = side("bare", size)?;
    let note = format!("started within {ours:.2} s, bare within {theirs:.2} s");
    Ok(Row::new(what, Unit::Bytes, holm, bare, Aim::Ratio(1.3)).note(note))
}

/// Bytes of each, and the seconds it took to start all.
fn side(side: &str, size: u32) -> Result<(f64, f64)> {
    let output = Command::new(std::env::current_exe()?).args([CHILD, side, &size.to_string()]).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{size} on {side}: {}", String::from_utf8_lossy(&output.stderr));
    let (bytes, seconds) = text.trim().split_once(' ').context("it printed no numbers")?;
    Ok((bytes.parse()?, seconds.parse()?))
}

/// Measures one side, and prints it for the parent.
pub(crate) fn child(side: &str, size: &str) -> ExitCode {
    let measured = size.parse().map_err(wasmtime::Error::from).and_then(|size| match side {
        "holm" => on_holm(size),
        "bare" => on_bare(size),
        _ => bail!("there is no side `{side}`"),
    });
    match measured {
        Ok((bytes, took)) => {
            println!("{bytes} {}", took.as_secs_f64());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Slots beyond those that are filled.
const SPARE: u32 = 16;

const PATIENCE: Duration = Duration::from_secs(300);

fn on_holm(size: u32) -> Result<(f64, Duration)> {
    let holm = Holm::new(size + SPARE)?;
    let program = holm.program(component("bench_agent"))?;
    holm.runtime.block_on(async {
        let (before, start) = (resident()?, Instant::now());
        let mut inputs = Vec::new();
        for _ in 0..size {
            let (input, stdin) = pipe::pipe(0);
            holm.kernel.spawn(Spawn { stdin, ..holm::spawn(&program, &["park"]) }).await?;
            inputs.push(input);
        }
        let blocked = || holm.kernel.snapshot().iter().filter(|process| process.state == "blocked").count();
        until(start, || blocked() == size as usize).await?;
        Ok(((resident()? - before) / f64::from(size), start.elapsed()))
    })
}

static PARKED: AtomicUsize = AtomicUsize::new(0);

fn one_more_waits() {
    PARKED.fetch_add(1, Relaxed);
}

fn on_bare(size: u32) -> Result<(f64, Duration)> {
    let bare = Bare::new(&Capacity::of_this_machine(size + SPARE), true)?;
    let guest = bare.guest(&component("bench_agent"), Calls::Sync)?;
    holm::runtime()?.block_on(async {
        guest.run(&[]).await?;
        let (before, start) = (resident()?, Instant::now());
        let tasks: Vec<_> = (0..size)
            .map(|_| {
                let guest = guest.clone();
                tokio::spawn(async move { guest.park(one_more_waits).await })
            })
            .collect();
        until(start, || PARKED.load(Relaxed) == size as usize).await?;
        let bytes = (resident()? - before) / f64::from(size);
        let took = start.elapsed();
        tasks.iter().for_each(tokio::task::JoinHandle::abort);
        Ok((bytes, took))
    })
}

async fn until(start: Instant, mut reached: impl FnMut() -> bool) -> Result<()> {
    while !reached() {
        ensure!(start.elapsed() < PATIENCE, "they do not all come to wait");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// Bytes of this process that are in memory.
fn resident() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes * 1024.0)
}
