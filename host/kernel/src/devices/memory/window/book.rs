//! The lines of a window in memory: what its log says of each message, and how each stands.

use std::{collections::HashSet, ops::Range};

use super::{
    body::Body,
    policy::{self, Line, Place, TooSmall},
    state::{Places, Snapshot, State, Summary},
};
use crate::devices::memory::driver::{Millis, Record, RecordId};

/// Messages of one window. Stops a window that takes an hour to open; a conversation that long is forked or begun anew.
pub(super) const LINES: usize = 100_000;

/// Bytes that each line takes in the kernel.
pub(super) const LINE_BYTES: u64 = 96;

/// One message.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) id: RecordId,
    pub(super) time: Millis,
    /// Bytes of it in the log.
    pub(super) bytes: u64,
    pub(super) line: Line,
}

/// A window's lines.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) entries: Vec<Entry>,
    pub(super) state: State,
    /// What the last render consisted of.
    shown: Vec<u64>,
}

/// What a render consists of, oldest first.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    /// A message as it is, or shortened.
    Line(RecordId, Place),
    /// Messages that are paged out, and the summaries that stand for them.
    Gap { messages: usize, first: Millis, last: Millis, summaries: Vec<RecordId> },
}

/// A message of the log, as its record has it; none where the record is no message, or is damaged.
pub(super) fn read(record: &Record) -> Option<(Entry, Body)> {
    let bytes = record.content.body.as_deref()?;
    let body = Body::read(bytes)?;
    let tokens = body.tokens();
    let shortened = body.shortened().map(|body| body.tokens());
    let line = Line { tokens, shortened, begins: body.begins(), ..Line::default() };
    let time = record.content.time.unwrap_or(record.written.time);
    Some((Entry { id: record.id, time, bytes: bytes.len() as u64, line }, body))
}

impl Book {
    /// No message yet, and how those to come stand.
    pub(super) fn new(state: State) -> Book {
        Book { state, ..Book::default() }
    }

    /// Adds a message of the log, standing as it is kept.
    pub(super) fn add(&mut self, mut entry: Entry) {
        let standing = self.state.places.standing(entry.id);
        entry.line.place = standing.place;
        entry.line.pinned = standing.pinned;
        entry.line.recalled = standing.recalled;
        // What is said in an exchange that was paged out meanwhile goes where that went.
        if let Some(before) = self.entries.last().filter(|_| !entry.line.begins)
            && before.line.place == Place::Out
        {
            entry.line.place = Place::Out;
        }
        self.entries.push(entry);
    }

    pub(super) fn find(&self, id: RecordId) -> Option<usize> {
        self.entries.binary_search_by_key(&id, |entry| entry.id).ok()
    }

    /// Forgets lines whose records are gone. What is left of their exchanges is paged out: a model is shown no call
    /// without its result.
    pub(super) fn drop_lines(&mut self, gone: &HashSet<RecordId>) {
        let places = (0..self.entries.len()).filter(|at| gone.contains(&self.entries[*at].id)).collect::<Vec<_>>();
        self.place(&places, Place::Out);
        self.entries.retain(|entry| !gone.contains(&entry.id));
    }

    /// The state to keep, as the lines stand.
    pub(super) fn settle(&mut self) -> &State {
        self.state.places = self.places();
        &self.state
    }

    fn places(&self) -> Places {
        Places::of(self.entries.iter().map(|entry| {
            let Line { place, pinned, recalled, .. } = entry.line;
            (entry.id, super::state::Standing { place, pinned, recalled })
        }))
    }

    /// Makes it fit; whether anything changed.
    ///
    /// # Errors
    /// What has to stay does not fit.
    pub(super) fn fit(&mut self, high: u64, low: u64) -> Result<bool, TooSmall> {
        let mut lines: Vec<Line> = self.entries.iter().map(|entry| entry.line).collect();
        policy::fit(&mut lines, high, low)?;
        let mut changed = false;
        for (entry, line) in self.entries.iter_mut().zip(lines) {
            changed |= entry.line.place != line.place;
            entry.line.place = line.place;
        }
        Ok(changed)
    }

