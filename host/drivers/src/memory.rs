//! Where spaces are kept: `holm-memory`, behind the kernel's trait, on the threads that may block.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use holm_kernel::{
    account::Bytes,
    memory::{
        Change, Conversation, Draft, Driver, DriverError, DriverResult, Filter, Hit, Millis, Origin, Parts, Provenance,
        Query, Recall, Record, RecordId, Remembered, SpaceId, SpaceUse,
    },
};
use holm_memory as kept;
pub use holm_memory::{
    MemoryError,
    embed::{Embed, EmbedError, MINILM, MiniLm, Package},
};

/// The embedding model of a home. Read when it is first asked, since most kernels that start never are.
pub struct Model {
    folder: PathBuf,
    read: OnceLock<Result<MiniLm, EmbedError>>,
}

impl Model {
    /// The model in a folder; none where nothing was fetched there.
    pub fn at(folder: &Path) -> Option<Arc<dyn Embed>> {
        let model = Model { folder: folder.to_owned(), read: OnceLock::new() };
        folder.join("model.safetensors").is_file().then(|| Arc::new(model) as Arc<dyn Embed>)
    }

    fn read(&self) -> Result<&MiniLm, EmbedError> {
        let read = self.read.get_or_init(|| {
            let model = MiniLm::open(&self.folder);
            model.inspect_err(|error| tracing::warn!(%error, "memory recalls by words alone: fetch the model anew"))
        });
        read.as_ref().map_err(|error| EmbedError(error.0.clone()))
    }
}

impl Embed for Model {
    // Both are the pinned package's, so that a file that cannot be read today does not cost the vectors made so far.
    fn dimensions(&self) -> usize {
        384
    }

    fn identity(&self) -> &str {
        MINILM.parts[0].sha256
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        self.read()?.embed(texts)
    }
}

/// The memory of one home.
pub struct Memory(Arc<kept::Memory>);

impl Memory {
    /// Opens the memory in a folder, which is made if need be. Without an embedding model it recalls by words alone.
    ///
    /// # Errors
    /// Another kernel has it open; the disk; it is damaged, or of another version.
    pub fn open(folder: &Path, embedder: Option<Arc<dyn Embed>>) -> Result<Memory, MemoryError> {
        Ok(Memory(Arc::new(kept::Memory::open(folder, embedder)?)))
    }

    /// Does what may wait for the disk where that holds nobody up.
    fn with<'a, T: Send + 'static>(
        &self,
        work: impl FnOnce(&kept::Memory) -> Result<T, MemoryError> + Send + 'static,
    ) -> DriverResult<'a, T> {
        let memory = self.0.clone();
        let work = move || catch_unwind(AssertUnwindSafe(|| work(&memory)));
        Box::pin(async move {
            match tokio::task::spawn_blocking(work).await {
                Ok(Ok(done)) => done.map_err(refused),
                Ok(Err(_)) => Err(DriverError::Io("the memory driver panicked".into())),
                Err(_) => Err(DriverError::Io("memory is shutting down".into())),
            }
        })
    }
}

fn refused(error: MemoryError) -> DriverError {
    match error {
        MemoryError::Quota { quota, .. } => DriverError::Quota { quota: Bytes(quota) },
        MemoryError::NoSuchRecord(id) => DriverError::NoSuchRecord(id.0),
        MemoryError::NoEarlierVersion(id) => DriverError::NoSuchRecord(id.0),
        MemoryError::TooMuch { .. } | MemoryError::Empty { .. } => DriverError::Invalid(error.to_string()),
        error => {
            tracing::error!(%error, "memory");
            DriverError::Io(error.to_string())
        }
    }
}

fn space(id: &SpaceId) -> kept::SpaceId {
    kept::SpaceId { owner: id.owner.clone(), name: id.name.clone() }
}

fn ids(ids: &[RecordId]) -> Vec<kept::RecordId> {
    ids.iter().copied().map(kept::RecordId).collect()
}

fn signed(time: Millis) -> kept::Millis {
    kept::Millis::try_from(time).unwrap_or(kept::Millis::MAX)
}

fn unsigned(time: kept::Millis) -> Millis {
    Millis::try_from(time).unwrap_or(0)
}

fn by(by: &Provenance) -> kept::Provenance {
    kept::Provenance { plugin: by.plugin.clone(), process: by.process.clone(), run: by.run.clone() }
}

