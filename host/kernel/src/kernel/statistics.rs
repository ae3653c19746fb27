//! What each plugin's processes have done since boot, the ended ones included.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::{
    account::{Fuel, Money},
    process::{ExitStatus, Latency, LatencySummary},
    syscall::{Control, Late},
};

/// Plugins that are told apart. Stops one that runs a thousand programs of a thousand names; what
/// comes after is counted together.
const PLUGINS: usize = 1_000;
/// The name of those.
const OTHERS: &str = "others";

/// What the processes of one plugin did since the kernel started. A process's own work is its own,
/// its children's is theirs, so that sums count nothing twice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PluginSnapshot {
    /// Its name.
    pub plugin: String,
    /// Processes that run.
    pub live: u64,
    /// Processes that ended, however.
    pub ended: u64,
    /// Of those, by a fault.
    pub faults: u64,
    /// Fuel spent.
    pub fuel: Fuel,
    /// System calls made.
    pub syscalls: u64,
    /// Tokens of its calls of models.
    pub tokens: u64,
    /// What they cost.
    pub money: Money,
    /// How many calls of models there were, how long they waited and took.
    pub latency: LatencySummary,
}

/// Sums, by plugin.
#[derive(Debug, Default)]
pub(super) struct Statistics {
    ended: Mutex<BTreeMap<Arc<str>, Sum>>,
}

#[derive(Clone, Debug, Default)]
struct Sum {
    live: u64,
    ended: u64,
    faults: u64,
    fuel: u64,
    syscalls: u64,
    tokens: u64,
    money: u64,
    latency: Option<Latency>,
}

impl Sum {
    fn add(&mut self, control: &Control) {
        let (tokens, money) = control.used();
        self.fuel += control.account.spent_itself().0;
        self.syscalls += control.syscalls.load(Relaxed);
        self.tokens += tokens;
        self.money += money.0;
        if control.latency().calls > 0 {
            self.latency = self.latency.take().or_else(Latency::new);
            if let Some(latency) = &mut self.latency {
                control.add_latency(latency);
            }
        }
    }
}

/// The sum of a plugin, or of the others.
fn of<'a>(sums: &'a mut BTreeMap<Arc<str>, Sum>, plugin: &Arc<str>) -> &'a mut Sum {
    let name = match sums.contains_key(plugin) || sums.len() < PLUGINS {
        true => plugin.clone(),
        false => OTHERS.into(),
    };
    sums.entry(name).or_default()
}

impl Statistics {
    /// A process is over.
    pub(super) fn note(&self, control: &Control, status: &ExitStatus) {
        let mut ended = self.ended.lock();
        let sum = of(&mut ended, &control.plugin);
        sum.add(control);
        sum.ended += 1;
        sum.faults += u64::from(matches!(status, ExitStatus::Fault(_)));
    }

    fn settled(&self, control: &Control, add: impl FnOnce(&mut Sum)) {
        add(of(&mut self.ended.lock(), &control.plugin));
    }

    /// All, with those that are live.
    pub(super) fn snapshot<'a>(&self, live: impl IntoIterator<Item = &'a Control>) -> Vec<PluginSnapshot> {
        let mut sums = self.ended.lock().clone();
        for control in live {
            let sum = of(&mut sums, &control.plugin);
            sum.add(control);
            sum.live += 1;
        }
        let snapshot = |(plugin, sum): (Arc<str>, Sum)| PluginSnapshot {
            plugin: plugin.to_string(),
            live: sum.live,
            ended: sum.ended,
            faults: sum.faults,
            fuel: Fuel(sum.fuel),
            syscalls: sum.syscalls,
            tokens: sum.tokens,
            money: Money(sum.money),
            latency: sum.latency.map_or_else(LatencySummary::default, |latency| latency.summary()),
        };
        sums.into_iter().map(snapshot).collect()
    }
}

/// What settles after its process has ended is its plugin's all the same.
impl Late for Statistics {
    fn used(&self, control: &Control, tokens: u64, money: u64) {
        self.settled(control, |sum| {
            sum.tokens += tokens;
            sum.money += money;
        });
    }

    fn called(&self, control: &Control, waiting: Duration, turnaround: Duration) {
        self.settled(control, |sum| {
            sum.latency = sum.latency.take().or_else(Latency::new);
            if let Some(latency) = &mut sum.latency {
                latency.record(waiting, turnaround);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        account::{Account, Limits},
        process::{Fault, Pid},
    };

    fn control(plugin: &str) -> Control {
        let account = Account::root(Limits::default());
        Control::new(Pid::new(1, 1), None, plugin.into(), false, false, account)
    }

    #[test]
    fn the_ended_and_the_live_are_counted_once() {
        let statistics = Statistics::default();
        let calls = |milliseconds: u64| {
            let control = control("agent");
            control.note_call(Duration::ZERO, Duration::from_millis(milliseconds));
            control.note_use(10, 2);
            control
        };
        statistics.note(&calls(100), &ExitStatus::Code(0));
        statistics.note(&control("jq"), &ExitStatus::Fault(Fault::Deadline));
        let live = calls(300);
        for _ in 0..2 {
            let told = statistics.snapshot([&live]);
            let counts = |at: usize| (&*told[at].plugin, told[at].live, told[at].ended, told[at].faults);
            assert_eq!((counts(0), counts(1)), (("agent", 1, 1, 0), ("jq", 0, 1, 1)));
            assert_eq!((told[0].tokens, told[0].money, told[0].latency.calls), (20, Money(4), 2));
            assert!((told[0].latency.turnaround.average - 0.2).abs() < 0.01);
        }
    }

    #[test]
    fn what_a_killed_call_used_is_counted_when_it_settles() {
        let statistics = Arc::new(Statistics::default());
        let control = control("agent");
        control.note_use(1, 1);
        control.settle_later(statistics.clone());
        statistics.note(&control, &ExitStatus::Code(0));
        control.note_use(10, 2);
        control.note_call(Duration::ZERO, Duration::from_millis(5));
        let told = statistics.snapshot([]);
        assert_eq!((told[0].tokens, told[0].money, told[0].latency.calls), (11, Money(3), 1));
    }

    #[test]
    fn a_thousand_names_and_no_more() {
        let statistics = Statistics::default();
        (0..PLUGINS + 50).for_each(|at| statistics.note(&control(&format!("p{at}")), &ExitStatus::Code(0)));
        let told = statistics.snapshot([]);
        assert_eq!(told.len(), PLUGINS + 1);
        assert_eq!(told.iter().find(|sum| sum.plugin == OTHERS).map(|sum| sum.ended), Some(50));
    }
}
