//! Two thousand processes started and killed: the kernel holds afterwards what it held before.
//!
//! Alone in its binary, since it counts what the whole host process has open and mapped.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use holm_kernel::{Config, process::KilledBy};
use holm_tests::{Guest, Machine, Neighbour, component, eventually};

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

fn mappings() -> usize {
    std::fs::read_to_string("/proc/self/maps").unwrap().lines().count()
}

/// Starts as many as the table holds and kills them all, at whatever they are doing.
async fn wave(machine: &'static Machine, wave: usize) {
    let mut started = Vec::new();
    for index in 0..50 {
        let kind = ["poll", "get", "stdin", "spawn"][(wave + index) % 4];
        let guest = Guest::new(machine, "waits", component("waits")).arguments([kind]).keep_stdin();
        started.push(guest.grant("storage=notes:rw").grant("spawn=self").start().await);
    }
    for guest in &started {
        guest.kill();
    }
    for guest in started {
        guest.wait().await.killed(KilledBy::Operator);
    }
    eventually(|| machine.kernel.snapshot().len() == 1, || format!("{:?}", machine.kernel.snapshot())).await;
}

#[test]
fn spawn_and_kill_storm() {
    let machine = Machine::alone(Config { capacity: 200, ..Config::default() }, |_| ());
    machine.block_on(async move {
        let mut neighbour = Neighbour::of(machine, "storm").await;
        for warm in 0..4 {
            wave(machine, warm).await;
        }
        let (files, maps) = (open_files(), mappings());
        for number in 0..40 {
            wave(machine, number).await;
            neighbour.works().await;
        }
        assert_eq!(open_files(), files);
        // The allocator keeps some arenas; two thousand leaks of one mapping would show.
        assert!(mappings() <= maps + 100, "{} mappings, {maps} before", mappings());
        assert_eq!(machine.gate.waiting(), 0);
        neighbour.ends().await;
        assert_eq!(machine.kernel.snapshot().len(), 0);
    });
}