fn draft(draft: Draft, writer: &Provenance) -> kept::Draft {
    kept::Draft {
        text: draft.text,
        kind: draft.kind,
        tags: draft.tags,
        metadata: draft.metadata,
        said_by: draft.said_by,
        origin: draft.origin.name().to_owned(),
        session: draft.session,
        time: draft.time.map(signed),
        valid_from: draft.valid_from.map(signed),
        valid_until: draft.valid_until.map(signed),
        expires: draft.expires.map(signed),
        supersedes: ids(&draft.supersedes),
        derived_from: ids(&draft.derived_from),
        body: draft.body,
        provenance: by(writer),
    }
}

fn record(record: kept::Record) -> Record {
    let origin = Origin::NAMES.iter().find(|(_, name)| *name == record.origin).map(|(origin, _)| *origin);
    let numbers = |ids: Vec<kept::RecordId>| ids.into_iter().map(|id| id.0).collect();
    Record {
        id: record.id.0,
        version: record.version,
        content: Draft {
            text: record.text,
            kind: record.kind,
            tags: record.tags,
            metadata: record.metadata,
            origin: origin.unwrap_or_default(),
            said_by: record.said_by,
            session: record.session,
            time: Some(unsigned(record.time)),
            valid_from: record.valid_from.map(unsigned),
            valid_until: record.valid_until.map(unsigned),
            expires: record.expires.map(unsigned),
            supersedes: numbers(record.supersedes),
            derived_from: numbers(record.derived_from),
            body: record.body,
        },
        written: Provenance {
            plugin: record.provenance.plugin,
            process: record.provenance.process,
            run: record.provenance.run,
            time: unsigned(record.written),
        },
        repeats: record.repeats,
        superseded_by: record.superseded_by.map(|id| id.0),
    }
}

fn filter(filter: Filter) -> kept::Filter {
    kept::Filter {
        kinds: filter.kinds,
        except: filter.except,
        tags: filter.tags,
        metadata: filter.metadata,
        session: filter.session,
        said_by: filter.said_by,
        origin: None,
        plugin: None,
        since: filter.since.map(signed),
        until: filter.until.map(signed),
        at: filter.at.map(signed),
        past: filter.past,
    }
}

fn recalled(found: kept::Recall) -> Recall {
    warn_of(&found.damaged);
    let hit = |hit: kept::Hit| Hit {
        record: record(hit.record),
        score: hit.score,
        parts: Parts {
            text: hit.parts.text,
            vector: hit.parts.vector,
            neighbours: hit.parts.neighbours,
            speaker: hit.parts.speaker,
            session: hit.parts.session,
            time: hit.parts.time,
        },
    };
    let by_meaning = matches!(found.vectors, kept::Vectors::Used);
    let embedded = !matches!(found.vectors, kept::Vectors::Absent);
    Recall { hits: found.hits.into_iter().map(hit).collect(), by_meaning, embedded }
}

/// What cannot be read is told of, and is in nobody's way.
fn warn_of(damaged: &[kept::RecordId]) {
    if !damaged.is_empty() {
        let records: Vec<u64> = damaged.iter().map(|id| id.0).collect();
        tracing::warn!(?records, "records of memory cannot be read: their bytes on disk were changed");
    }
}

fn page(page: kept::Page) -> Vec<Record> {
    warn_of(&page.damaged);
    page.records.into_iter().map(record).collect()
}

