//! An open space: its catalogue and its indexes, made from the store when it is first used.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

use parking_lot::{MappedRwLockReadGuard, MappedRwLockWriteGuard, Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};
use redb::ReadTransaction;

use crate::{
    catalogue::{Catalogue, Place},
    embed::Embed,
    error::MemoryError,
    record::{RecordId, SpaceId},
    seal::Keys,
    store::{self, BODIES, Kept, RECORDS, Store, stopped},
    text::{Disk, Text},
    vectors::Vectors,
};

static OPENINGS: AtomicU64 = AtomicU64::new(0);

/// Places in memory of forgotten records that are nobody's concern: fewer than these are not worth reading anew for.
const DEAD: u64 = 20_000;

/// A space.
pub(crate) struct Space {
    pub(crate) id: SpaceId,
    pub(crate) number: u32,
    pub(crate) folder: PathBuf,
    state: RwLock<Option<State>>,
    /// Held by who writes the index on disk.
    pub(crate) indexing: Mutex<()>,
    /// Whether the keeper was told that the tail is long, and that vectors are wanted.
    pub(crate) told_index: AtomicBool,
    pub(crate) told_embed: AtomicBool,
    /// Whether it was dropped: then nobody opens it again, and nothing is written where it was.
    gone: AtomicBool,
}

/// What is known of a space while it is open.
pub(crate) struct State {
    /// Which opening this is. Places are of one opening: another, without what was forgotten, counts otherwise.
    pub(crate) opening: u64,
    pub(crate) catalogue: Catalogue,
    pub(crate) text: Text,
    pub(crate) vectors: Option<Vectors>,
    /// Records that want a vector, the first first.
    pub(crate) wanting: std::collections::VecDeque<Place>,
}

/// What a space is opened from.
pub(crate) struct Ground<'a> {
    pub(crate) store: &'a Store,
    pub(crate) keys: &'a Keys,
    pub(crate) embedder: Option<&'a dyn Embed>,
    /// Texts that a tail may hold.
    pub(crate) tail: usize,
}

impl Space {
    pub(crate) fn new(id: SpaceId, number: u32, folder: PathBuf) -> Space {
        let (told_index, told_embed) = (AtomicBool::new(false), AtomicBool::new(false));
        Space {
            id,
            number,
            folder,
            state: RwLock::new(None),
            indexing: Mutex::new(()),
            told_index,
            told_embed,
            gone: AtomicBool::new(false),
        }
    }

    /// The space, to look at.
    pub(crate) fn read(&self, ground: &Ground) -> Result<MappedRwLockReadGuard<'_, State>, MemoryError> {
        loop {
            if let Ok(state) = RwLockReadGuard::try_map(self.state.read(), Option::as_ref) {
                return Ok(state);
            }
            drop(self.write(ground)?);
        }
    }

    /// The space, to change.
    pub(crate) fn write(&self, ground: &Ground) -> Result<MappedRwLockWriteGuard<'_, State>, MemoryError> {
        let mut state = self.state.write();
        if state.is_none() {
            if self.gone.load(Ordering::Acquire) {
                return Err(MemoryError::NoSuchSpace);
            }
            *state = Some(State::load(self, ground)?);
        }
        RwLockWriteGuard::try_map(state, Option::as_mut)
            .map_err(|_| MemoryError::Stopped("a space was not opened".into()))
    }

    /// The space, where it is in memory: who opens it later finds what is on disk.
    pub(crate) fn loaded(&self) -> Option<MappedRwLockWriteGuard<'_, State>> {
        RwLockWriteGuard::try_map(self.state.write(), Option::as_mut).ok()
    }

    /// Whether most of what it holds in memory was forgotten.
    pub(crate) fn is_mostly_dead(&self) -> bool {
        self.peek().is_some_and(|state| {
            let (all, live) = (state.catalogue.entries.len() as u64, state.catalogue.live);
            all > 2 * live + DEAD
        })
    }

    /// The same, to look at.
    pub(crate) fn peek(&self) -> Option<MappedRwLockReadGuard<'_, State>> {
        RwLockReadGuard::try_map(self.state.read(), Option::as_ref).ok()
    }

    /// Lets go what is in memory. Who uses the space next makes it from the store.
    pub(crate) fn close(&self) {
        *self.state.write() = None;
    }

    /// Lets go for ever: its folder is removed.
    pub(crate) fn end(&self) {
        self.gone.store(true, Ordering::Release);
        let _indexing = self.indexing.lock();
        self.close();
        remove(&self.folder);
    }

    /// Removes the index on disk, since it cannot be used, and what is in memory of it.
    pub(crate) fn distrust(&self, why: &dyn std::fmt::Display) {
        tracing::warn!(space = self.number, %why, "an index of memory is made anew");
        let mut state = self.state.write();
        *state = None;
        remove(&self.text_folder());
    }

    pub(crate) fn text_folder(&self) -> PathBuf {
        self.folder.join("text")
    }

    pub(crate) fn vector_file(&self) -> PathBuf {
        self.folder.join("vectors")
    }
}

