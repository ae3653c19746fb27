//! The budgets of grants: how much each has used in its run, hour or day. Pure but for its lock.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Instant, SystemTime},
};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::{
    books::Books,
    budget::{Budget, Budgeted, Unit, Window},
    run::Run,
};
use crate::{account::Exceeded, process::Pid};

/// What one attempt may use, or has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Amounts {
    pub(crate) calls: u64,
    pub(crate) tokens: u64,
    /// Millionths of a US dollar.
    pub(crate) money: u64,
    /// Of the network.
    pub(crate) bytes: u64,
}

impl Amounts {
    fn of(&self, unit: Unit) -> u64 {
        match unit {
            Unit::Calls => self.calls,
            Unit::Tokens => self.tokens,
            Unit::Money => self.money,
            Unit::Bytes => self.bytes,
        }
    }
}

/// Which budget: whose grant, for what, what is counted, and since when. What one capability's rules
/// are for is never written as another's: tools have a slash in their names, and models none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    plugin: Arc<str>,
    rule: String,
    unit: Unit,
    period: Period,
}

/// One window on the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Period {
    Run(Pid),
    /// Hours since 1970.
    Hour(u64),
    /// Days since 1970.
    Day(u64),
}

/// What was used of each budget.
#[derive(Debug, Default)]
struct Used {
    /// Of hours and days.
    clock: HashMap<Key, u64>,
    /// Of each run.
    runs: HashMap<Pid, HashMap<Key, u64>>,
    /// The newest hour that anybody counted in: a call that began long ago forgets nothing of it.
    newest: u64,
}

impl Used {
    fn get(&self, key: &Key) -> u64 {
        let used = match key.period {
            Period::Run(root) => self.runs.get(&root).and_then(|run| run.get(key)),
            _ => self.clock.get(key),
        };
        used.copied().unwrap_or(0)
    }

    fn counted(&mut self, key: &Key) -> Option<&mut u64> {
        match key.period {
            Period::Run(root) => self.runs.get_mut(&root)?.get_mut(key),
            _ => self.clock.get_mut(key),
        }
    }

    /// Forgets hours and days that are over.
    fn forget(&mut self) {
        let newest = self.newest;
        self.clock.retain(|key, _| key.period.lives(newest));
    }

    fn entry(&mut self, key: Key) -> &mut u64 {
        match key.period {
            Period::Run(root) => self.runs.entry(root).or_default().entry(key).or_default(),
            _ => self.clock.entry(key).or_default(),
        }
    }
}

/// All budgets in use.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    used: Mutex<Used>,
    /// An hour's or a day's budget changed since it was last kept.
    changed: AtomicBool,
    books: Books,
}

/// A rule that a call is made under, and whose it is.
#[derive(Clone, Debug)]
pub(crate) struct Under<R> {
    pub(crate) plugin: Arc<str>,
    pub(crate) rule: R,
}

/// One budget that outlives its run, as it is kept on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kept {
    plugin: String,
    rule: String,
    /// As [`Budget::name`].
    budget: String,
    /// Hours or days since 1970.
    period: u64,
    used: u64,
}

/// Hours and days that are over are forgotten once there are this many.
const ENTRIES: usize = 10_000;

impl Ledger {
    /// Sets `amounts` aside in each budget of each rule.
    ///
    /// # Errors
    /// One of them has less left, or its run is over; nothing is set aside.
    pub(crate) fn reserve<R: Budgeted>(
        &self,
        under: &[Under<R>],
        run: &Run,
        hour: u64,
        amounts: Amounts,
    ) -> Result<(), Exceeded> {
        let mut used = self.used.lock();
        used.newest = used.newest.max(hour);
        if used.clock.len() >= ENTRIES {
            used.forget();
        }
        let budgets: Vec<(Key, Budget)> = keys(under, run.root, hour).collect();
        for (key, budget) in &budgets {
            let have = used.get(key);
            // Asked under the lock: a call that is polled as its run ends leaves nothing behind.
            let over = matches!(key.period, Period::Run(_)) && run.is_over();
            if over || have.saturating_add(amounts.of(budget.unit)) > budget.amount {
                return Err(Exceeded { limit: budget.name(), maximum: budget.amount });
            }
        }
        for (key, budget) in budgets {
            self.note(&key);
            *used.entry(key) += amounts.of(budget.unit);
        }
        Ok(())
    }

