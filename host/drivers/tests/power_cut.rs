//! The power-cut test at the edge of the process: what it asks of the system is recorded,
//! and every directory that a cut may leave is opened and checked. Knows nothing of engines.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;
#[path = "common/tracer.rs"]
mod tracer;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use common::disk::{self, Event, Fate, after_cut};
use common::load;
use holm_drivers::storage::open;
use tracer::Tracer;

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

fn record(driver: &str, writers: usize, commits: usize, largest: usize) -> Vec<Event> {
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
    let tracer = Tracer::attach(child.id(), dir.path()).unwrap();
    child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    let reader = std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
    let (events, status) = tracer.run();
    reader.join().unwrap().unwrap();
    assert!(status.success(), "{status}");
    events
}

async fn findings(driver: &str, events: &[Event], largest: usize) -> Vec<String> {
    let mut findings = BTreeMap::<usize, String>::new();
    let syncs: Vec<usize> = (0..events.len()).filter(|at| matches!(events[*at], Event::Sync { .. })).collect();
    let mut cuts = 0;
    let chance = 40.0 / syncs.len() as f64;
    for (number, at) in syncs.iter().enumerate() {
        if fastrand::f64() > chance { continue }
        let next = syncs.get(number + 1).map_or(events.len(), |next| *next);
        for (cut, fate) in [
            (at + 1, Fate::Lost),
            (next, Fate::Lost),
            (next, Fate::Kept),
            (next, Fate::Some),
            (next, Fate::Torn),
        ] {
            cuts += 1;
            if let Err(error) = check(driver, events, cut, fate, largest).await {
                findings.entry(cut).or_insert_with(|| format!("cut at {cut}, {fate:?}: {error}"));
            }
        }
    }
    println!("{driver}: {} events, {} syncs, {cuts} cuts, {} of them lose something", events.len(), syncs.len(), findings.len());
    findings.into_values().collect()
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
    if missing.is_empty() { Ok(()) } else { Err(format!("{} of {}: {}", missing.len(), acknowledged.len(), missing[0])) }
}

#[tokio::test]
async fn power_cuts() {
    let load = std::env::var("HOLM_TEST_POWER_CUT").unwrap_or("redb:3:12:8000".into());
    let [driver, writers, commits, largest] = load.split(':').collect::<Vec<_>>()[..] else { panic!("{load}") };
    let largest = largest.parse().unwrap();
    let events = record(driver, writers.parse().unwrap(), commits.parse().unwrap(), largest);
    for finding in findings(driver, &events, largest).await.iter().take(10) {
        println!("{finding}");
    }
}

#[test]
#[ignore = "diagnosis"]
fn dump() {
    let events = record("sled", 4, 6, 1000000);
    for (at, event) in events.iter().enumerate() {
        match event {
            Event::Write { file, offset, data } => println!("{at} write {file:?} {offset} {}", data.len()),
            other => println!("{at} {other:?}"),
        }
    }
}