impl State {
    /// Has vectors made for records whose own cannot be used.
    pub(crate) fn want(&mut self, places: &[Place]) {
        let Some(vectors) = &mut self.vectors else { return };
        for place in places {
            // Once only, however many find it.
            if self.catalogue.lives(*place) && vectors.holds(*place) {
                vectors.outdated(*place);
                self.wanting.push_back(*place);
            }
        }
    }

    fn load(space: &Space, ground: &Ground) -> Result<State, MemoryError> {
        let view = ground.store.view()?;
        let catalogue = catalogue(space.number, &view, ground.keys)?;
        let opening = OPENINGS.fetch_add(1, Ordering::Relaxed);
        let mut state = State { opening, catalogue, text: Text::new(None), vectors: None, wanting: Default::default() };
        let entries = state.catalogue.entries.len() as Place;
        if let Some(embedder) = ground.embedder {
            // Where there are no records there is no folder yet.
            std::fs::create_dir_all(&space.folder).map_err(|error| failed(&space.folder, error))?;
            let opened =
                Vectors::open(&space.vector_file(), embedder.identity(), embedder.dimensions(), &state.catalogue)?;
            state.wanting =
                (0..entries).filter(|place| state.catalogue.lives(*place) && !opened.holds(*place)).collect();
            state.vectors = Some(opened);
        }
        let mut disk = open_disk(space, &state.catalogue);
        let mut covered = vec![false; entries as usize];
        disk.iter().flat_map(Disk::places).for_each(|place| covered[place as usize] = true);
        let missing: Vec<Place> =
            (0..entries).filter(|place| !covered[*place as usize] && state.catalogue.lives(*place)).collect();
        let mut tail = missing;
        if tail.len() > ground.tail {
            match index(space, &state.catalogue, disk.as_ref(), &view, ground.keys, &tail) {
                Ok(indexed) => {
                    disk = Some(indexed);
                    tail.clear();
                }
                Err(why) => tracing::warn!(space = space.number, %why, "memory is searched without its index on disk"),
            }
        }
        state.text = Text::new(disk);
        state.text.measure_disk(&state.catalogue);
        let State { catalogue, text, .. } = &mut state;
        for place in tail {
            let entry = &catalogue.entries[place as usize];
            if let Ok(Some(kept)) = read(&view, ground.keys, space.number, entry.id) {
                text.add(catalogue, place, &kept.record.text);
            }
        }
        Ok(state)
    }
}

/// Adds texts to the index on disk, which is made where there is none, and opens it as it is then.
pub(crate) fn index(
    space: &Space,
    catalogue: &Catalogue,
    disk: Option<&Disk>,
    view: &ReadTransaction,
    keys: &Keys,
    places: &[Place],
) -> Result<Disk, String> {
    let work = || {
        let made;
        let disk = match disk {
            Some(disk) => disk,
            None => {
                remove(&space.text_folder());
                made = Disk::create(&space.text_folder())?;
                &made
            }
        };
        let mut texts = places.iter().filter_map(|place| {
            let entry = &catalogue.entries[*place as usize];
            let kept = read(view, keys, space.number, entry.id).ok()??;
            Some((entry.id, kept.worded, kept.record.text))
        });
        disk.add(&mut texts)?;
        let mut again = disk.again()?;
        again.map(catalogue, Some(disk))?;
        Ok(again)
    };
    sound(work)
}