    /// Replaces what was set aside by what was used, more or less.
    pub(crate) fn settle<R: Budgeted>(
        &self,
        under: &[Under<R>],
        run: &Run,
        hour: u64,
        reserved: Amounts,
        used_now: Amounts,
    ) {
        let mut used = self.used.lock();
        for (key, budget) in keys(under, run.root, hour) {
            self.note(&key);
            // A run that has ended meanwhile has nothing to be counted against any more.
            let Some(entry) = used.counted(&key) else { continue };
            *entry = entry.saturating_sub(reserved.of(budget.unit)).saturating_add(used_now.of(budget.unit));
        }
    }

    /// The least that any budget of this unit has left.
    pub(crate) fn left<R: Budgeted>(&self, under: &[Under<R>], run: &Run, hour: u64, unit: Unit) -> u64 {
        let used = self.used.lock();
        let left = |(key, budget): (Key, Budget)| budget.amount.saturating_sub(used.get(&key));
        keys(under, run.root, hour).filter(|(_, budget)| budget.unit == unit).map(left).min().unwrap_or(u64::MAX)
    }

    /// A root process has ended.
    pub(crate) fn end_run(&self, run: &Run) {
        run.end();
        self.used.lock().runs.remove(&run.root);
    }

    fn note(&self, key: &Key) {
        if !matches!(key.period, Period::Run(_)) {
            self.changed.store(true, Relaxed);
        }
    }

    /// Waits until what these budgets have used is known.
    ///
    /// # Errors
    /// Why calls under them are denied.
    pub(crate) async fn open<R: Budgeted>(&self, under: &[Under<R>], deadline: Instant) -> Result<(), &'static str> {
        let mut budgets = under.iter().flat_map(|under| under.rule.budgets());
        if budgets.all(|budget| budget.window == Window::Run) { Ok(()) } else { self.books.open(deadline).await }
    }

    /// Hours and days that still count, to be kept; none where nothing changed since the last time, or
    /// where what was kept has not been read.
    pub(crate) fn keep(&self, hour: u64) -> Option<Vec<Kept>> {
        if !self.books.read() || !self.changed.swap(false, Relaxed) {
            return None;
        }
        let mut used = self.used.lock();
        used.newest = used.newest.max(hour);
        used.forget();
        let kept = used.clock.iter().filter_map(|(key, used)| {
            let (window, period) = match key.period {
                Period::Run(_) => return None,
                Period::Hour(hour) => (Window::Hour, hour),
                Period::Day(day) => (Window::Day, day),
            };
            let budget = Budget { unit: key.unit, window, amount: 0 }.name().to_owned();
            Some(Kept { plugin: key.plugin.to_string(), rule: key.rule.clone(), budget, period, used: *used })
        });
        Some(kept.collect())
    }

    /// What was kept cannot be read: until it can, calls under budgets of hours and days are denied.
    /// Whether that is new.
    pub(crate) fn unreadable(&self) -> bool {
        self.books.set(false)
    }

    /// Takes back what [`Ledger::keep`] gave, after a restart; from now on, calls under budgets of hours
    /// and days are made.
    pub(crate) fn restore(&self, kept: Vec<Kept>) {
        let mut used = self.used.lock();
        for entry in kept {
            let Some((unit, window)) = entry.budget.split_once('/') else { continue };
            let unit = match unit {
                "calls" => Unit::Calls,
                "tokens" => Unit::Tokens,
                "bytes" => Unit::Bytes,
                _ => Unit::Money,
            };
            let period = if window == "hour" { Period::Hour(entry.period) } else { Period::Day(entry.period) };
            let key = Key { plugin: entry.plugin.into(), rule: entry.rule, unit, period };
            // Some may have been used since the start already.
            *used.entry(key) += entry.used;
        }
        drop(used);
        self.books.set(true);
    }
}

impl Period {
    fn lives(self, hour: u64) -> bool {
        match self {
            Period::Run(_) => true,
            Period::Hour(own) => own == hour,
            Period::Day(own) => own == hour / 24,
        }
    }
}

/// Hours since 1970.
pub(crate) fn hour(now: SystemTime) -> u64 {
    now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs() / 3600)
}

