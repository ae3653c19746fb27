//! How a hostile guest is run: beside a neighbour that must not notice, and with a look at what it
//! left behind.

use std::{future::Future, time::Duration};

use holm_kernel::{
    Running,
    account::{Account, Level},
};

use crate::{Guest, Machine, Report, Started, component};

/// Fuel that an account may spend beyond its budget: one slice, and one call (four megabytes moved).
pub const OVERSHOOT: u64 = 1_000_000 + 700_000;

/// A guest that works for each line it is sent.
pub struct Neighbour {
    started: Started,
    rounds: usize,
}

impl Neighbour {
    /// Starts one, which keeps what it does under this key.
    pub async fn of(machine: &'static Machine, key: &str) -> Self {
        let guest = Guest::new(machine, "neighbour", component("neighbour")).grant("storage=work:rw");
        // Longer than any test: on a machine that is busy otherwise it waits for its attacker.
        let guest = guest.limit(|limits| limits.wall_time = Duration::from_secs(600));
        Self { started: guest.arguments([key]).keep_stdin().start().await, rounds: 0 }
    }

    /// It works for a round: it computes, and uses memory, storage and its output.
    pub async fn works(&mut self) {
        self.started.say("go").await;
        self.started.shows(&format!("round {}.", self.rounds)).await;
        self.rounds += 1;
    }

    /// It works once more, and ends well.
    pub async fn ends(mut self) {
        self.works().await;
        self.started.wait().await.exits(0);
    }
}

impl Guest {
    /// Runs it to its end beside a neighbour, which works before, meanwhile and after; nothing of it stays.
    pub async fn attack(self) -> Report {
        self.attack_with(async |_| ()).await
    }

    /// As [`Guest::attack`]; `meanwhile` does something to it while it runs.
    pub async fn attack_with(self, meanwhile: impl AsyncFnOnce(&Started)) -> Report {
        let mut neighbour = Neighbour::of(self.machine, &self.name).await;
        neighbour.works().await;
        let started = self.start().await;
        neighbour.works().await;
        meanwhile(&started).await;
        let (machine, running) = (started.machine, started.running.clone());
        let plugin = started.program.name.clone();
        let report = started.wait().await;
        neighbour.ends().await;
        leaks_nothing(machine, &running, &plugin).await;
        report
    }
}

/// Nothing is left of a process that has ended: neither it nor its descendants in the table, nothing
/// held, reserved or lent in its account, and no more spent than its budget and the overshoot.
pub async fn leaks_nothing(machine: &Machine, running: &Running, plugin: &str) {
    let account = running.account();
    // Descendants end a moment after their root.
    let clean = || left_behind(machine, account, plugin).is_none();
    eventually(clean, || left_behind(machine, account, plugin).unwrap_or_default()).await;
    assert!(
        account.spent().0 <= account.budget().0 + OVERSHOOT,
        "it spent {} of {}",
        account.spent(),
        account.budget()
    );
}

fn left_behind(machine: &Machine, account: &Account, plugin: &str) -> Option<String> {
    let live = machine.kernel.snapshot().into_iter().filter(|process| process.plugin == plugin).count();
    let levels = [Level::Memory, Level::Children, Level::OpenFiles, Level::Requests].map(|level| account.level(level));
    let (left, spent, budget) = (account.left().0, account.spent().0, account.budget().0);
    let clean = live == 0 && levels == [0; 4] && left == budget.saturating_sub(spent);
    (!clean).then(|| format!("{live} live processes, levels {levels:?}, {left} left after {spent} of {budget}"))
}

/// Waits until something has become true; says what it waited for where it does not.
pub async fn eventually(mut condition: impl FnMut() -> bool, waiting: impl Fn() -> String) {
    for _ in 0..4_000 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it never came true: {}", waiting());
}

impl Started {
    /// What it is doing, as `ps` says it.
    pub fn state(&self) -> String {
        let all = self.machine.kernel.snapshot();
        all.into_iter()
            .find(|process| process.pid == self.running.pid)
            .map_or("gone".to_owned(), |process| process.state)
    }

    /// Waits until it is in this state, as `ps` says it.
    pub async fn is(&self, state: &str) {
        eventually(|| self.state() == state, || format!("`{state}`, it is {}", self.state())).await;
    }

    /// Ends it.
    ///
    /// # Panics
    /// It has ended already.
    pub fn kill(&self) {
        self.machine.kernel.kill(self.running.pid).expect("it lives");
    }

    /// Sends it a line.
    ///
    /// # Panics
    /// Its stdin was not kept open.
    pub fn say(&self, line: &str) -> impl Future<Output = ()> {
        let writer = self.stdin.as_ref().expect("its stdin was kept open");
        writer.write(format!("{line}\n").into())
    }

    /// What it has written so far.
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&self.stdout.bytes.lock()).into_owned()
    }

    /// Waits until it has written this.
    pub async fn shows(&self, text: &str) {
        let shown = || self.output();
        eventually(|| shown().contains(text), || format!("`{text}` in {:?}, it is {}", shown(), self.state())).await;
    }
}
