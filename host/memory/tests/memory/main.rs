//! Memory as its callers see it, and as its disk does.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    missing_docs,
    reason = "tests end where something is not as it should be"
)]

mod crash;
mod forget;
mod model;
mod recall;
mod records;
mod repair;

use std::{path::Path, sync::Arc, time::Duration};

use holm_memory::{Draft, Embed, EmbedError, Memory, Provenance, Query, RecordId, SpaceId};

/// A vector for each word, by its bytes; a text is the sum of its words.
struct Hashed(&'static str);

impl Embed for Hashed {
    fn dimensions(&self) -> usize {
        64
    }

    fn identity(&self) -> &str {
        self.0
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        Ok(texts.iter().map(|text| hashed(text)).collect())
    }
}

fn hashed(text: &str) -> Vec<f32> {
    let mut sum = vec![1e-3f32; 64];
    for word in text.to_lowercase().split(|char: char| !char.is_alphanumeric()) {
        let mut state = word.bytes().fold(7u64, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
        for number in &mut sum {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *number += (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5;
        }
    }
    let length = sum.iter().map(|number| number * number).sum::<f32>().sqrt();
    sum.iter().map(|number| number / length).collect()
}

fn embedder() -> Option<Arc<dyn Embed>> {
    Some(Arc::new(Hashed("hashed")))
}

/// Few texts wait for the index, so that tests see it on disk.
const TAIL: usize = 20;

fn open(folder: &Path) -> Memory {
    Memory::open_with(folder, embedder(), TAIL).unwrap()
}

fn space() -> SpaceId {
    SpaceId { owner: Some("agent".into()), name: "notes".into() }
}

fn by(plugin: &str) -> Provenance {
    Provenance { plugin: plugin.into(), process: "7".into(), run: "1".into() }
}

fn draft(text: &str) -> Draft {
    Draft { text: text.into(), kind: "fact".into(), origin: "user".into(), provenance: by("agent"), ..Draft::default() }
}

fn turn(session: &str, speaker: &str, text: &str) -> Draft {
    Draft { session: Some(session.into()), said_by: Some(speaker.into()), ..draft(text) }
}

fn remember(memory: &Memory, drafts: Vec<Draft>) -> Vec<RecordId> {
    memory.remember(&space(), drafts, u64::MAX).unwrap().into_iter().map(|made| made.id).collect()
}

fn ask(text: &str, k: usize) -> Query {
    Query { text: text.into(), k, ..Query::default() }
}

fn recall(memory: &Memory, text: &str) -> Vec<String> {
    memory.recall(&space(), &ask(text, 10)).unwrap().hits.into_iter().map(|hit| hit.record.text).collect()
}

/// Waits until every record has its vector and no more texts than may wait for the index.
fn settle(memory: &Memory) {
    for _ in 0..2_000 {
        let progress = memory.progress(&space()).unwrap();
        if progress.embedded == progress.records && progress.indexed == progress.records {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{:?}", memory.progress(&space()));
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The files that hold some bytes.
fn holding(folder: &Path, bytes: &[u8]) -> Vec<std::path::PathBuf> {
    let holds = |path: &std::path::PathBuf| {
        std::fs::read(path).unwrap_or_default().windows(bytes.len()).any(|window| window == bytes)
    };
    files(folder).into_iter().filter(holds).collect()
}

/// Waits until the index of the only space is on disk.
fn on_disk(folder: &Path) -> std::path::PathBuf {
    let index = folder.join("spaces/00000000/text");
    for _ in 0..2_000 {
        if index.join("meta.json").exists()
            && files(&index).iter().any(|file| file.extension().is_some_and(|kind| kind == "term"))
        {
            return index;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("no index in {:?}", files(folder));
}
