//! So many agents, each making call after call: how many calls a second, how long they take, what
//! they cost. Both sides take turns.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use holm_kernel::process::Times;
use wasmtime::{Result, error::Context};

use crate::{holm::Holm, plain::Plain, process};

/// What is done.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) agents: usize,
    /// Of each agent, in a round.
    pub(crate) calls: u64,
    pub(crate) latency: Duration,
    pub(crate) rounds: usize,
}

/// What came of it on one side, all rounds together.
#[derive(Clone, Copy, Default)]
pub(crate) struct Side {
    /// Calls in a second; the median of the rounds.
    pub(crate) rate: f64,
    /// From a call to its reply, in seconds.
    pub(crate) turnaround: Quantiles,
    /// Processor time of a call.
    pub(crate) processor: Duration,
}

#[derive(Clone, Copy, Default)]
pub(crate) struct Quantiles {
    pub(crate) p50: f64,
    pub(crate) p90: f64,
    pub(crate) p99: f64,
}

/// What came of it on both.
pub(crate) struct Scaled {
    pub(crate) shape: Shape,
    pub(crate) holm: Side,
    pub(crate) plain: Side,
    /// From the system call to the provider; plain tasks do not wait.
    pub(crate) waiting: Quantiles,
    /// The median of the rounds' own ratios: what disturbs the machine disturbs both sides of a round.
    pub(crate) ratio: f64,
    /// The part of a processor that the server took, where it has a process of its own.
    pub(crate) server: Option<f64>,
}

/// The server's processor time so far.
pub(crate) type Served<'a> = &'a dyn Fn() -> Result<Duration>;

/// Inside a runtime.
pub(crate) async fn measure(server: SocketAddr, served: Option<Served<'_>>, shape: Shape) -> Result<Scaled> {
    let Shape { agents, calls, latency, rounds } = shape;
    let concurrency = u32::try_from(agents)?;
    let holm = Holm::new(server, concurrency, concurrency, latency)?;
    let plain = Plain::new(server, latency)?;
    // Both open their connections, and the component is compiled.
    let warm = holm.program("warm")?;
    let mut warming = holm.start(&warm, agents, 1, 0).await?;
    warming.begin();
    warming.wait().await?;
    let warming = plain.start(agents, 1);
    warming.begin();
    warming.wait().await?;

    let program = holm.program("measured")?;
    let (mut rates, mut spent, mut plain_times) = ([Vec::new(), Vec::new()], [Duration::ZERO; 2], Vec::new());
    let (start, before) = (Instant::now(), served.map(|served| served()).transpose()?);
    let all = (agents as u64 * calls) as f64;
    for _ in 0..rounds {
        let mut round = holm.start(&program, agents, calls, 0).await?;
        let (start, processor) = (Instant::now(), process::processor("self")?);
        round.begin();
        round.wait().await?;
        rates[0].push(all / start.elapsed().as_secs_f64());
        spent[0] += process::processor("self")?.saturating_sub(processor);
        let round = plain.start(agents, calls);
        let (start, processor) = (Instant::now(), process::processor("self")?);
        round.begin();
        plain_times.extend(round.wait().await?);
        rates[1].push(all / start.elapsed().as_secs_f64());
        spent[1] += process::processor("self")?.saturating_sub(processor);
    }
    let took = start.elapsed().as_secs_f64();
    let share = |before: Duration, now: Duration| now.saturating_sub(before).as_secs_f64() / took;
    let server = match (before, served) {
        (Some(before), Some(served)) => Some(share(before, served()?)),
        _ => None,
    };
    let measured = holm.kernel.statistics();
    let measured = measured.iter().find(|plugin| plugin.plugin == "measured").context("no agent was counted")?;
    wasmtime::ensure!(measured.latency.calls == all as u64 * rounds as u64, "{} calls", measured.latency.calls);
    holm.kernel.shutdown().await;
    let ratios = rates[0].iter().zip(&rates[1]).map(|(holm, plain)| holm / plain).collect();
    let each = |spent: Duration| spent.div_f64(all * rounds as f64);
    let [holm_rates, plain_rates] = rates;
    Ok(Scaled {
        shape,
        holm: Side {
            rate: median(holm_rates),
            turnaround: measured.latency.turnaround.into(),
            processor: each(spent[0]),
        },
        plain: Side { rate: median(plain_rates), turnaround: quantiles(plain_times), processor: each(spent[1]) },
        waiting: measured.latency.waiting.into(),
        ratio: median(ratios),
        server,
    })
}

impl From<Times> for Quantiles {
    fn from(times: Times) -> Self {
        Self { p50: times.p50, p90: times.p90, p99: times.p99 }
    }
}

fn quantiles(mut times: Vec<Duration>) -> Quantiles {
    times.sort_unstable();
    let at = |hundredth: usize| {
        let index = (times.len().saturating_sub(1) * hundredth).div_ceil(100);
        times.get(index).map_or(f64::NAN, Duration::as_secs_f64)
    };
    Quantiles { p50: at(50), p90: at(90), p99: at(99) }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_unstable_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}
