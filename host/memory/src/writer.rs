//! The one thread that writes. Calls that come while it flushes share the next flush.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
};

use redb::{ReadableTable, Table};

use crate::{
    error::MemoryError,
    record::{RecordId, SpaceId},
    seal::{Key, Keys, Slot},
    store::{self, BODIES, ERASING, FREE, Kept, NOTES, NUMBERS, RECORDS, SPACES, SpaceRow, Store, VERSIONS, stopped},
};

/// Calls that wait for the writer; more wait to enter. Bounds what a stalled disk holds in memory.
const QUEUED: usize = 64;
/// Calls of one flush. Bounds how long the first of them waits for the last.
const TOGETHER: usize = 64;

/// What a call does with the tables, and what it does once that is on disk.
type Work = Box<dyn FnOnce(&mut Tables) -> Result<Answer, MemoryError> + Send>;
type Answer = Box<dyn FnOnce(Option<&str>) + Send>;

/// What a call does to what is in memory, once its rows are on disk and before it is answered.
pub(crate) type Effect = Box<dyn FnOnce() + Send>;

/// The writer, from outside.
pub(crate) struct Writer {
    work: Option<SyncSender<Work>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn start(store: Arc<Store>, keys: Arc<Keys>) -> std::io::Result<Writer> {
        let (work, queue) = sync_channel(QUEUED);
        let thread =
            std::thread::Builder::new().name("holm-memory".into()).spawn(move || run(&store, &keys, &queue))?;
        Ok(Writer { work: Some(work), thread: Some(thread) })
    }

    /// Changes rows, and returns when that would survive a power cut. What `plan` refuses has to be refused before it
    /// changes anything: others share its transaction.
    pub(crate) fn write<T: Send + 'static>(
        &self,
        plan: impl FnOnce(&mut Tables) -> Result<(T, Effect), MemoryError> + Send + 'static,
    ) -> Result<T, MemoryError> {
        let (reply, answer) = sync_channel(1);
        let work: Work = Box::new(move |tables| match plan(tables) {
            // Nobody's waiting is ended by somebody else's refusal.
            Err(error) if !matches!(error, MemoryError::Stopped(_) | MemoryError::Io { .. }) => {
                let refuse = move |_: Option<&str>| {
                    let _ = reply.send(Err(error));
                };
                Ok(Box::new(refuse))
            }
            Err(error) => {
                let reason = error.to_string();
                let _ = reply.send(Err(error));
                Err(MemoryError::Stopped(reason))
            }
            Ok((value, effect)) => Ok(Box::new(move |failed| {
                let answer = match failed {
                    None => {
                        effect();
                        Ok(value)
                    }
                    Some(reason) => Err(MemoryError::Stopped(reason.to_owned())),
                };
                // Whoever is gone meanwhile has it all the same.
                let _ = reply.send(answer);
            })),
        });
        let gone = || MemoryError::Stopped("the writer has ended".into());
        self.work.as_ref().ok_or_else(gone)?.send(work).map_err(|_| gone())?;
        answer.recv().map_err(|_| gone())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.work = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the writer of memory panicked");
        }
    }
}

fn run(store: &Store, keys: &Keys, queue: &Receiver<Work>) {
    let mut failed: Option<String> = None;
    while let Ok(work) = queue.recv() {
        if failed.is_some() {
            // What reached the disk is not known. Dropped work answers that the writer has ended.
            continue;
        }
        let mut answers: Vec<Answer> = Vec::new();
        let flushed = catch_unwind(AssertUnwindSafe(|| flush(store, keys, work, queue, &mut answers)));
        let reason = match flushed {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some("it panicked".to_owned()),
        };
        if let Some(reason) = &reason {
            tracing::error!(reason, "memory stopped writing");
        }
        answers.into_iter().for_each(|answer| answer(reason.as_deref()));
        failed = reason;
    }
}

fn flush(
    store: &Store,
    keys: &Keys,
    first: Work,
    queue: &Receiver<Work>,
    answers: &mut Vec<Answer>,
) -> Result<(), MemoryError> {
    let change = store.change()?;
    let made = {
        let mut tables = Tables {
            numbers: change.open_table(NUMBERS).map_err(stopped)?,
            spaces: change.open_table(SPACES).map_err(stopped)?,
            records: change.open_table(RECORDS).map_err(stopped)?,
            versions: change.open_table(VERSIONS).map_err(stopped)?,
            bodies: change.open_table(BODIES).map_err(stopped)?,
            notes: change.open_table(NOTES).map_err(stopped)?,
            free: change.open_table(FREE).map_err(stopped)?,
            erasing: change.open_table(ERASING).map_err(stopped)?,
            keys,
            same: HashMap::new(),
            derived: Vec::new(),
            made: false,
        };
        let mut next = Some(first);
        while let Some(work) = next {
            answers.push(work(&mut tables)?);
            next = if answers.len() < TOGETHER { queue.try_recv().ok() } else { None };
        }
        tables.made
    };
    // Keys come first: a record without its key is lost.
    if made {
        keys.sync()?;
    }
    change.commit().map_err(stopped)
}

