//! What was acknowledged outlives kill -9 at any moment, and a power cut at any sync.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test, whose numbers are of interest")]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::disk::{Event, Fate, acknowledged, after_cut};
use common::{load, put};
use holm_drivers::storage::{open, open_on};
use redb::StorageBackend;

/// Kills per driver.
const ROUNDS: usize = 50;
const WRITERS: usize = 4;
const LARGEST: usize = 40_000;

/// In the environment of the process that is killed: driver, round and directory.
const LOAD: &str = "HOLM_TEST_STORAGE_LOAD";

/// Not a test of its own: the process that the tests below kill.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_load() {
    let Ok(orders) = std::env::var(LOAD) else { return };
    let [driver, round, dir] = orders.splitn(3, ':').collect::<Vec<_>>()[..] else { panic!("{orders}") };
    let (store, round) = (open(driver, Path::new(dir)).unwrap(), round.parse().unwrap());
    let acknowledge = |name: &str| {
        // One write, so that a line is whole or unfinished, never mixed with another.
        let _ = std::io::stdout().write_all(format!("\nacknowledged {name}\n").as_bytes());
    };
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| tokio::spawn(load::write(store.clone(), round, writer, usize::MAX, LARGEST, acknowledge)))
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
}

#[tokio::test]
async fn redb_survives_kill_9() {
    survives_kill_9("redb").await;
}

#[tokio::test]
async fn sled_survives_kill_9() {
    survives_kill_9("sled").await;
}

async fn survives_kill_9(driver: &str) {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    for round in 0..ROUNDS {
        let before = acknowledged.len();
        // Sometimes while it opens, sometimes in the middle of the load.
        acknowledged.extend(kill_after(driver, round, dir.path(), Duration::from_millis(fastrand::u64(1..150))));
        let store = open(driver, dir.path()).unwrap_or_else(|error| panic!("round {round}: {error}"));
        assert_eq!(load::missing(&*store, &acknowledged[before..], LARGEST).await, [""; 0], "round {round}");
    }
    let store = open(driver, dir.path()).unwrap();
    assert_eq!(load::missing(&*store, &acknowledged, LARGEST).await, [""; 0]);
    println!("{driver}: {} commits acknowledged in {ROUNDS} rounds, none lost", acknowledged.len());
    assert!(acknowledged.len() > ROUNDS, "the load did not run");
}

fn kill_after(driver: &str, round: usize, dir: &Path, delay: Duration) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["the_load", "--exact", "--nocapture"])
        .env(LOAD, format!("{driver}:{round}:{}", dir.display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut names = Vec::new();
        let mut output = BufReader::new(output);
        let mut line = String::new();
        while output.read_line(&mut line).unwrap() > 0 && line.ends_with('\n') {
            names.extend(line.trim_end().strip_prefix("acknowledged ").map(str::to_owned));
            line.clear();
        }
        names
    });
    std::thread::sleep(delay);
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

/// redb's file on a disk that notes what is done to it.
#[derive(Debug)]
struct Recorder {
    contents: Mutex<Vec<u8>>,
    events: Arc<Mutex<Vec<Event>>>,
}

fn file() -> PathBuf {
    PathBuf::from("store")
}

impl Recorder {
    fn holding(contents: Vec<u8>) -> (Recorder, Arc<Mutex<Vec<Event>>>) {
        let begin = vec![
            Event::Create(file()),
            Event::Write { file: file(), offset: 0, data: contents.clone() },
            Event::Sync { file: file(), since: 2 },
        ];
        let events = Arc::new(Mutex::new(begin));
        (Recorder { contents: Mutex::new(contents), events: events.clone() }, events)
    }
}

