//! All spaces of one folder.

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use parking_lot::Mutex;
use redb::ReadableTable;

use crate::{
    check,
    embed::Embed,
    error::MemoryError,
    keeper::Keeper,
    limits,
    query::Progress,
    record::{Millis, RecordId, SpaceId, Usage},
    seal::Keys,
    space::{Ground, Space, remove},
    store::{ERASING, NOTES, SPACES, SpaceRow, Store, space_of, stopped},
    writer::Writer,
};

/// Texts that wait in memory for the index on disk. Chosen by measurement: a commit of so many costs about what as
/// many single calls of `remember` do.
const TAIL: usize = 2_000;
/// Spaces that are in memory at once. Stops a plugin that opens all of its thousand.
const OPEN: usize = 64;
/// Records of all spaces in memory at once; the one in use is there whatever its size.
const OPEN_RECORDS: u64 = 2_000_000;

/// The memory of one Holm home: all spaces, in one folder.
pub struct Memory {
    pub(crate) ground: Arc<Grounds>,
    pub(crate) writer: Writer,
    keeper: Keeper,
    spaces: Mutex<Spaces>,
    folder: PathBuf,
    /// Let go last.
    _lock: File,
}

/// What every space is opened from.
pub(crate) struct Grounds {
    pub(crate) store: Arc<Store>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) embedder: Option<Arc<dyn Embed>>,
    tail: usize,
}

impl Grounds {
    pub(crate) fn lend(&self) -> Ground<'_> {
        Ground { store: &self.store, keys: &self.keys, embedder: self.embedder.as_deref(), tail: self.tail }
    }
}

type Spaces = BTreeMap<SpaceId, Known>;

struct Known {
    row: Arc<Mutex<SpaceRow>>,
    open: Option<Arc<Space>>,
    used: Instant,
}

/// A space and its row, which the writer alone changes.
pub(crate) struct Opened {
    pub(crate) space: Arc<Space>,
    pub(crate) row: Arc<Mutex<SpaceRow>>,
    /// The rows of its owner's other spaces, which share its quota.
    pub(crate) others: Vec<Arc<Mutex<SpaceRow>>>,
}

impl Memory {
    /// Opens the folder, which is made if need be. What a crash left half forgotten is forgotten first. Spaces are
    /// opened when they are first used.
    pub fn open(folder: &Path, embedder: Option<Arc<dyn Embed>>) -> Result<Memory, MemoryError> {
        Memory::open_with(folder, embedder, TAIL)
    }

    /// The same, with another number of texts that wait for the index on disk: tests want few.
    #[doc(hidden)]
    pub fn open_with(folder: &Path, embedder: Option<Arc<dyn Embed>>, tail: usize) -> Result<Memory, MemoryError> {
        let lock = lock(folder)?;
        let fresh = !Store::exists(folder);
        let keys = Arc::new(Keys::open(&folder.join("keys"), fresh)?);
        let store = Arc::new(Store::open(folder)?);
        let failed = |source| MemoryError::Io { path: folder.to_owned(), source };
        let spaces = spaces(&store, folder)?;
        let ground = Arc::new(Grounds { store: store.clone(), keys: keys.clone(), embedder, tail });
        let writer = Writer::start(store, keys).map_err(failed)?;
        let keeper = Keeper::start(ground.clone()).map_err(failed)?;
        let spaces = Mutex::new(spaces);
        let memory = Memory { ground, writer, keeper, spaces, folder: folder.to_owned(), _lock: lock };
        memory.finish_forgetting()?;
        Ok(memory)
    }

    /// Goes on with what `forget` had begun when its process ended.
    fn finish_forgetting(&self) -> Result<(), MemoryError> {
        let view = self.ground.store.view()?;
        let mut begun: BTreeMap<u32, (Vec<u32>, Vec<RecordId>)> = BTreeMap::new();
        for row in view.open_table(ERASING).map_err(stopped)?.iter().map_err(stopped)? {
            let (slot, whose) = row.map_err(stopped)?;
            let (space, id) = whose.value();
            let (slots, ids) = begun.entry(space).or_default();
            slots.push(slot.value());
            ids.extend((id != 0).then_some(RecordId(id)));
        }
        drop(view);
        for (number, (slots, ids)) in begun {
            let known = self
                .spaces
                .lock()
                .iter()
                .find_map(|(id, known)| (known.row.lock().number == number).then(|| id.clone()));
            self.ground.keys.erase(&slots)?;
            match known {
                Some(id) if !ids.is_empty() => {
                    let opened = self.find(&id)?;
                    if let Some(opened) = opened {
                        self.purge(&opened.space, &ids, None)?;
                    }
                }
                Some(_) => {}
                None => remove(&self.space_folder(number)),
            }
            self.writer.write(move |tables| Ok((tables.erased(&slots)?, Box::new(|| {}))))?;
        }
        Ok(())
    }

