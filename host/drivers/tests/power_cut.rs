//! The power-cut test at the edge of the process: what it asks of the system is recorded,
//! and every directory that a cut may leave is opened and checked. Knows nothing of engines.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test, whose numbers are of interest")]

mod common;
#[path = "common/tracer.rs"]
mod tracer;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use common::disk::{self, Event, Fate, after_cut};
use common::load;
use holm_drivers::storage::open;
use tracer::Tracer;

/// Syncs that are cut at, of each driver.
const SYNCS: usize = 20;

/// In the environment of the process that is recorded: driver, writers, commits, largest value and directory.
const LOAD: &str = "HOLM_TEST_STORAGE_RECORD";

/// Not a test of its own: the process that is recorded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_load() {
    let Ok(orders) = std::env::var(LOAD) else { return };
    let [driver, writers, commits, largest, dir] = orders.splitn(5, ':').collect::<Vec<_>>()[..] else {
        panic!("{orders}")
    };
    println!("\nready");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    let store = open(driver, Path::new(dir)).unwrap();
    let acknowledge = |name: &str| {
        let _ = std::io::stdout().write_all(format!("\nacknowledged {name}\n").as_bytes());
    };
    let writers: Vec<_> = (0..writers.parse().unwrap())
        .map(|writer| {
            let (commits, largest) = (commits.parse().unwrap(), largest.parse().unwrap());
            tokio::spawn(load::write(store.clone(), 0, writer, commits, largest, acknowledge))
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
}

fn record(driver: &str, writers: usize, commits: usize, largest: usize) -> Option<Vec<Event>> {
    let dir = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["the_load", "--exact", "--nocapture"])
        .env(LOAD, format!("{driver}:{writers}:{commits}:{largest}:{}", dir.path().display()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while line.trim_end() != "ready" {
        line.clear();
        assert!(output.read_line(&mut line).unwrap() > 0);
    }
    let Ok(tracer) = Tracer::attach(child.id(), dir.path()) else {
        child.kill().unwrap();
        child.wait().unwrap();
        return None;
    };
    child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    let reader = std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
    let (events, status) = tracer.run();
    reader.join().unwrap().unwrap();
    assert!(status.success(), "{status}");
    Some(events)
}

/// What cuts lose: at a sample of the syncs, right after one and right before the next.
async fn lost(driver: &str, events: &[Event], largest: usize) -> Vec<String> {
    let mut lost = Vec::new();
    let syncs: Vec<usize> = (0..events.len()).filter(|at| matches!(events[*at], Event::Sync { .. })).collect();
    let mut cuts = 0;
    let chance = SYNCS as f64 / syncs.len() as f64;
    for (number, at) in syncs.iter().enumerate() {
        if fastrand::f64() > chance {
            continue;
        }
        let next = syncs.get(number + 1).map_or(events.len(), |next| *next);
        for (cut, fate) in
            [(at + 1, Fate::Lost), (next, Fate::Lost), (next, Fate::Kept), (next, Fate::Some), (next, Fate::Torn)]
        {
            cuts += 1;
            if let Err(error) = check(driver, events, cut, fate, largest).await {
                lost.push(format!("cut at {cut}, {fate:?}: {error}"));
            }
        }
    }
    println!(
        "{driver}: {} events, {} of them syncs: {cuts} cuts, {} lose something",
        events.len(),
        syncs.len(),
        lost.len()
    );
    lost
}

async fn check(driver: &str, events: &[Event], cut: usize, fate: Fate, largest: usize) -> Result<(), String> {
    let dir = tempfile::tempdir().unwrap();
    for (path, bytes) in after_cut(events, cut, fate) {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let store = open(driver, dir.path()).map_err(|error| error.to_string())?;
    let acknowledged = disk::acknowledged(&events[..cut]);
    let missing = load::missing(&*store, &acknowledged, largest).await;
    if missing.is_empty() {
        Ok(())
    } else {
        Err(format!("{} of {}: {}", missing.len(), acknowledged.len(), missing[0]))
    }
}

// One test for all drivers: the tracer waits for every child of this process.
#[tokio::test]
async fn nothing_acknowledged_is_lost() {
    // sled only under a load that it bears: its driver says when it loses data.
    for (driver, writers, commits, largest) in [("redb", 3, 16, 20_000), ("sled", 3, 16, 300_000)] {
        let Some(events) = record(driver, writers, commits, largest) else {
            println!("skipped: this system does not let a process watch its child");
            return;
        };
        let lost = lost(driver, &events, largest).await;
        assert!(lost.is_empty(), "{driver}: {lost:#?}");
    }
}
