//! The processes as a tree with rates, and what is selected. Pure.

use std::{
    collections::{BTreeMap, HashMap},
    time::Instant,
};

use holm_adapters::control::Signal;
use holm_kernel::{ProcessSnapshot, account::Fuel, process::Pid};

/// What is shown.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Parents before their children.
    pub(super) rows: Vec<Row>,
    pub(super) selected: usize,
    /// Whether ending the selected process waits for a yes.
    pub(super) doomed: Option<Pid>,
    pub(super) told: Option<Told>,
    /// Fuel of each process at the last look.
    before: HashMap<Pid, Fuel>,
    looked: Option<Instant>,
}

/// One process.
#[derive(Debug)]
pub(super) struct Row {
    /// Ancestors that are shown.
    pub(super) depth: usize,
    /// Fuel in a second, its descendants' included.
    pub(super) rate: f64,
    pub(super) process: ProcessSnapshot,
}

/// What came of the last signal.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    Done(Pid, Signal),
    Failed(String),
}

impl Table {
    /// Takes what a look found. The selection stays with its process.
    pub(super) fn update(&mut self, processes: Vec<ProcessSnapshot>, now: Instant) {
        let chosen = self.chosen().map(|row| row.process.pid);
        let seconds = self.looked.map_or(0.0, |looked| now.duration_since(looked).as_secs_f64());
        let fuel = processes.iter().map(|process| (process.pid, process.fuel)).collect();
        let before = std::mem::replace(&mut self.before, fuel);
        self.looked = Some(now);
        let rate = |process: &ProcessSnapshot| match before.get(&process.pid) {
            Some(before) if seconds > 0.0 => process.fuel.0.saturating_sub(before.0) as f64 / seconds,
            _ => 0.0,
        };
        let live: Vec<Pid> = processes.iter().map(|process| process.pid).collect();
        let mut children: BTreeMap<Option<Pid>, Vec<ProcessSnapshot>> = BTreeMap::new();
        for process in processes {
            // A parent that has just gone is not shown.
            let parent = process.parent.filter(|parent| live.contains(parent));
            children.entry(parent).or_default().push(process);
        }
        self.rows.clear();
        let mut waiting: Vec<(usize, ProcessSnapshot)> = Vec::new();
        let mut below = |parent: Option<Pid>, depth: usize, waiting: &mut Vec<(usize, ProcessSnapshot)>| {
            let mut own = children.remove(&parent).unwrap_or_default();
            own.sort_by_key(|process| std::cmp::Reverse(process.pid));
            waiting.extend(own.into_iter().map(|process| (depth, process)));
        };
        below(None, 0, &mut waiting);
        while let Some((depth, process)) = waiting.pop() {
            below(Some(process.pid), depth + 1, &mut waiting);
            self.rows.push(Row { depth, rate: rate(&process), process });
        }
        let place = self.rows.iter().position(|row| Some(row.process.pid) == chosen);
        self.selected = place.unwrap_or(self.selected).min(self.rows.len().saturating_sub(1));
        if self.doomed.is_some_and(|doomed| !live.contains(&doomed)) {
            self.doomed = None;
        }
    }

    /// The process that is selected.
    pub(super) fn chosen(&self) -> Option<&Row> {
        self.rows.get(self.selected)
    }

    pub(super) fn select(&mut self, down: bool) {
        self.selected = match down {
            true => (self.selected + 1).min(self.rows.len().saturating_sub(1)),
            false => self.selected.saturating_sub(1),
        };
    }

    pub(super) fn told(&mut self, told: Told) {
        self.told = Some(told);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::{Duration, SystemTime};

    use holm_kernel::{
        account::{Bytes, Money},
        process::LatencySummary,
        sched::Nice,
    };

    use super::*;

    pub(in crate::commands::top) fn process(
        pid: &str,
        parent: Option<&str>,
        plugin: &str,
        fuel: u64,
    ) -> ProcessSnapshot {
        let number = |text: &str| text.parse().expect("a pid");
        ProcessSnapshot {
            pid: number(pid),
            parent: parent.map(number),
            plugin: plugin.to_owned(),
            state: "blocked".to_owned(),
            nice: Nice::default(),
            fuel: Fuel(fuel),
            budget: Fuel(1_000_000),
            left: Fuel(1_000_000 - fuel),
            memory: Bytes(1 << 20),
            output: Bytes(0),
            stored: Bytes::default(),
            syscalls: 3,
            children: 0,
            model_calls: 1,
            tokens: 1_200,
            money: Money(4_500),
            latency: LatencySummary::default(),
            calling: Some("llm.complete".to_owned()),
            started: SystemTime::now() - Duration::from_secs(75),
        }
    }

    #[test]
    fn children_follow_their_parents_and_rates_are_of_the_last_look() {
        let mut table = Table::default();
        let now = Instant::now();
        let look =
            |fuel| vec![process("1", None, "a", fuel), process("2", None, "b", 0), process("3", Some("1"), "c", 0)];
        table.update(look(1_000), now);
        table.update(look(3_000), now + Duration::from_secs(2));
        let shown: Vec<_> = table.rows.iter().map(|row| (row.process.plugin.as_str(), row.depth, row.rate)).collect();
        assert_eq!(shown, [("a", 0, 1_000.0), ("c", 1, 0.0), ("b", 0, 0.0)]);
        // A child whose parent has just gone is still shown.
        table.update(vec![process("3", Some("1"), "c", 0)], now + Duration::from_secs(3));
        assert_eq!((table.rows.len(), table.rows[0].depth), (1, 0));
    }

    #[test]
    fn the_selection_stays_with_its_process() {
        let mut table = Table::default();
        let now = Instant::now();
        table.update(vec![process("1", None, "a", 0), process("2", None, "b", 0)], now);
        table.select(true);
        table.select(true);
        assert_eq!(table.chosen().map(|row| row.process.plugin.as_str()), Some("b"));
        table.doomed = table.chosen().map(|row| row.process.pid);
        table.update(vec![process("2", None, "b", 0)], now);
        assert_eq!((table.selected, table.doomed.is_some()), (0, true));
        // What is gone cannot be ended any more.
        table.update(Vec::new(), now);
        assert!(table.doomed.is_none() && table.chosen().is_none());
    }
}
