//! A window and its log: loaded when it is first used, read on from where it was, kept when it changed.

use std::{collections::HashSet, sync::Arc};

use sha2::{Digest, Sha256};

use super::{
    body::Body,
    book::{self, Book, Entry, LINE_BYTES, LINES},
    state::State,
};
use crate::{
    account::{Hold, Level},
    devices::memory::{
        SpaceId,
        driver::{DriverError, Record, RecordId},
        host::{InSpace, Result, invalid},
    },
};

/// How often the bytes of a message are there at once while it is read.
const COPIES: u64 = 3;
/// Records that are read at once: each may hold a message of a mebibyte.
const PAGE: usize = 64;

/// A window while a call is at it.
pub(super) struct Opened {
    pub(super) name: Arc<str>,
    pub(super) book: Book,
    /// The last record of its conversation that was looked at.
    pub(super) seen: Option<RecordId>,
    /// What its lines take in the kernel.
    pub(super) hold: Option<Hold>,
}

/// The key of the note that keeps a window's state. Keys lie open on the disk, names of conversations do not.
pub(super) fn key(name: &str) -> String {
    format!("window/{}", digest(&[name]))
}

/// The key of the note that keeps one of its snapshots.
pub(super) fn snapshot_key(name: &str, snapshot: &str) -> String {
    format!("snapshot/{}", digest(&[name, snapshot]))
}

fn digest(parts: &[&str]) -> String {
    // No name has a control character.
    let digest = Sha256::digest(parts.join("\0"));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl InSpace<'_> {
    /// The window as its log has it now.
    pub(super) async fn load(&mut self, name: Arc<str>) -> Result<Opened> {
        let state = State::read(self.note(key(&name)).await?.as_deref());
        let trunk = state.trunk.clone();
        let mut opened = Opened { name, book: Book::new(state), seen: None, hold: None };
        for part in trunk {
            let mut after = None;
            while let Some(page) = self.page(part.session.as_str().into(), after).await? {
                after = page.last;
                let own = page.entries.into_iter().take_while(|entry| entry.id <= part.last);
                own.for_each(|entry| opened.book.add(entry));
                if after.is_some_and(|after| after >= part.last) {
                    break;
                }
            }
        }
        self.follow(&mut opened).await?;
        Ok(opened)
    }

    /// Reads on where the log was left: another process may have written to it.
    pub(super) async fn follow(&mut self, opened: &mut Opened) -> Result<()> {
        while let Some(page) = self.page(opened.name.clone(), opened.seen).await? {
            opened.seen = page.last;
            page.entries.into_iter().for_each(|entry| opened.book.add(entry));
            if opened.book.entries.len() > LINES {
                return Err(invalid(format!("a window has at most {LINES} messages: begin a new conversation")));
            }
        }
        self.hold(opened)
    }

    /// Counts what the lines take.
    pub(super) fn hold(&mut self, opened: &mut Opened) -> Result<()> {
        opened.hold = None;
        let bytes = LINE_BYTES * opened.book.entries.len() as u64;
        let held = self.call.account().hold(Level::Memory, bytes);
        opened.hold = Some(held.map_err(|exceeded| self.call.over(exceeded))?);
        Ok(())
    }

    /// The next messages of a conversation; none at its end.
    async fn page(&mut self, session: Arc<str>, after: Option<RecordId>) -> Result<Option<Page>> {
        let page = self
            .drive(move |driver, id: &SpaceId| {
                Box::pin(async move {
                    let records = driver.session(id, &session, after, PAGE).await?;
                    off_worker(move || Page::of(&records)).await
                })
            })
            .await?;
        self.call.charge(page.bytes);
        Ok(page.last.is_some().then_some(page))
    }

    /// Keeps how its messages stand.
    pub(super) async fn keep(&mut self, opened: &mut Opened) -> Result<()> {
        let state = opened.book.settle().bytes();
        self.set_note(key(&opened.name), Some(state)).await
    }

    /// The messages of these ids that are still there. What they take counts against the caller's memory as long as
    /// the hold beside them is kept.
    pub(super) async fn bodies(
        &mut self,
        opened: &mut Opened,
        ids: Vec<RecordId>,
    ) -> Result<(Vec<(RecordId, Body)>, Hold)> {
        let bytes = ids.iter().filter_map(|id| opened.book.find(*id)).map(|at| opened.book.entries[at].bytes);
        // Opened, parsed, and given to the guest.
        let bytes: u64 = bytes.sum::<u64>() * COPIES;
        self.call.charge(bytes);
        let held = self.call.account().hold(Level::Memory, bytes);
        let held = held.map_err(|exceeded| self.call.over(exceeded))?;
        let asked = ids.clone();
        let found = self
            .drive(move |driver, space: &SpaceId| {
                Box::pin(async move {
                    let records = driver.get(space, ids, true).await?;
                    off_worker(move || {
                        let read = |record: Record| Some((record.id, book::read(&record)?.1));
                        records.into_iter().flatten().filter_map(read).collect::<Vec<_>>()
                    })
                    .await
                })
            })
            .await?;
        // What was forgotten is in no window.
        let there: HashSet<RecordId> = found.iter().map(|(id, _)| *id).collect();
        let gone: HashSet<RecordId> = asked.into_iter().filter(|id| !there.contains(id)).collect();
        if !gone.is_empty() {
            opened.book.drop_lines(&gone);
        }
        Ok((found, held))
    }
}

/// Work that may take long: a message has up to a mebibyte.
async fn off_worker<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> std::result::Result<T, DriverError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| DriverError::Io("its messages cannot be read".to_owned()))
}

/// Some messages of a log.
struct Page {
    entries: Vec<Entry>,
    last: Option<RecordId>,
    bytes: u64,
}

impl Page {
    fn of(records: &[Record]) -> Page {
        let bytes = |record: &Record| record.content.body.as_ref().map_or(0, Vec::len) as u64;
        Page {
            entries: records.iter().filter_map(|record| Some(book::read(record)?.0)).collect(),
            last: records.last().map(|record| record.id),
            bytes: records.iter().map(bytes).sum(),
        }
    }
}
