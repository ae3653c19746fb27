//! Full text: an index on disk for what is many, and a tail in memory for what is new.
//!
//! A commit of the index takes tens of milliseconds, so nobody waits for one: a record is in the tail when it is
//! acknowledged, and goes to disk with thousands of others. Both are walked here, by the same statistics, so that a
//! score does not say where a record lies.

mod disk;
mod folder;
mod tail;

use tantivy::tokenizer::TextAnalyzer;

pub(crate) use self::disk::Disk;
use self::tail::Tail;
use crate::{
    catalogue::{Catalogue, NONE, Place},
    words,
};

/// How much a word's repetition in a text counts, and the text's length, as BM25 calls them.
const K1: f32 = 1.2;
const B: f32 = 0.75;

/// The words of a space's records.
pub(crate) struct Text {
    analyzer: TextAnalyzer,
    pub(crate) disk: Option<Disk>,
    pub(crate) tail: Tail,
    /// Words of each record.
    lengths: Vec<u32>,
    /// Words of each session.
    session_lengths: Vec<u64>,
    words: u64,
}

/// How well all records, and all sessions, fit some words: zero where they do not.
pub(crate) struct Scores {
    pub(crate) records: Vec<f32>,
    pub(crate) sessions: Vec<f32>,
}

impl Text {
    pub(crate) fn new(disk: Option<Disk>) -> Text {
        Text {
            analyzer: words::analyzer(),
            disk,
            tail: Tail::default(),
            lengths: Vec::new(),
            session_lengths: Vec::new(),
            words: 0,
        }
    }

    /// Takes in a text, instead of what its record said before.
    pub(crate) fn add(&mut self, catalogue: &Catalogue, place: Place, text: &str) {
        let words = words::of(&mut self.analyzer, text);
        self.measure(catalogue, place, words.len() as u32);
        self.tail.add(place, catalogue.entries[place as usize].worded, words);
    }

    /// Lets a text go.
    pub(crate) fn remove(&mut self, catalogue: &Catalogue, place: Place) {
        self.tail.remove(place);
        self.measure(catalogue, place, 0);
    }

    /// Notes the lengths of what lies on disk; what of it the catalogue knows otherwise counts no more.
    pub(crate) fn measure_disk(&mut self, catalogue: &Catalogue) {
        let Some(disk) = &self.disk else { return };
        let lengths: Vec<(Place, u32)> = disk.lengths().collect();
        for (place, length) in lengths {
            if !self.tail.holds(place) {
                self.measure(catalogue, place, length);
            }
        }
    }

    fn measure(&mut self, catalogue: &Catalogue, place: Place, length: u32) {
        let at = place as usize;
        self.lengths.resize(self.lengths.len().max(catalogue.entries.len()), 0);
        let before = std::mem::replace(&mut self.lengths[at], length);
        self.words = (self.words + u64::from(length)).saturating_sub(before.into());
        self.session_lengths.resize(catalogue.sessions.len(), 0);
        if let Some(session) = self.session_lengths.get_mut(catalogue.session_of[at] as usize) {
            *session = (*session + u64::from(length)).saturating_sub(before.into());
        }
    }

    /// How many records are found by their words.
    pub(crate) fn count(&self) -> usize {
        let on_disk = self.disk.iter().flat_map(Disk::places).filter(|place| !self.tail.holds(*place)).count();
        on_disk + self.tail.len()
    }

    /// The different words of a query.
    pub(crate) fn words(&self, query: &str) -> Vec<String> {
        words::of_query(&mut self.analyzer.clone(), query)
    }

    /// How well everything fits some words.
    pub(crate) fn scores(&self, catalogue: &Catalogue, words: &[String]) -> tantivy::Result<Scores> {
        let records = catalogue.entries.len();
        let sessions = catalogue.sessions.len();
        let mut scores = Scores { records: vec![0.0; records], sessions: vec![0.0; sessions] };
        let count = catalogue.live.max(1) as f32;
        let mean = (self.words as f32 / count).max(1.0);
        let session_mean = (self.session_lengths.iter().sum::<u64>() as f32 / sessions.max(1) as f32).max(1.0);
        let mut found: Vec<(Place, u32)> = Vec::new();
        let mut in_session = vec![0u32; sessions];
        for word in words {
            found.clear();
            if let Some(disk) = &self.disk {
                disk.walk(word, &mut |place, times| {
                    if !self.tail.holds(place) && catalogue.lives(place) {
                        found.push((place, times));
                    }
                })?;
            }
            found.extend(self.tail.walk(word).filter(|(place, _)| catalogue.lives(*place)));
            let rare = rarity(count, found.len() as f32);
            in_session.fill(0);
            for (place, times) in &found {
                let at = *place as usize;
                scores.records[at] +=
                    rare * weight(*times as f32, self.lengths.get(at).copied().unwrap_or(0) as f32 / mean);
                let session = catalogue.session_of[at];
                if session != NONE {
                    in_session[session as usize] += times;
                }
            }
            let holding = in_session.iter().filter(|times| **times > 0).count() as f32;
            let rare = rarity(sessions as f32, holding);
            for (session, times) in in_session.iter().enumerate().filter(|(_, times)| **times > 0) {
                let length = self.session_lengths.get(session).copied().unwrap_or_default() as f32;
                scores.sessions[session] += rare * weight(*times as f32, length / session_mean);
            }
        }
        Ok(scores)
    }
}

fn rarity(all: f32, holding: f32) -> f32 {
    (1.0 + (all - holding + 0.5).max(0.0) / (holding + 0.5)).ln()
}

fn weight(times: f32, length: f32) -> f32 {
    times * (K1 + 1.0) / (times + K1 * (1.0 - B + B * length))
}