fn keys<R: Budgeted>(under: &[Under<R>], root: Pid, hour: u64) -> impl Iterator<Item = (Key, Budget)> {
    under.iter().flat_map(move |under| {
        let scope = under.rule.scope();
        under.rule.budgets().iter().map(move |budget| {
            let period = match budget.window {
                Window::Run => Period::Run(root),
                Window::Hour => Period::Hour(hour),
                Window::Day => Period::Day(hour / 24),
            };
            let key = Key { plugin: under.plugin.clone(), rule: scope.clone(), unit: budget.unit, period };
            (key, *budget)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn under(plugin: &str, rule: &str) -> Under<crate::devices::llm::LlmRule> {
        Under { plugin: plugin.into(), rule: rule.parse().expect("taken") }
    }

    fn tokens(tokens: u64) -> Amounts {
        Amounts { calls: 1, tokens, ..Amounts::default() }
    }

    fn root() -> Run {
        Run::new(Pid::new(1, 1))
    }

    #[test]
    fn the_last_token_can_be_spent_and_not_one_more() {
        let (ledger, run) = (Ledger::default(), root());
        let rules = [under("a", "fast:tokens=100/day")];
        ledger.reserve(&rules, &run, 5, tokens(60)).expect("taken");
        assert_eq!(ledger.left(&rules, &run, 5, Unit::Tokens), 40);
        let refused = ledger.reserve(&rules, &run, 5, tokens(41)).expect_err("refused");
        assert_eq!(refused, Exceeded { limit: "tokens/day", maximum: 100 });
        ledger.reserve(&rules, &run, 5, tokens(40)).expect("taken");
        ledger.settle(&rules, &run, 5, tokens(60), tokens(10));
        assert_eq!(ledger.left(&rules, &run, 5, Unit::Tokens), 50);
    }

    #[test]
    fn windows_end_and_plugins_do_not_share() {
        let (ledger, run) = (Ledger::default(), root());
        ledger.restore(Vec::new());
        let rules = [under("a", "fast:tokens=100/hour,calls=9/day")];
        ledger.reserve(&rules, &run, 23, tokens(100)).expect("taken");
        assert!(ledger.reserve(&rules, &run, 23, tokens(1)).is_err());
        ledger.reserve(&[under("b", "fast:tokens=100/hour")], &run, 23, tokens(100)).expect("taken");
        ledger.reserve(&rules, &run, 24, tokens(100)).expect("taken");
        let kept = ledger.keep(24).expect("taken");
        assert_eq!(kept.len(), 2, "the hour and the day that count now: {kept:?}");
        let again = Ledger::default();
        again.restore(kept);
        assert_eq!(again.left(&rules, &run, 24, Unit::Tokens), 0);
        assert_eq!(again.left(&rules, &run, 24, Unit::Calls), 8);
    }

    #[test]
    fn a_run_is_a_tree_and_is_forgotten_with_it() {
        let (ledger, run) = (Ledger::default(), root());
        let rules = [under("a", "*:tokens=10/run")];
        ledger.reserve(&rules, &run, 0, tokens(10)).expect("taken");
        ledger.reserve(&rules, &Run::new(Pid::new(2, 1)), 0, tokens(10)).expect("taken");
        assert!(ledger.reserve(&rules, &run, 1, tokens(1)).is_err());
        ledger.end_run(&run);
        // A call that was killed with it settles later.
        ledger.settle(&rules, &run, 0, tokens(10), tokens(3));
        assert_eq!(ledger.used.lock().runs.len(), 1, "of the other run");
        // And one that is polled in that moment is not made, and leaves nothing behind.
        assert!(ledger.reserve(&rules, &run, 1, tokens(1)).is_err());
        assert_eq!(ledger.used.lock().runs.len(), 1, "of the other run");
        // What is counted by the clock goes on.
        ledger.reserve(&[under("a", "*:tokens=10/day")], &run, 1, tokens(10)).expect("taken");
    }

    #[test]
    fn nothing_is_set_aside_where_one_budget_refuses() {
        let (ledger, run) = (Ledger::default(), root());
        let rules = [under("a", "*:tokens=100/run"), under("parent", "*:tokens=10/run")];
        assert!(ledger.reserve(&rules, &run, 0, tokens(11)).is_err());
        assert_eq!(ledger.left(&rules[..1], &run, 0, Unit::Tokens), 100);
    }
}
