//! How fast memory is with many records, and what it takes.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use holm_memory::{Draft, Embed, Memory, Query, RecordId, SpaceId};

use super::embedders::{self, Hashed};

const WORDS: usize = 30_000;
const QUERIES: usize = 1_000;

fn space(name: &str) -> SpaceId {
    SpaceId { owner: Some("bench".into()), name: name.into() }
}

/// Words as often as they are in a language: the n-th with a chance of 1/n.
struct Language(u64);

impl Language {
    fn random(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn words(&mut self, count: usize) -> String {
        let word = |random: f64| format!("w{}", ((WORDS as f64).powf(random)) as usize);
        (0..count).map(|_| word(self.random())).collect::<Vec<_>>().join(" ")
    }

    fn draft(&mut self, number: usize) -> Draft {
        let length = 8 + (self.random() * 24.0) as usize;
        Draft {
            text: self.words(length),
            kind: "message".into(),
            said_by: Some(["Ada", "Ben"][number % 2].into()),
            session: Some(format!("session {}", number / 25)),
            origin: "user".into(),
            ..Draft::default()
        }
    }
}

pub(crate) fn run(records: usize) {
    let folder = tempfile::tempdir().unwrap();
    println!("{records} records, load {}", std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim());
    {
        let memory = Memory::open(folder.path(), None).unwrap();
        remember(&memory, records);
        recall(&memory, "words, index warm");
    }
    {
        let began = Instant::now();
        let memory = Memory::open(folder.path(), None).unwrap();
        let opened = began.elapsed();
        ask(&memory, "w7 w77 w777");
        println!("open {opened:.1?}, first recall {:.2?}, resident {} MiB", began.elapsed(), resident());
        forget(&memory);
    }
    let memory = Memory::open(folder.path(), Some(Arc::new(Hashed))).unwrap();
    let began = Instant::now();
    ask(&memory, "w7 w77");
    memory.remember(&space("many"), vec![Language(77).draft(0)], u64::MAX).unwrap();
    loop {
        let progress = memory.progress(&space("many")).unwrap();
        if progress.embedded == progress.records {
            break;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    println!("vectors kept in {:.1?} (hashed words in place of a model)", began.elapsed());
    recall(&memory, "words and vectors");
    interleaved(&memory);
    exact(&memory, records);
    println!("resident {} MiB, at most {} MiB; disk {} MiB", resident(), status("VmHWM"), disk(folder.path()) >> 20);
    model();
}

fn remember(memory: &Memory, records: usize) {
    let mut language = Language(1);
    let drafts: Vec<Draft> = (0..records).map(|number| language.draft(number)).collect();
    let began = Instant::now();
    for batch in drafts.chunks(500) {
        memory.remember(&space("many"), batch.to_vec(), u64::MAX).unwrap();
    }
    println!("remember, batches of 500: {:.0} records/s", records as f64 / began.elapsed().as_secs_f64());
    for threads in [1, 8] {
        let began = Instant::now();
        std::thread::scope(|scope| {
            for thread in 0..threads {
                scope.spawn(move || {
                    let mut language = Language(thread as u64 + 100);
                    for number in 0..100 {
                        let draft = language.draft(number);
                        memory.remember(&space("singles"), vec![draft], u64::MAX).unwrap();
                    }
                });
            }
        });
        let each = (threads * 100) as f64 / began.elapsed().as_secs_f64();
        println!("remember, one at a time, {threads} threads: {each:.0} records/s");
    }
}

fn ask(memory: &Memory, text: &str) -> Vec<RecordId> {
    let query = Query { text: text.into(), k: 10, ..Query::default() };
    memory.recall(&space("many"), &query).unwrap().hits.iter().map(|hit| hit.record.id).collect()
}

fn recall(memory: &Memory, name: &str) {
    let mut language = Language(9);
    let mut took = Vec::new();
    let mut used = Vec::new();
    for _ in 0..QUERIES {
        let query = language.words(10);
        let (began, cpu) = (Instant::now(), cpu());
        ask(memory, &query);
        took.push(began.elapsed().as_secs_f64() * 1e3);
        used.push((self::cpu() - cpu) as f64 / 1e6);
    }
    println!("recall, {name}: {} wall, {} processor", quantiles(&mut took), quantiles(&mut used));
}

/// What an agent does: remembers something, then recalls.
fn interleaved(memory: &Memory) {
    let mut language = Language(10);
    let mut took = Vec::new();
    for number in 0..200 {
        memory.remember(&space("many"), vec![language.draft(number)], u64::MAX).unwrap();
        let query = language.words(10);
        let began = Instant::now();
        ask(memory, &query);
        took.push(began.elapsed().as_secs_f64() * 1e3);
    }
    println!("recall, each after a remember: {} wall", quantiles(&mut took));
}

fn forget(memory: &Memory) {
    for (name, ids) in [("one record", vec![RecordId(77)]), ("100 records", (1_000..1_100).map(RecordId).collect())] {
        let began = Instant::now();
        assert_eq!(memory.forget(&space("many"), &ids).unwrap(), ids);
        println!("forget {name}: {:.2?}", began.elapsed());
    }
}

/// How many of the ten nearest by whole numbers are among the ten that are found by bits and bytes.
fn exact(memory: &Memory, records: usize) {
    let weights =
        holm_memory::weigh::Weights { text: 0.0, vector: 1.0, neighbours: 0.0, speaker: 0.0, session: 0.0, time: 0.0 };
    let mut language = Language(1);
    let texts: Vec<String> = (0..records).map(|number| language.draft(number).text).collect();
    let mut asked = Language(12);
    let queries: Vec<String> = (0..20).map(|_| asked.words(12)).collect();
    let meanings = Hashed.embed(&queries.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
    let mut best: Vec<Vec<(f32, u64)>> = vec![Vec::new(); queries.len()];
    for (number, text) in texts.iter().enumerate() {
        let id = number as u64 + 1;
        if id == 77 || (1_000..1_100).contains(&id) {
            continue;
        }
        let vector = Hashed.embed(&[text]).unwrap().remove(0);
        for (meaning, best) in meanings.iter().zip(&mut best) {
            best.push((meaning.iter().zip(&vector).map(|(one, other)| one * other).sum(), id));
            if best.len() > 1_000 {
                best.sort_by(|one, other| other.0.total_cmp(&one.0));
                best.truncate(10);
            }
        }
    }
    let mut shared = 0;
    for (query, mut best) in queries.iter().zip(best) {
        best.sort_by(|one, other| other.0.total_cmp(&one.0));
        let query = Query { text: query.clone(), k: 10, ..Query::default() };
        let found = memory.recall_with(&space("many"), &query, Some(&weights)).unwrap().hits;
        shared += best.iter().take(10).filter(|(_, id)| found.iter().any(|hit| hit.record.id.0 == *id)).count();
    }
    println!("vectors: recall@10 beside exact f32 {:.3}", shared as f64 / 10.0 / queries.len() as f64);
}

fn model() {
    let before = resident();
    let Some(model) = embedders::model() else {
        println!("!! the model is not measured: HOLM_MODELS names no folder with it");
        return;
    };
    let query = |number: usize| format!("What did Ada say about the harbour of the old town in year {number}?");
    let mut took = Vec::new();
    for number in 0..100 {
        let query = query(number);
        let began = Instant::now();
        model.embed(&[&query]).unwrap();
        took.push(began.elapsed().as_secs_f64() * 1e3);
    }
    println!("model: a question of 14 words {} wall; resident +{} MiB", quantiles(&mut took), resident() - before);
}

fn quantiles(numbers: &mut [f64]) -> String {
    numbers.sort_by(f64::total_cmp);
    let at = |share: f64| numbers[((numbers.len() - 1) as f64 * share) as usize];
    format!("p50 {:.2} ms, p99 {:.2} ms", at(0.5), at(0.99))
}

/// Nanoseconds that this thread was on a processor.
fn cpu() -> u64 {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    times.split(' ').next().and_then(|time| time.parse().ok()).unwrap_or(0)
}

fn resident() -> u64 {
    status("VmRSS")
}

/// Mebibytes, as the kernel counts them.
fn status(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) >> 10
}

fn disk(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(
            |entry| {
                if entry.path().is_dir() { disk(&entry.path()) } else { entry.metadata().map_or(0, |data| data.len()) }
            },
        )
        .sum()
}
