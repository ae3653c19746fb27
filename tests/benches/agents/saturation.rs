//! More agents than the provider takes calls: who comes when.

use std::{net::SocketAddr, time::Duration};

use wasmtime::{Result, error::Context};

use crate::holm::Holm;

/// What is done.
#[derive(Clone, Copy)]
pub(crate) struct Crowd {
    pub(crate) agents: usize,
    /// Calls that the provider takes at once.
    pub(crate) concurrency: u32,
    pub(crate) latency: Duration,
    /// For how long.
    pub(crate) time: Duration,
}

/// What came of it.
#[derive(Clone, Copy)]
pub(crate) struct Served {
    pub(crate) crowd: Crowd,
    /// Jain's index over the calls of equal agents: 1 where all made as many.
    pub(crate) jain: f64,
    /// Calls of each equal agent, on average.
    pub(crate) calls: f64,
    /// The 99th percentile of waiting, in seconds: of an agent of nice −10, and of the others.
    pub(crate) nice: f64,
    pub(crate) others: f64,
}

/// Calls that nobody comes to the end of.
const FOR_EVER: u64 = 1_000_000_000;

/// Inside a runtime.
pub(crate) async fn measure(server: SocketAddr, crowd: Crowd) -> Result<Served> {
    let Crowd { agents, concurrency, latency, time } = crowd;
    let holm = Holm::new(server, u32::try_from(agents)? + 1, concurrency, latency)?;
    let (equal, nice) = (holm.program("equal")?, holm.program("nice")?);
    let mut others = holm.start(&equal, agents, FOR_EVER, 0).await?;
    let mut first = holm.start(&nice, 1, FOR_EVER, -10).await?;
    others.begin();
    first.begin();
    tokio::time::sleep(time).await;
    let live = holm.kernel.snapshot();
    let counts = live.iter().filter(|process| process.plugin == "equal").map(|process| process.latency.calls as f64);
    let counts: Vec<f64> = counts.collect();
    let told = holm.kernel.statistics();
    let waiting = |name: &str| {
        let plugin = told.iter().find(|plugin| plugin.plugin == name).context("it was counted")?;
        Ok::<_, wasmtime::Error>(plugin.latency.waiting.p99)
    };
    let served = Served {
        crowd,
        jain: jain(&counts),
        calls: counts.iter().sum::<f64>() / counts.len() as f64,
        nice: waiting("nice")?,
        others: waiting("equal")?,
    };
    holm.kernel.shutdown().await;
    Ok(served)
}

fn jain(counts: &[f64]) -> f64 {
    let (sum, squares) = counts.iter().fold((0.0, 0.0), |(sum, squares), count| (sum + count, squares + count * count));
    sum * sum / (counts.len() as f64 * squares)
}
