//! A small process among many that burn fuel without end: Holm's scheduler, and tokio's.

use std::time::{Duration, Instant};

use holm_tests::component;
use wasmtime::Result;

use crate::{
    Times,
    bare::{Bare, Calls, Guest},
    count,
    holm::{self, FEW, Holm},
    table::{Aim, Row, Unit::Nanoseconds},
};

const BURNERS: usize = 64;

/// Turns of the loop: more than anyone waits for.
const FOR_EVER: [&str; 2] = ["spin", "1000000000000000"];

/// Between two that come in.
const PAUSE: Duration = Duration::from_millis(3);

pub(crate) fn measure() -> Result<Vec<Row>> {
    let holm = Holm::new(FEW)?;
    let bare = Bare::new(holm.kernel.capacity(), true)?;
    let guest = bare.guest(&component("bench_agent"), Calls::Sync)?;
    let program = holm.program(component("bench_agent"))?;
    let mut times: [Times; 2] = Default::default();
    for _ in 0..count(5) {
        holm.runtime.block_on(on_holm(&holm, &program, &mut times[0]))?;
        on_bare(&guest, &mut times[1])?;
    }
    let what = format!("a small agent among {BURNERS} burners, spawn to exit");
    let [ours, theirs] = times.each_mut().map(Times::median);
    let [ours_p99, theirs_p99] = times.each_mut().map(|times| times.percentile(99));
    Ok(vec![
        Row::new(format!("{what}, p50"), Nanoseconds, ours, theirs, Aim::None).note("bare is scheduled by tokio"),
        Row::new(format!("{what}, p99"), Nanoseconds, ours_p99, theirs_p99, Aim::Most(5e6)),
    ])
}

async fn on_holm(
    holm: &Holm,
    program: &std::sync::Arc<holm_kernel::program::Program>,
    times: &mut Times,
) -> Result<()> {
    let mut burners = Vec::new();
    for _ in 0..BURNERS {
        burners.push(holm.kernel.spawn(holm::spawn(program, &FOR_EVER)).await?);
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    for _ in 0..count(200) {
        let start = Instant::now();
        holm.run(program, &[]).await?;
        times.0.push(start.elapsed());
        tokio::time::sleep(PAUSE).await;
    }
    for burner in &burners {
        holm.kernel.kill(burner.pid)?;
    }
    for burner in &burners {
        burner.wait().await;
    }
    Ok(())
}

/// On a runtime of its own, whose workers the burners fill.
fn on_bare(guest: &Guest, times: &mut Times) -> Result<()> {
    holm::runtime()?.block_on(async {
        let burn = |_| {
            let guest = guest.clone();
            tokio::spawn(async move { guest.run(&FOR_EVER).await })
        };
        let burners: Vec<_> = (0..BURNERS).map(burn).collect();
        tokio::time::sleep(Duration::from_millis(200)).await;
        for _ in 0..count(200) {
            let (guest, start) = (guest.clone(), Instant::now());
            tokio::spawn(async move { guest.run(&[]).await }).await??;
            times.0.push(start.elapsed());
            tokio::time::sleep(PAUSE).await;
        }
        burners.iter().for_each(tokio::task::JoinHandle::abort);
        Ok(())
    })
}