/// The tables of one transaction.
pub(crate) struct Tables<'a> {
    pub(crate) numbers: Table<'a, &'static str, u64>,
    pub(crate) spaces: Table<'a, &'static [u8], &'static [u8]>,
    pub(crate) records: Table<'a, (u32, u64), &'static [u8]>,
    pub(crate) versions: Table<'a, (u32, u64, u32), &'static [u8]>,
    pub(crate) bodies: Table<'a, (u32, u64), &'static [u8]>,
    pub(crate) notes: Table<'a, (u32, &'static str), &'static [u8]>,
    pub(crate) free: Table<'a, u32, ()>,
    pub(crate) erasing: Table<'a, u32, (u32, u64)>,
    pub(crate) keys: &'a Keys,
    /// What catalogues do not know yet, since it is not on disk: records by what they say, and what was derived.
    pub(crate) same: HashMap<(u32, u64), RecordId>,
    pub(crate) derived: Vec<(u32, RecordId, RecordId)>,
    made: bool,
}

impl Tables<'_> {
    /// Makes a key in a slot that nobody uses.
    pub(crate) fn key(&mut self) -> Result<(Slot, Key), MemoryError> {
        let freed = self.free.pop_first().map_err(stopped)?.map(|(slot, _)| slot.value());
        let slot = match freed {
            Some(slot) => slot,
            None => self.count("next-slot")? as Slot,
        };
        self.made = true;
        Ok((slot, self.keys.make(slot)?))
    }

    /// The next of some numbers.
    pub(crate) fn count(&mut self, name: &str) -> Result<u64, MemoryError> {
        let next = self.numbers.get(name).map_err(stopped)?.map_or(0, |number| number.value());
        self.numbers.insert(name, next + 1).map_err(stopped)?;
        Ok(next)
    }

    /// Writes what is kept of a space.
    pub(crate) fn space(&mut self, space: &SpaceId, row: &SpaceRow) -> Result<(), MemoryError> {
        let bytes = rmp_serde::to_vec(row).map_err(|error| MemoryError::Stopped(error.to_string()))?;
        self.spaces.insert(&store::space_key(space)[..], &bytes[..]).map_err(stopped)?;
        Ok(())
    }

    /// Seals a record and writes it.
    pub(crate) fn record(&mut self, space: u32, slot: Slot, key: &Key, kept: &Kept) -> Result<(), MemoryError> {
        let plain = rmp_serde::to_vec(kept).map_err(|error| MemoryError::Stopped(error.to_string()))?;
        let (id, version) = (kept.record.id, kept.record.version);
        let sealed = self.seal(key, &store::about(b'r', space, id.0, version), &plain)?;
        self.records.insert((space, id.0), &store::row(slot, version, &sealed)[..]).map_err(stopped)?;
        Ok(())
    }

    /// Seals bytes.
    pub(crate) fn seal(&self, key: &Key, about: &[u8], plain: &[u8]) -> Result<Vec<u8>, MemoryError> {
        key.seal(&self.keys.random, about, plain).map_err(|error| MemoryError::Stopped(error.to_string()))
    }

    /// Reads a record, its slot and its key; none where it is not there.
    pub(crate) fn read(&self, space: u32, id: RecordId) -> Result<Option<(Slot, Key, Kept)>, MemoryError> {
        let Some(row) = self.records.get((space, id.0)).map_err(stopped)? else { return Ok(None) };
        let broken = || MemoryError::DamagedRecord(id);
        let (slot, version, sealed) = store::head(row.value()).ok_or_else(broken)?;
        let key = self.keys.read(slot)?.ok_or_else(broken)?;
        let kept = store::open(&key, space, id, version, sealed).ok_or_else(broken)?;
        Ok(Some((slot, key, kept)))
    }

    /// Removes the rows of a record, and notes that its key has yet to go.
    pub(crate) fn remove(&mut self, space: u32, id: RecordId, slot: Slot) -> Result<(), MemoryError> {
        self.records.remove((space, id.0)).map_err(stopped)?;
        self.bodies.remove((space, id.0)).map_err(stopped)?;
        self.versions.retain_in((space, id.0, 0)..=(space, id.0, u32::MAX), |_, _| false).map_err(stopped)?;
        self.erasing.insert(slot, (space, id.0)).map_err(stopped)?;
        Ok(())
    }

    /// Gives slots back whose keys were erased.
    pub(crate) fn erased(&mut self, slots: &[Slot]) -> Result<(), MemoryError> {
        for slot in slots {
            self.erasing.remove(slot).map_err(stopped)?;
            self.free.insert(slot, ()).map_err(stopped)?;
        }
        Ok(())
    }
}
