//! What was measured, for people and for programs.

use std::{fmt::Write as _, time::Duration};

use serde_json::{Value, json};

use crate::{
    saturation::Served,
    scale::{Quantiles, Scaled, Side},
};

/// Calls in a second, of plain tasks' calls.
const RATE: f64 = 0.95;
/// Bytes of 2,000 agents.
const MEMORY: u64 = 500 << 20;
const JAIN: f64 = 0.99;
/// Of the others' waiting.
const NICE: f64 = 0.2;

/// All of it.
pub(crate) struct Measured {
    /// With what Holm's and plain agents kept in memory.
    pub(crate) scaled: Vec<(Scaled, u64, u64)>,
    pub(crate) served: Option<Served>,
}

fn met(met: bool) -> &'static str {
    if met { "met" } else { "**NOT MET**" }
}

fn quantiles(it: &Quantiles) -> String {
    let milliseconds = |seconds: f64| match seconds * 1e3 {
        time if time < 10.0 => format!("{time:.2}"),
        time => format!("{time:.0}"),
    };
    format!("{} / {} / {}", milliseconds(it.p50), milliseconds(it.p90), milliseconds(it.p99))
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

impl Measured {
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::from(
            "| agents | calls/s | tokio | ratio | aim ≥ 0.95 | turnaround, ms | tokio | waiting, ms | CPU a call, µs | tokio | memory, MiB | tokio |\n\
             |---:|---:|---:|---:|---|---:|---:|---:|---:|---:|---:|---:|\n",
        );
        for (it, holm, plain) in &self.scaled {
            let _ = writeln!(
                text,
                "| {} | {:.0} | {:.0} | {:.3} | {} | {} | {} | {} | {:.0} | {:.0} | {:.1} | {:.1} |",
                it.shape.agents,
                it.holm.rate,
                it.plain.rate,
                it.ratio,
                met(it.ratio >= RATE),
                quantiles(&it.holm.turnaround),
                quantiles(&it.plain.turnaround),
                quantiles(&it.waiting),
                micros(it.holm.processor),
                micros(it.plain.processor),
                mebibytes(*holm),
                mebibytes(*plain),
            );
        }
        let _ = writeln!(text, "\nTimes are p50 / p90 / p99.");
        for (it, holm, _) in &self.scaled {
            let server =
                it.server.map_or(String::new(), |share| format!("; the server took {share:.2} of a processor"));
            let _ = writeln!(
                text,
                "- {} agents: {} rounds of {} calls each, replies after {} ms{server}",
                it.shape.agents,
                it.shape.rounds,
                it.shape.calls,
                it.shape.latency.as_millis(),
            );
            if it.shape.agents == 2_000 {
                let _ = writeln!(text, "- 2,000 agents in less than 500 MiB: {}", met(*holm < MEMORY));
            }
        }
        if let Some(it) = &self.served {
            let crowd = it.crowd;
            let _ = writeln!(
                text,
                "- {} agents, {} calls at once of {} ms: Jain's index {:.4} over {:.0} calls each, aim ≥ {JAIN}: {}; \
                 an agent of nice −10 waits {:.1} ms at p99 where the others wait {:.0} ms, {:.3} of it, aim ≤ {NICE}: {}",
                crowd.agents,
                crowd.concurrency,
                crowd.latency.as_millis(),
                it.jain,
                it.calls,
                met(it.jain >= JAIN),
                it.nice * 1e3,
                it.others * 1e3,
                it.nice / it.others,
                met(it.nice <= it.others * NICE),
            );
        }
        text
    }

    pub(crate) fn json(&self) -> String {
        let times = |it: &Quantiles| json!({ "p50": it.p50, "p90": it.p90, "p99": it.p99 });
        let side = |it: &Side, memory: u64| {
            json!({
                "calls-per-second": it.rate,
                "turnaround": times(&it.turnaround),
                "processor-per-call": it.processor.as_secs_f64(),
                "memory": memory,
            })
        };
        let scaled: Vec<Value> = self
            .scaled
            .iter()
            .map(|(it, holm, plain)| {
                json!({
                    "agents": it.shape.agents,
                    "calls": it.shape.calls,
                    "rounds": it.shape.rounds,
                    "latency": it.shape.latency.as_secs_f64(),
                    "holm": side(&it.holm, *holm),
                    "plain": side(&it.plain, *plain),
                    "waiting": times(&it.waiting),
                    "ratio": it.ratio,
                    "server": it.server,
                    "met": it.ratio >= RATE && (it.shape.agents != 2_000 || *holm < MEMORY),
                })
            })
            .collect();
        let served = self.served.as_ref().map(|it| {
            json!({
                "agents": it.crowd.agents,
                "concurrency": it.crowd.concurrency,
                "latency": it.crowd.latency.as_secs_f64(),
                "jain": it.jain,
                "calls": it.calls,
                "nice-waiting-p99": it.nice,
                "others-waiting-p99": it.others,
                "met": it.jain >= JAIN && it.nice <= it.others * NICE,
            })
        });
        json!({ "scaled": scaled, "saturation": served }).to_string()
    }
}
