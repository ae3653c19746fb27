//! From a program to its exit status.

use std::time::Instant;

use holm_tests::component;
use tokio::task::JoinSet;
use wasmtime::Result;

use crate::{
    Times,
    bare::{Bare, Calls},
    count,
    holm::{self, FEW, Holm},
    table::{Aim, Row, Unit::Nanoseconds},
};

/// As many are under way at once where throughput is measured.
const AT_ONCE: usize = 64;

pub(crate) fn measure() -> Result<Vec<Row>> {
    let holm = Holm::new(FEW)?;
    let bare = Bare::new(holm.kernel.capacity(), true)?;
    let mut rows = Vec::new();
    for (name, what) in [("bench_program", "a small `wasi:cli` program"), ("bench_agent", "a small agent")] {
        let program = holm.program(component(name))?;
        let guest = bare.guest(&component(name), Calls::Sync)?;
        let mut times: [Times; 4] = Default::default();
        let mut each: [Times; 2] = Default::default();
        holm.runtime.block_on(async {
            for _ in 0..count(50) {
                for _ in 0..count(100) {
                    let start = Instant::now();
                    holm.run(&program, &[]).await?;
                    times[0].0.push(start.elapsed());
                }
                for _ in 0..count(100) {
                    let start = Instant::now();
                    guest.run(&[]).await?;
                    times[1].0.push(start.elapsed());
                }
                for _ in 0..count(100) {
                    let (guest, start) = (guest.clone(), Instant::now());
                    tokio::spawn(async move { guest.run(&[]).await }).await??;
                    times[2].0.push(start.elapsed());
                    let start = Instant::now();
                    tokio::spawn(async {}).await?;
                    times[3].0.push(start.elapsed());
                }
            }
            for _ in 0..count(20) {
                let (many, mut tasks, start) = (count(2_000), JoinSet::new(), Instant::now());
                for _ in 0..many {
                    let (kernel, program) = (holm.kernel.clone(), program.clone());
                    one_more(&mut tasks, async move { holm::run(&kernel, &program, &[]).await.map(drop) }).await?;
                }
                all(&mut tasks).await?;
                each[0].0.push(start.elapsed() / many as u32);
                let start = Instant::now();
                for _ in 0..many {
                    let guest = guest.clone();
                    one_more(&mut tasks, async move { guest.run(&[]).await }).await?;
                }
                all(&mut tasks).await?;
                each[1].0.push(start.elapsed() / many as u32);
            }
            Ok::<_, wasmtime::Error>(())
        })?;
        let [ours, inline, task, nothing] = times.each_mut().map(Times::median);
        let what = format!("spawn to exit of {what}, p50");
        let [tail, best, bare_best] = [times[0].percentile(99), times[0].undisturbed(), times[1].undisturbed()];
        let note = format!(
            "p99 {:.0} µs; undisturbed (p5) {:.1} µs, bare {:.1} µs. Bare runs on the thread that asked; a task \
             that does nothing takes {:.1} µs to a thread of tokio's and back",
            tail / 1e3,
            best / 1e3,
            bare_best / 1e3,
            nothing / 1e3,
        );
        rows.push(Row::new(&what, Nanoseconds, ours, inline, Aim::Ratio(1.5)).note(note));
        rows.push(Row::new(format!("{what}, bare on a tokio task"), Nanoseconds, ours, task, Aim::None));
        let [ours, bare] = each.each_mut().map(Times::median);
        rows.push(Row::new(
            format!("{what}: each of {AT_ONCE} at once").replace(", p50", ""),
            Nanoseconds,
            ours,
            bare,
            Aim::None,
        ));
    }
    Ok(rows)
}

/// Starts a task once fewer than [`AT_ONCE`] are under way.
async fn one_more(
    tasks: &mut JoinSet<Result<()>>,
    task: impl Future<Output = Result<()>> + Send + 'static,
) -> Result<()> {
    if tasks.len() >= AT_ONCE
        && let Some(done) = tasks.join_next().await
    {
        done??;
    }
    tasks.spawn(task);
    Ok(())
}

async fn all(tasks: &mut JoinSet<Result<()>>) -> Result<()> {
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}
