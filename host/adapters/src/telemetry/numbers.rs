//! The figures of a kernel, as it tells them now.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use holm_kernel::{Kernel, PluginSnapshot, account::Money};
use parking_lot::Mutex;

use super::{
    denials::Denials,
    family::{Family, Kind, Unit, Value},
    prometheus,
};

/// Who asks for text again sooner is told the same: gathering looks at each process.
const FRESH: Duration = Duration::from_millis(100);

/// Asks a kernel for its figures.
pub struct Numbers {
    kernel: Kernel,
    denials: Arc<Denials>,
    version: String,
    started: SystemTime,
    last: Mutex<Option<(Instant, String)>>,
}

impl Numbers {
    /// Of this kernel, whose audit sink is `denials`.
    pub fn new(kernel: Kernel, denials: Arc<Denials>, version: &str) -> Arc<Self> {
        let (version, started) = (version.to_owned(), SystemTime::now());
        Arc::new(Self { kernel, denials, version, started, last: Mutex::default() })
    }

    /// All of them as text that Prometheus reads, version 0.0.4.
    pub fn text(&self) -> String {
        let mut last = self.last.lock();
        match &*last {
            Some((when, text)) if when.elapsed() < FRESH => text.clone(),
            _ => {
                let text = prometheus::text(self.gather());
                *last = Some((Instant::now(), text.clone()));
                text
            }
        }
    }

    pub(super) fn version(&self) -> &str {
        &self.version
    }

    /// When counting began.
    pub(super) fn started(&self) -> SystemTime {
        self.started
    }

    /// As they are now.
    pub(super) fn gather(&self) -> Vec<Family> {
        use Kind::{Counter, Gauge, Histogram};
        use Unit::{Bytes, Dollars, One, Seconds};
        let processes = self.kernel.snapshot();
        let plugins = self.kernel.statistics();
        let latencies = self.kernel.latencies();
        let providers = self.kernel.providers();
        let refused = self.denials.refused();
        let mut states: BTreeMap<&str, u64> = ["ready", "running", "blocked", "stopped"].map(|state| (state, 0)).into();
        for process in &processes {
            *states.entry(&process.state).or_default() += 1;
        }
        // What a root uses holds what its descendants do.
        let memory = processes.iter().filter(|process| process.parent.is_none()).map(|process| process.memory.0).sum();
        let started = self.started.duration_since(UNIX_EPOCH).unwrap_or_default();
        let by_plugin = |name, kind, unit, help, figure: fn(&PluginSnapshot) -> Value| {
            Family::new(name, kind, unit, help)
                .of(&plugins, |plugin| (vec![("plugin", plugin.plugin.clone())], figure(plugin)))
        };
        let by_provider = |name, help, figure: fn(&holm_kernel::llm::ProviderSnapshot) -> u64| {
            Family::new(name, Gauge, One, help).of(&providers, |provider| {
                (vec![("provider", provider.provider.clone())], Value::Whole(figure(provider)))
            })
        };
        vec![
            Family::new("build", Gauge, One, "The kernel's version.")
                .of([&self.version], |version| (vec![("version", version.clone())], Value::Whole(1))),
            Family::new("start.time", Gauge, Seconds, "When the kernel started, since 1970.")
                .is(Value::Real(started.as_secs_f64())),
            Family::new("processes", Gauge, One, "Live processes, by state.")
                .of(states, |(state, count)| (vec![("state", state.to_owned())], Value::Whole(count))),
            Family::new("process.slots", Gauge, One, "Live processes that this machine has room for.")
                .is(Value::Whole(self.kernel.capacity().processes.into())),
            Family::new("process.slots.used", Gauge, One, "Live processes.").is(Value::Whole(processes.len() as u64)),
            Family::new("memory", Gauge, Bytes, "Memories and tables of live processes.").is(Value::Whole(memory)),
            by_plugin("plugin.processes", Gauge, One, "Live processes, by plugin.", |it| Value::Whole(it.live)),
            by_plugin("processes.ended", Counter, One, "Processes that ended, however.", |it| Value::Whole(it.ended)),
            by_plugin("process.faults", Counter, One, "Processes that ended by a fault.", |it| Value::Whole(it.faults)),
            by_plugin("fuel", Counter, One, "Fuel spent.", |it| Value::Whole(it.fuel.0)),
            by_plugin("system.calls", Counter, One, "System calls made.", |it| Value::Whole(it.syscalls)),
            by_plugin("model.calls", Counter, One, "Calls of models that ended.", |it| Value::Whole(it.latency.calls)),
            by_plugin("model.tokens", Counter, One, "Tokens of calls of models.", |it| Value::Whole(it.tokens)),
            by_plugin("model.cost", Counter, Dollars, "What calls of models cost, in US dollars.", |it| {
                Value::Real(dollars(it.money))
            }),
            Family::new("model.call.waiting", Histogram, Seconds, "From the system call to the provider.")
                .of(&latencies, |it| (vec![("plugin", it.plugin.clone())], Value::Times(it.waiting.clone()))),
            Family::new("model.call.turnaround", Histogram, Seconds, "From the system call to its end.")
                .of(&latencies, |it| (vec![("plugin", it.plugin.clone())], Value::Times(it.turnaround.clone()))),
            by_provider("provider.calls.waiting", "Calls that wait for a provider.", |it| it.waiting as u64),
            by_provider("provider.calls", "Calls under way at a provider.", |it| it.under_way.into()),
            by_provider("provider.concurrency", "Calls that may be under way at a provider.", |it| {
                it.concurrency.into()
            }),
            by_provider(
                "provider.open",
                "1 where a provider takes calls, 0 where it fails or declined for a while.",
                |it| it.open.into(),
            ),
            Family::new("refusals", Counter, One, "System calls that were denied, or met a limit.").of(refused, |it| {
                let labels = vec![("plugin", it.plugin), ("device", it.device), ("reason", it.why)];
                (labels, Value::Whole(it.count))
            }),
        ]
    }
}

fn dollars(money: Money) -> f64 {
    money.0 as f64 / 1e6
}