impl StorageBackend for Recorder {
    fn len(&self) -> std::io::Result<u64> {
        Ok(self.contents.lock().unwrap().len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        let contents = self.contents.lock().unwrap();
        let at = offset as usize;
        let read = contents.get(at..at + out.len()).ok_or(std::io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(read);
        Ok(())
    }

    fn set_len(&self, len: u64) -> std::io::Result<()> {
        self.contents.lock().unwrap().resize(len as usize, 0);
        self.events.lock().unwrap().push(Event::SetLen { file: file(), len });
        Ok(())
    }

    fn sync_data(&self) -> std::io::Result<()> {
        let mut events = self.events.lock().unwrap();
        let since = events.len();
        events.push(Event::Sync { file: file(), since });
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
        let at = offset as usize;
        self.contents.lock().unwrap()[at..at + data.len()].copy_from_slice(data);
        self.events.lock().unwrap().push(Event::Write { file: file(), offset, data: data.to_vec() });
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redb_survives_power_cuts() {
    const LARGEST: usize = 8_000;
    let (recorder, events) = Recorder::holding(Vec::new());
    let store = open_on(recorder).unwrap();
    // Before this an unfinished file is not given its name.
    let ready = events.lock().unwrap().len();
    let writers: Vec<_> = (0..3)
        .map(|writer| {
            let events = events.clone();
            let acknowledge = move |name: &str| events.lock().unwrap().push(Event::Acknowledged(name.into()));
            tokio::spawn(load::write(store.clone(), 0, writer, 16, LARGEST, acknowledge))
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    // The store stays open: closing it writes more, and a cut comes without notice.
    let events = events.lock().unwrap().clone();
    let cuts = check_cuts(&events, ready, LARGEST).await;
    println!("{} events, {} of them syncs: {cuts} cuts, nothing lost", events.len(), syncs(&events).count());
    drop(store);
}

#[tokio::test]
async fn the_recorder_catches_a_missing_sync() {
    let (recorder, events) = Recorder::holding(Vec::new());
    let store = open_on(recorder).unwrap();
    let ready = events.lock().unwrap().len();
    load::write(store, 0, 0, 5, 1000, |_| {}).await;
    let mut events = events.lock().unwrap().clone();
    events.push(Event::Acknowledged("0-0-4".into()));
    let lost = async |events: &[Event], fate| {
        let left = after_cut(events, events.len(), fate).remove(&file()).unwrap();
        let store = open_on(Recorder::holding(left).0).unwrap();
        !load::missing(&*store, &acknowledged(events), 1000).await.is_empty()
    };
    assert!(!lost(&events, Fate::Lost).await);
    let kept = events.iter().enumerate().filter(|(at, event)| *at < ready || !matches!(event, Event::Sync { .. }));
    let unsynced: Vec<Event> = kept.map(|(_, event)| event.clone()).collect();
    assert!(lost(&unsynced, Fate::Lost).await);
    assert!(!lost(&unsynced, Fate::Kept).await);
}

fn syncs(events: &[Event]) -> impl Iterator<Item = usize> {
    events.iter().enumerate().filter(|(_, event)| matches!(event, Event::Sync { .. })).map(|(at, _)| at)
}

/// Cuts right after each sync and at a random event before the next; after some, once more
/// while the store recovers.
async fn check_cuts(events: &[Event], ready: usize, largest: usize) -> usize {
    let mut cuts = 0;
    let syncs: Vec<usize> = syncs(events).filter(|at| *at >= ready).collect();
    for (number, at) in syncs.iter().enumerate() {
        let next = syncs.get(number + 1).map_or(events.len(), |next| *next);
        let between = fastrand::usize(at + 1..=next);
        for (cut, fate) in [
            (at + 1, Fate::Lost),
            (next, Fate::Lost),
            (next, Fate::Kept),
            (between, Fate::Some),
            (next, Fate::Some),
            (next, Fate::Torn),
        ] {
            let left = after_cut(events, cut, fate).remove(&file()).unwrap_or_default();
            let acknowledged = acknowledged(&events[..cut]);
            let (recorder, recovery) = Recorder::holding(left);
            check(recorder, &acknowledged, largest, &format!("cut at {cut}, {fate:?}")).await;
            cuts += 1;
            if number % 8 == 0 && cut == next {
                let recovery = recovery.lock().unwrap().clone();
                for again in 3..=recovery.len() {
                    let left = after_cut(&recovery, again, Fate::Torn).remove(&file()).unwrap_or_default();
                    let when = format!("cut at {cut}, {fate:?}, again at {again}");
                    check(Recorder::holding(left).0, &acknowledged, largest, &when).await;
                    cuts += 1;
                }
            }
        }
    }
    cuts
}

async fn check(recorder: Recorder, acknowledged: &[String], largest: usize, when: &str) {
    let store = open_on(recorder).unwrap_or_else(|error| panic!("{when}: {error}"));
    assert_eq!(load::missing(&*store, acknowledged, largest).await, [""; 0], "{when}");
    common::commit(&*store, &load::target(), vec![put("after", when)]).await.unwrap();
    assert_eq!(common::text(&*store, &load::target(), "after").await.as_deref(), Some(when));
}