impl Driver for Memory {
    fn remember<'a>(
        &'a self,
        id: &'a SpaceId,
        drafts: Vec<Draft>,
        writer: Provenance,
        quota: Bytes,
    ) -> DriverResult<'a, Vec<Remembered>> {
        let id = space(id);
        self.with(move |memory| {
            let drafts = drafts.into_iter().map(|one| draft(one, &writer)).collect();
            let done = memory.remember(&id, drafts, quota.0)?;
            Ok(done.into_iter().map(|done| Remembered { id: done.id.0, known: done.repeated }).collect())
        })
    }

    fn recall<'a>(&'a self, id: &'a SpaceId, query: Query) -> DriverResult<'a, Recall> {
        let id = space(id);
        self.with(move |memory| {
            let query = kept::Query { text: query.text, k: query.k, filter: filter(query.filter) };
            Ok(recalled(memory.recall(&id, &query)?))
        })
    }

    fn get<'a>(&'a self, id: &'a SpaceId, wanted: Vec<RecordId>, whole: bool) -> DriverResult<'a, Vec<Option<Record>>> {
        let id = space(id);
        self.with(move |memory| {
            let found = memory.get(&id, &ids(&wanted), whole)?;
            // One that is damaged is as good as gone.
            let read = |found: Result<Option<kept::Record>, MemoryError>| {
                found.inspect_err(|error| tracing::warn!(%error, "memory")).ok().flatten().map(record)
            };
            Ok(found.into_iter().map(read).collect())
        })
    }

    fn update<'a>(
        &'a self,
        id: &'a SpaceId,
        which: RecordId,
        change: Change,
        writer: Provenance,
        quota: Bytes,
    ) -> DriverResult<'a, Record> {
        let id = space(id);
        let change = kept::Change {
            text: change.text,
            kind: change.kind,
            tags: change.tags,
            metadata: change.metadata,
            valid_from: change.valid_from.map(|time| Some(signed(time))),
            valid_until: change.valid_until.map(|time| Some(signed(time))),
            expires: change.expires.map(|time| Some(signed(time))),
        };
        self.with(move |memory| memory.update(&id, kept::RecordId(which), change, by(&writer), quota.0).map(record))
    }

    fn forget<'a>(&'a self, id: &'a SpaceId, which: Vec<RecordId>) -> DriverResult<'a, Vec<RecordId>> {
        let id = space(id);
        self.with(move |memory| Ok(memory.forget(&id, &ids(&which))?.into_iter().map(|id| id.0).collect()))
    }

    fn history<'a>(&'a self, id: &'a SpaceId, which: RecordId) -> DriverResult<'a, Vec<Record>> {
        let id = space(id);
        self.with(move |memory| {
            let versions = memory.history(&id, kept::RecordId(which))?;
            Ok(versions.into_iter().rev().filter_map(|version| version.record.map(record)).collect())
        })
    }

    fn undo<'a>(&'a self, id: &'a SpaceId, which: RecordId, writer: Provenance, _: Bytes) -> DriverResult<'a, Record> {
        let id = space(id);
        self.with(move |memory| memory.undo(&id, kept::RecordId(which), by(&writer)).map(record))
    }

    fn list<'a>(
        &'a self,
        id: &'a SpaceId,
        after: Option<RecordId>,
        limit: usize,
        wanted: Filter,
    ) -> DriverResult<'a, Vec<Record>> {
        let id = space(id);
        self.with(move |memory| memory.list(&id, after.map(kept::RecordId), limit, &filter(wanted)).map(page))
    }

    fn session<'a>(
        &'a self,
        id: &'a SpaceId,
        name: &'a str,
        after: Option<RecordId>,
        limit: usize,
    ) -> DriverResult<'a, Vec<Record>> {
        let (id, name) = (space(id), name.to_owned());
        self.with(move |memory| memory.session(&id, &name, after.map(kept::RecordId), limit).map(page))
    }

    fn sessions<'a>(&'a self, id: &'a SpaceId) -> DriverResult<'a, Vec<Conversation>> {
        let id = space(id);
        self.with(move |memory| {
            let one = |session: kept::Session| Conversation {
                name: session.name,
                records: session.records,
                first: unsigned(session.first),
                last: unsigned(session.last),
            };
            Ok(memory.sessions(&id)?.into_iter().map(one).collect())
        })
    }

    fn note<'a>(&'a self, id: &'a SpaceId, key: &'a str) -> DriverResult<'a, Option<Vec<u8>>> {
        let (id, key) = (space(id), key.to_owned());
        self.with(move |memory| memory.note(&id, &key))
    }

    fn set_note<'a>(
        &'a self,
        id: &'a SpaceId,
        key: &'a str,
        note: Option<Vec<u8>>,
        quota: Bytes,
    ) -> DriverResult<'a, ()> {
        let (id, key) = (space(id), key.to_owned());
        self.with(move |memory| memory.set_note(&id, &key, note, quota.0))
    }

    fn spaces(&self) -> DriverResult<'_, Vec<SpaceUse>> {
        self.with(|memory| {
            let one = |(id, usage): (kept::SpaceId, kept::Usage)| SpaceUse {
                id: SpaceId { owner: id.owner, name: id.name },
                records: usage.records,
                used: Bytes(usage.bytes),
            };
            Ok(memory.spaces().into_iter().map(one).collect())
        })
    }

    fn forget_owner<'a>(&'a self, plugin: &'a str) -> DriverResult<'a, Bytes> {
        let plugin = plugin.to_owned();
        self.with(move |memory| memory.forget_owner(&plugin).map(Bytes))
    }
}