/// Does something with an index. tantivy asserts what it reads: it may panic instead of saying what is wrong.
pub(crate) fn sound<T>(work: impl FnOnce() -> tantivy::Result<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the index panicked".to_owned()),
    }
}

fn open_disk(space: &Space, catalogue: &Catalogue) -> Option<Disk> {
    let folder = space.text_folder();
    if !folder.exists() {
        return None;
    }
    let opened = sound(|| {
        let mut disk = Disk::open(&folder)?;
        disk.map(catalogue, None)?;
        Ok(disk)
    });
    opened
        .inspect_err(|why| {
            tracing::warn!(space = space.number, why, "an index of memory is made anew");
            remove(&folder);
        })
        .ok()
}

/// Removes a folder or a file, where there is one. What is left lies in the way, and is found to be unsound again.
pub(crate) fn remove(path: &Path) {
    let removed = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), %error, "cannot be removed");
        }
        _ => {}
    }
}

fn failed(path: &Path, source: std::io::Error) -> MemoryError {
    MemoryError::Io { path: path.to_owned(), source }
}

fn catalogue(space: u32, view: &ReadTransaction, keys: &Keys) -> Result<Catalogue, MemoryError> {
    let mut catalogue = Catalogue::default();
    let mut keys = keys.reader();
    let rows = view.open_table(RECORDS).map_err(stopped)?;
    for row in rows.range((space, 0)..=(space, u64::MAX)).map_err(stopped)? {
        let (place, row) = row.map_err(stopped)?;
        let id = RecordId(place.value().1);
        let opened = match store::head(row.value()) {
            None => None,
            Some((slot, version, sealed)) => {
                keys.read(slot)?.and_then(|key| store::open(&key, space, id, version, sealed))
            }
        };
        match opened {
            Some(kept) => drop(catalogue.add(&kept)),
            None => {
                tracing::warn!(space, record = id.0, "a record cannot be read: its bytes were changed");
                let cost = row.value().len() as u64 + crate::limits::RECORD_OVERHEAD;
                catalogue.add_damaged(id, cost);
            }
        }
    }
    Ok(catalogue)
}

/// Reads a record; none where it is not there.
pub(crate) fn read(view: &ReadTransaction, keys: &Keys, space: u32, id: RecordId) -> Result<Option<Kept>, MemoryError> {
    let rows = view.open_table(RECORDS).map_err(stopped)?;
    let Some(row) = rows.get((space, id.0)).map_err(stopped)? else { return Ok(None) };
    let broken = || MemoryError::DamagedRecord(id);
    let (slot, version, sealed) = store::head(row.value()).ok_or_else(broken)?;
    let key = keys.read(slot)?.ok_or_else(broken)?;
    store::open(&key, space, id, version, sealed).map(Some).ok_or_else(broken)
}

/// Reads a record with its body.
pub(crate) fn read_whole(
    view: &ReadTransaction,
    keys: &Keys,
    space: u32,
    id: RecordId,
) -> Result<Option<Kept>, MemoryError> {
    let Some(mut kept) = read(view, keys, space, id)? else { return Ok(None) };
    if kept.body {
        let broken = || MemoryError::DamagedRecord(id);
        let records = view.open_table(RECORDS).map_err(stopped)?;
        let row = records.get((space, id.0)).map_err(stopped)?.ok_or_else(broken)?;
        let (slot, ..) = store::head(row.value()).ok_or_else(broken)?;
        let key = keys.read(slot)?.ok_or_else(broken)?;
        let bodies = view.open_table(BODIES).map_err(stopped)?;
        let body = bodies.get((space, id.0)).map_err(stopped)?.ok_or_else(broken)?;
        let about = store::about(b'b', space, id.0, 0);
        kept.record.body = Some(key.open(&about, body.value()).ok_or_else(broken)?);
    }
    Ok(Some(kept))
}