    /// How many gaps there are in what is shown.
    pub(super) fn gaps(&self) -> usize {
        let out = |at: usize| self.entries[at].line.place == Place::Out;
        (0..self.entries.len()).filter(|at| out(*at) && (*at == 0 || !out(at - 1))).count()
    }

    /// Tokens of what is in the context.
    pub(super) fn cost(&self) -> u64 {
        self.entries.iter().map(|entry| entry.line.cost()).sum()
    }

    /// Brings the exchanges of some lines back into the context, or takes them out of it.
    pub(super) fn place(&mut self, lines: &[usize], place: Place) {
        let mut sorted = lines.to_vec();
        sorted.sort_unstable();
        let mut done = 0;
        for at in sorted {
            // Of an exchange that several are named of, each line is touched once.
            if at < done {
                continue;
            }
            let range = self.exchange(at);
            done = range.end;
            for entry in &mut self.entries[range] {
                if place == Place::In {
                    entry.line.recalled = entry.line.recalled.saturating_add(1);
                }
                entry.line.place = place;
            }
        }
    }

    /// The exchange that a line belongs to.
    fn exchange(&self, at: usize) -> Range<usize> {
        let begins = |at: &usize| self.entries[*at].line.begins;
        let first = (0..=at).rev().find(begins).unwrap_or(0);
        let end = (at + 1..self.entries.len()).find(begins).unwrap_or(self.entries.len());
        first..end
    }

    /// What the context consists of now.
    pub(super) fn pieces(&self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut gap: Option<(usize, usize)> = None;
        for (at, entry) in self.entries.iter().enumerate() {
            match (entry.line.place, gap) {
                (Place::Out, Some((first, _))) => gap = Some((first, at)),
                (Place::Out, None) => gap = Some((at, at)),
                (place, _) => {
                    pieces.extend(gap.take().map(|gap| self.gap(gap)));
                    pieces.push(Piece::Line(entry.id, place));
                }
            }
        }
        pieces.extend(gap.map(|gap| self.gap(gap)));
        pieces
    }

    fn gap(&self, (first, last): (usize, usize)) -> Piece {
        let ids = self.entries[first].id..=self.entries[last].id;
        let stands = |summary: &&Summary| ids.contains(&summary.first);
        Piece::Gap {
            messages: last + 1 - first,
            first: self.entries[first].time,
            last: self.entries[last].time,
            summaries: self.state.summaries.iter().filter(stands).map(|summary| summary.id).collect(),
        }
    }

    /// The oldest messages that are out of the context and in no summary.
    pub(super) fn unsummarised(&self) -> impl Iterator<Item = &Entry> {
        let summed = |id| self.state.summaries.iter().any(|summary| (summary.first..=summary.last).contains(&id));
        self.entries.iter().filter(move |entry| entry.line.place == Place::Out && !summed(entry.id))
    }

    /// How many messages at the beginning are as they were the last time, by what tells them apart; what is shown now
    /// is remembered.
    pub(super) fn note_shown(&mut self, shown: Vec<u64>) -> usize {
        let stable = shown.iter().zip(&self.shown).take_while(|(now, before)| now == before).count();
        self.shown = shown;
        stable
    }

    /// What is in the context now, to be kept by a name.
    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot { places: self.places(), last: self.entries.last().map_or(0, |entry| entry.id) }
    }

    /// Puts the context back: what was said since is in the log alone.
    pub(super) fn restore(&mut self, snapshot: &Snapshot) {
        for entry in &mut self.entries {
            let standing = snapshot.places.standing(entry.id);
            let out = entry.id > snapshot.last;
            entry.line.place = if out { Place::Out } else { standing.place };
            entry.line.pinned = standing.pinned && !out;
            entry.line.recalled = standing.recalled;
        }
        // An exchange that was under way then is shown whole or not at all.
        let torn = self.entries.partition_point(|entry| entry.id <= snapshot.last);
        if torn > 0 && self.entries.get(torn).is_some_and(|entry| !entry.line.begins) {
            self.place(&[torn], Place::Out);
        }
    }
}