    fn space_folder(&self, number: u32) -> PathBuf {
        self.folder.join("spaces").join(format!("{number:08}"))
    }

    /// A space, where there is one.
    pub(crate) fn find(&self, id: &SpaceId) -> Result<Option<Opened>, MemoryError> {
        check::space(id)?;
        let mut spaces = self.spaces.lock();
        let Some(known) = spaces.get_mut(id) else { return Ok(None) };
        known.used = Instant::now();
        let row = known.row.clone();
        let number = row.lock().number;
        // What was forgotten leaves its place in memory: a space that is mostly such places is read anew.
        if known.open.as_ref().is_some_and(|open| Arc::strong_count(open) == 1 && open.is_mostly_dead()) {
            known.open = None;
        }
        let space = match &known.open {
            Some(open) => open.clone(),
            None => {
                let space = Arc::new(Space::new(id.clone(), number, self.space_folder(number)));
                known.open = Some(space.clone());
                close_idle(&mut spaces);
                space
            }
        };
        let others = of_owner(&spaces, id);
        Ok(Some(Opened { space, row, others }))
    }

    /// A space, which is made where there is none.
    pub(crate) fn make(&self, id: &SpaceId) -> Result<Opened, MemoryError> {
        if let Some(found) = self.find(id)? {
            return Ok(found);
        }
        let found = match id.owner {
            Some(_) => of_owner(&self.spaces.lock(), id).len(),
            // Shared ones are nobody's, and all together are bounded as one owner's.
            None => self.spaces.lock().keys().filter(|other| other.owner.is_none()).count(),
        };
        if found >= limits::SPACES {
            return Err(MemoryError::TooMuch { what: "spaces of one owner", limit: limits::SPACES, found: found + 1 });
        }
        let named = id.clone();
        let row = self.writer.write(move |tables| {
            let key = crate::store::space_key(&named);
            // Another call may have made it meanwhile.
            if let Some(row) = tables.spaces.get(&key[..]).map_err(stopped)?.and_then(|row| parse(row.value())) {
                return Ok((row, Box::new(|| {})));
            }
            let row = SpaceRow { number: tables.count("next-space")? as u32, next: 1, bytes: 0, records: 0 };
            tables.space(&named, &row)?;
            Ok((row, Box::new(|| {})))
        })?;
        let known = || Known { row: Arc::new(Mutex::new(row)), open: None, used: Instant::now() };
        self.spaces.lock().entry(id.clone()).or_insert_with(known);
        self.find(id)?.ok_or_else(|| MemoryError::Stopped("a space was dropped while it was made".into()))
    }

    /// Bytes that count against the quota that a space shares: all private spaces of its owner together, a shared one
    /// by itself.
    pub fn used(&self, space: &SpaceId) -> u64 {
        of_owner(&self.spaces.lock(), space).iter().map(|row| row.lock().bytes).sum()
    }

    /// All spaces, in order of owners and names.
    pub fn spaces(&self) -> Vec<(SpaceId, Usage)> {
        let usage = |known: &Known| {
            let row = known.row.lock();
            Usage { records: row.records, bytes: row.bytes }
        };
        self.spaces.lock().iter().map(|(id, known)| (id.clone(), usage(known))).collect()
    }

    /// How far the indexes of a space have come. Opens the space, and so says when it is open.
    pub fn progress(&self, space: &SpaceId) -> Result<Progress, MemoryError> {
        let Some(opened) = self.find(space)? else { return Ok(Progress::default()) };
        let state = opened.space.read(&self.ground.lend())?;
        let records = state.catalogue.live;
        let embedded = state.vectors.as_ref().map_or(0, |vectors| vectors.len() as u64);
        Ok(Progress { records, indexed: state.text.count() as u64, embedded })
    }

    /// Tells the keeper that a space has new texts; where too many wait, waits until they are on disk.
    pub(crate) fn tell(&self, space: &Arc<Space>) -> Result<(), MemoryError> {
        self.keeper.tell(space)
    }

