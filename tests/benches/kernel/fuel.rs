//! A loop without calls: what counting fuel costs, and what Holm's slices add.

use std::time::Instant;

use holm_tests::component;
use wasmtime::Result;

use crate::{
    Times,
    bare::{Bare, Calls},
    count,
    holm::{FEW, Holm},
    table::{Aim, Row, Unit::Nanoseconds},
};

pub(crate) fn measure() -> Result<Vec<Row>> {
    let holm = Holm::new(FEW)?;
    let program = holm.program(component("bench_agent"))?;
    let guest = |fuel| Bare::new(holm.kernel.capacity(), fuel)?.guest(&component("bench_agent"), Calls::Sync);
    let (counted, uncounted) = (guest(true)?, guest(false)?);
    let turns = "40000000";
    let arguments = ["spin", turns];
    let mut times: [Times; 3] = Default::default();
    let mut idle: [Times; 2] = Default::default();
    holm.runtime.block_on(async {
        for _ in 0..count(100) {
            let start = Instant::now();
            holm.run(&program, &arguments).await?;
            times[0].0.push(start.elapsed());
            let start = Instant::now();
            counted.run(&arguments).await?;
            times[1].0.push(start.elapsed());
            let start = Instant::now();
            uncounted.run(&arguments).await?;
            times[2].0.push(start.elapsed());
            let start = Instant::now();
            holm.run(&program, &["spin", "0"]).await?;
            idle[0].0.push(start.elapsed());
            let start = Instant::now();
            counted.run(&["spin", "0"]).await?;
            idle[1].0.push(start.elapsed());
        }
        Ok::<_, wasmtime::Error>(())
    })?;
    // What it costs to start and end is not the loop's.
    let [holm, bare] = idle.each_mut().map(Times::undisturbed);
    let [ours, counted, uncounted] = times.each_mut().map(Times::undisturbed);
    let (ours, counted, uncounted) = (ours - holm, counted - bare, uncounted - bare);
    let tax = format!("counting alone costs bare wasmtime {:.1} %", (counted / uncounted - 1.0) * 100.0);
    Ok(vec![
        Row::new("a loop without calls, bare counts fuel", Nanoseconds, ours, counted, Aim::None),
        Row::new("a loop without calls, bare does not", Nanoseconds, ours, uncounted, Aim::None).note(tax),
    ])
}
