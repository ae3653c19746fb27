//! One key read or written through the door, beside the same call on the driver itself.

use std::{path::Path, sync::Arc, time::Instant};

use holm_drivers::storage::{DEFAULT, open};
use holm_kernel::{
    account::Bytes,
    storage::{BucketId, Change, Driver, Expected},
};
use holm_tests::component;
use wasmtime::{Result, error::Context};

use crate::{
    Times, count,
    holm::{FEW, Holm},
    table::{Aim, Row, Unit::Nanoseconds},
};

pub(crate) fn measure() -> Result<Vec<Row>> {
    // Not in /tmp, which may be memory: a put is to pay for the disk.
    let directory = tempfile::tempdir_in(Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"))?;
    let mut rows = Vec::new();
    for (name, gets, puts) in [("memory", 20_000, 5_000), (DEFAULT, 20_000, 300)] {
        let driver = open(name, &directory.path().join(name))?;
        let holm = Holm::over(FEW, driver.clone())?;
        rows.extend(both(&holm, &driver, name, count(gets), count(puts))?);
    }
    Ok(rows)
}

fn both(holm: &Holm, driver: &Arc<dyn Driver>, name: &str, gets: usize, puts: usize) -> Result<Vec<Row>> {
    let program = holm.program(component("bench_agent"))?;
    let (get, put) = (gets.to_string(), puts.to_string());
    let mut times: [Times; 5] = Default::default();
    holm.runtime.block_on(async {
        // The keys that are read, and those that are overwritten.
        holm.run(&program, &["put", "64"]).await?;
        direct_puts(driver, 64).await?;
        for _ in 0..count(7) {
            for (index, arguments) in [["get", "0"], ["get", &get], ["put", &put]].iter().enumerate() {
                let start = Instant::now();
                holm.run(&program, arguments).await?;
                times[index].0.push(start.elapsed());
            }
            let start = Instant::now();
            direct_gets(driver, gets).await?;
            times[3].0.push(start.elapsed());
            let start = Instant::now();
            direct_puts(driver, puts).await?;
            times[4].0.push(start.elapsed());
        }
        Ok::<_, wasmtime::Error>(())
    })?;
    let [idle, get, put, driver_get, driver_put] = times.each_mut().map(Times::median);
    let each = |total: f64, many: usize| total / many as f64;
    let row = |what: String, holm, driver| {
        Row::new(what, Nanoseconds, holm, driver, Aim::None).note("bare is the driver itself")
    };
    Ok(vec![
        row(format!("storage get, {name}"), each(get - idle, gets), each(driver_get, gets)),
        row(format!("storage put of 512 bytes, {name}"), each(put - idle, puts), each(driver_put, puts)),
    ])
}

fn bucket() -> BucketId {
    BucketId { owner: Some("driver".to_owned()), name: "bench".to_owned() }
}

/// As the guest names them.
fn key(number: usize) -> String {
    format!("key-{}", number % 64)
}

async fn direct_gets(driver: &Arc<dyn Driver>, many: usize) -> Result<()> {
    let bucket = bucket();
    for number in 0..many {
        driver.get(&bucket, &key(number)).await?.context("it was put")?;
    }
    Ok(())
}

async fn direct_puts(driver: &Arc<dyn Driver>, many: usize) -> Result<()> {
    let bucket = bucket();
    for number in 0..many {
        let change = Change { key: key(number), value: Some(vec![7; 512]), expected: Expected::Anything };
        driver.commit(&bucket, vec![change], Bytes(1 << 40)).await?;
    }
    Ok(())
}