    /// Forgets a space and all that is in it, and tells how many bytes that freed.
    pub fn drop_space(&self, space: &SpaceId) -> Result<u64, MemoryError> {
        let mut freed = 0;
        loop {
            let Some(opened) = self.find(space)? else { return Ok(freed) };
            let ids: Vec<RecordId> = {
                let state = opened.space.read(&self.ground.lend())?;
                let entries = state.catalogue.entries.iter().map(|entry| entry.id);
                entries.filter(|id| state.catalogue.place(*id).is_some()).take(limits::BATCH).collect()
            };
            let before = opened.row.lock().bytes;
            if !ids.is_empty() {
                self.forget_rows(&opened, &ids)?;
                freed += before.saturating_sub(opened.row.lock().bytes);
                continue;
            }
            for key in self.notes(space)? {
                self.set_note(space, &key, None, u64::MAX)?;
            }
            freed += before;
            let (named, number) = (space.clone(), opened.space.number);
            let gone = self.writer.write(move |tables| {
                let notes = tables.notes.range((number, "")..).map_err(stopped)?.next().transpose().map_err(stopped)?;
                let noted = notes.is_some_and(|(key, _)| key.value().0 == number);
                let records = tables.records.range((number, 0)..=(number, u64::MAX)).map_err(stopped)?.next().is_some();
                // Somebody wrote to it meanwhile.
                if noted || records {
                    return Ok((false, Box::new(|| {})));
                }
                tables.spaces.remove(&crate::store::space_key(&named)[..]).map_err(stopped)?;
                Ok((true, Box::new(|| {})))
            })?;
            if gone {
                self.spaces.lock().remove(space);
                opened.space.end();
                return Ok(freed);
            }
        }
    }

    /// Forgets all private spaces of a plugin, those that it keeps for callers, and those that others keep for it.
    pub fn forget_owner(&self, plugin: &str) -> Result<u64, MemoryError> {
        let goes = |owner: &str| {
            owner == plugin
                || owner.split_once('@').is_some_and(|(callee, caller)| callee == plugin || caller == plugin)
        };
        let all: Vec<SpaceId> = self.spaces.lock().keys().cloned().collect();
        let theirs = all.iter().filter(|id| id.owner.as_deref().is_some_and(goes));
        theirs.map(|space| self.drop_space(space)).sum()
    }

    /// The keys of a space's notes, in order.
    pub fn notes(&self, space: &SpaceId) -> Result<Vec<String>, MemoryError> {
        let Some(opened) = self.find(space)? else { return Ok(Vec::new()) };
        let view = self.ground.store.view()?;
        let notes = view.open_table(NOTES).map_err(stopped)?;
        let mut keys = Vec::new();
        for row in notes.range((opened.space.number, "")..).map_err(stopped)? {
            let (key, _) = row.map_err(stopped)?;
            let (number, key) = key.value();
            if number != opened.space.number {
                break;
            }
            keys.push(key.to_owned());
        }
        Ok(keys)
    }
}

/// Closes spaces that nobody uses, the least lately used first, until few enough are open.
fn close_idle(spaces: &mut Spaces) {
    loop {
        let open = || spaces.values().filter(|known| known.open.is_some());
        let records: u64 = open().map(|known| known.row.lock().records).sum();
        if open().count() <= OPEN && records <= OPEN_RECORDS {
            return;
        }
        // One whose only holder is this map: nobody is in it, nobody is told of it.
        let idle = |known: &&mut Known| known.open.as_ref().is_some_and(|open| Arc::strong_count(open) == 1);
        let Some(least) = spaces.values_mut().filter(idle).min_by_key(|known| known.used) else { return };
        least.open = None;
    }
}

/// The rows that share a quota.
fn of_owner(spaces: &Spaces, id: &SpaceId) -> Vec<Arc<Mutex<SpaceRow>>> {
    if id.owner.is_none() {
        return spaces.get(id).map(|known| known.row.clone()).into_iter().collect();
    }
    let first = SpaceId { owner: id.owner.clone(), name: String::new() };
    let theirs = spaces.range(first..).take_while(|(other, _)| other.owner == id.owner);
    theirs.map(|(_, known)| known.row.clone()).collect()
}

fn spaces(store: &Store, folder: &Path) -> Result<Spaces, MemoryError> {
    let damaged = || MemoryError::Damaged { path: folder.to_owned(), reason: "the name of a space".into() };
    let view = store.view()?;
    let mut spaces = Spaces::new();
    for row in view.open_table(SPACES).map_err(stopped)?.iter().map_err(stopped)? {
        let (key, row) = row.map_err(stopped)?;
        let id = space_of(key.value()).ok_or_else(damaged)?;
        let row = Arc::new(Mutex::new(parse(row.value()).ok_or_else(damaged)?));
        spaces.insert(id, Known { row, open: None, used: Instant::now() });
    }
    Ok(spaces)
}

fn parse(row: &[u8]) -> Option<SpaceRow> {
    rmp_serde::from_slice(row).ok()
}

/// Makes the folder and takes its lock, which lasts as long as the file is open.
fn lock(folder: &Path) -> Result<File, MemoryError> {
    use std::os::unix::fs::DirBuilderExt;
    let failed = |source| MemoryError::Io { path: folder.to_owned(), source };
    if !folder.is_dir() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            File::open(parent).and_then(|parent| parent.sync_all()).map_err(failed)?;
        }
    }
    let path = folder.join("lock");
    let file = File::options().create(true).truncate(false).read(true).write(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(MemoryError::Locked(folder.to_owned())),
        Err(std::fs::TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// The time.
pub(crate) fn now() -> Millis {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as Millis)
}
