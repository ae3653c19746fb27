//! A system call that does nothing: `log.usage`, through the door, charged and recorded.

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
    let bare = Bare::new(holm.kernel.capacity(), true)?;
    let program = holm.program(component("bench_agent"))?;
    let guests = [Calls::Sync, Calls::Async].map(|calls| bare.guest(&component("bench_agent"), calls));
    let [sync, r#async] = guests;
    let (sync, r#async) = (sync?, r#async?);
    let many = count(20_000) as u32;
    let text = many.to_string();
    let arguments = ["calls", &text];
    let mut times: [Times; 3] = Default::default();
    let mut idle: [Times; 2] = Default::default();
    holm.runtime.block_on(async {
        for _ in 0..count(200) {
            let start = Instant::now();
            holm.run(&program, &arguments).await?;
            times[0].0.push(start.elapsed());
            let start = Instant::now();
            sync.run(&arguments).await?;
            times[1].0.push(start.elapsed());
            let start = Instant::now();
            r#async.run(&arguments).await?;
            times[2].0.push(start.elapsed());
            let start = Instant::now();
            holm.run(&program, &["calls", "0"]).await?;
            idle[0].0.push(start.elapsed());
            let start = Instant::now();
            sync.run(&["calls", "0"]).await?;
            idle[1].0.push(start.elapsed());
        }
        Ok::<_, wasmtime::Error>(())
    })?;
    // What it costs to start and end is not the calls'.
    let [ours, bare] = idle.each_mut().map(Times::undisturbed);
    let each = |times: &mut Times, idle: f64| (times.undisturbed() - idle) / f64::from(many);
    let [holm, sync, r#async] = [each(&mut times[0], ours), each(&mut times[1], bare), each(&mut times[2], bare)];
    Ok(vec![
        Row::new("a system call that does nothing, bare synchronous", Nanoseconds, holm, sync, Aim::Most(2_000.0)),
        Row::new("a system call that does nothing, bare asynchronous", Nanoseconds, holm, r#async, Aim::None),
    ])
}
