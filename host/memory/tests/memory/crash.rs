//! A process that is killed at any moment: what it acknowledged is there, what it forgot is not, and nothing has to
//! be repaired. `HOLM_CRASH_ROUNDS` sets how often.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use holm_memory::{Change, RecordId};

use crate::{ask, by, draft, holding, open, recall, remember, space};

const FOLDER: &str = "HOLM_MEMORY_CRASH";

/// What the parent knows of a record.
#[derive(Clone, Debug, PartialEq)]
enum Known {
    Stands(String),
    /// A change was begun: it says one or the other.
    Changing(String, String),
    /// It was begun to be forgotten.
    Going,
    Gone(Vec<String>),
}

/// The process that is killed: it writes, changes and forgets, and says what it begins and what was acknowledged.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let memory = open(Path::new(&folder));
    let told = std::sync::Mutex::new(std::fs::File::options().append(true).open("/proc/self/fd/2").unwrap());
    let say = |line: String| told.lock().unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
    let seed = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64;
    std::thread::scope(|scope| {
        for thread in 0..3u64 {
            let (memory, say) = (&memory, &say);
            scope.spawn(move || {
                let mut random = seed ^ (thread << 32) | 1;
                let mut next = |below: u64| {
                    random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    (random >> 33) % below
                };
                let mut mine: Vec<RecordId> = Vec::new();
                loop {
                    match next(10) {
                        0..6 => {
                            let texts: Vec<String> = (0..=next(20))
                                .map(|_| format!("zq{}{}x and boats", next(1 << 30), next(1 << 30)))
                                .collect();
                            let ids = remember(memory, texts.iter().map(|text| draft(text)).collect());
                            for (id, text) in ids.iter().zip(texts) {
                                say(format!("stands {} {text}", id.0));
                            }
                            mine.extend(ids);
                        }
                        6..8 if !mine.is_empty() => {
                            let id = mine[next(mine.len() as u64) as usize];
                            let text = format!("zq{}{}x and planes", next(1 << 30), next(1 << 30));
                            say(format!("changing {} {text}", id.0));
                            let change = Change { text: Some(text.clone()), ..Change::default() };
                            memory.update(&space(), id, change, by("agent"), u64::MAX).unwrap();
                            say(format!("stands {} {text}", id.0));
                        }
                        _ if mine.len() > 2 => {
                            let id = mine.swap_remove(next(mine.len() as u64) as usize);
                            say(format!("going {}", id.0));
                            assert_eq!(memory.forget(&space(), &[id]).unwrap(), [id]);
                            say(format!("gone {}", id.0));
                        }
                        _ => drop(recall(memory, "boats")),
                    }
                }
            });
        }
    });
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_forgotten_comes_back() {
    let rounds = std::env::var("HOLM_CRASH_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(6);
    let folder = tempfile::tempdir().unwrap();
    let mut known: BTreeMap<u64, Known> = BTreeMap::new();
    let mut said: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for round in 0..rounds {
        run(folder.path(), round, &mut known, &mut said);
        check(folder.path(), round, &mut known);
    }
    let count = |kind: fn(&Known) -> bool| known.values().filter(|known| kind(known)).count();
    let (stand, gone) =
        (count(|known| matches!(known, Known::Stands(_))), count(|known| matches!(known, Known::Gone(_))));
    eprintln!("{rounds} rounds: {stand} records stand, {gone} are gone");
    assert!(stand > 10 && gone > 1);
}

fn run(folder: &Path, round: u64, known: &mut BTreeMap<u64, Known>, said: &mut BTreeMap<u64, Vec<String>>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["crash::child", "--exact", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let began = Instant::now();
    // From the first acknowledgement on, at a moment that differs from round to round.
    let lives = Duration::from_millis(100 + round * 7_919 % 900);
    let mut killed = false;
    let mut first: Option<Instant> = None;
    let mut line = String::new();
    loop {
        line.clear();
        if lines.read_line(&mut line).unwrap() == 0 {
            break;
        }
        assert!(!line.contains("panicked"), "{line}");
        let mut words = line.trim_end().splitn(3, ' ');
        let (what, id, text) = (words.next().unwrap(), words.next(), words.next().unwrap_or_default().to_owned());
        let Some(id) = id.and_then(|id| id.parse::<u64>().ok()) else { continue };
        first.get_or_insert_with(Instant::now);
        if !text.is_empty() {
            said.entry(id).or_default().push(text.clone());
        }
        match what {
            "stands" => drop(known.insert(id, Known::Stands(text))),
            "changing" => {
                let Some(Known::Stands(before)) = known.get(&id).cloned() else { continue };
                known.insert(id, Known::Changing(before, text));
            }
            "going" => drop(known.insert(id, Known::Going)),
            "gone" => drop(known.insert(id, Known::Gone(said.remove(&id).unwrap_or_default()))),
            other => panic!("{other}"),
        }
        if !killed && first.is_some_and(|first| first.elapsed() > lives) {
            child.kill().unwrap();
            killed = true;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "the child is stuck");
    }
    assert!(killed, "the child ended by itself: {:?}", child.wait());
    child.wait().unwrap();
}

fn check(folder: &Path, round: u64, known: &mut BTreeMap<u64, Known>) {
    let memory = open(folder);
    for (id, state) in known.iter_mut() {
        let found = memory.get(&space(), &[RecordId(*id)], true).unwrap().remove(0);
        let found =
            found.unwrap_or_else(|error| panic!("round {round}, record {id}: {error}")).map(|record| record.text);
        match (&*state, found) {
            (Known::Stands(text), Some(found)) if *text == found => {}
            (Known::Changing(before, after), Some(found)) if found == *before || found == *after => {
                *state = Known::Stands(found);
            }
            // The forgetting reached the disk, or it did not: from here on it is one of both.
            (Known::Going, Some(found)) => *state = Known::Stands(found),
            (Known::Going, None) => *state = Known::Gone(Vec::new()),
            (Known::Gone(_), None) => {}
            (state, found) => panic!("round {round}, record {id}: {state:?}, and there is {found:?}"),
        }
    }
    let standing: Vec<&String> = known
        .values()
        .filter_map(|known| match known {
            Known::Stands(text) => Some(text),
            _ => None,
        })
        .collect();
    for text in standing.iter().step_by(standing.len() / 20 + 1) {
        let word = text.split(' ').next().unwrap();
        let hits = memory.recall(&space(), &ask(word, 1)).unwrap().hits;
        assert_eq!(hits.first().map(|hit| &hit.record.text), Some(*text), "round {round}");
    }
    let gone = known.values().filter_map(|known| match known {
        Known::Gone(texts) => texts.last(),
        _ => None,
    });
    for text in gone.take(20) {
        let word = text.split(' ').next().unwrap();
        assert!(!recall(&memory, word).contains(text), "round {round}: {text} is back");
        assert!(holding(folder, word.as_bytes()).is_empty(), "round {round}: {word} lies on disk");
    }
}
