//! WIT's `memory`, implemented on the door: spaces. Windows are beside it.

use std::sync::Arc;

use futures_core::future::BoxFuture;
use wasmtime::component::Resource;

use super::{
    Change, Draft, Driver, DriverError, Filter, MemoryRule, MemoryWant, Provenance, Query, Recall, Record, RecordId,
    SpaceAccess, SpaceId, check, convert, mark, tokens,
};
use crate::{
    account::{Bytes, Exceeded, Total},
    bindings::holm::sys::memory::{self as wit, Error, Host, HostSpace},
    syscall::{
        Device, Entered, Errno, Interrupt, Op, Refusal, Syscall,
        device::{HOP, fuel_for_bytes},
        door::{Granted, Resident},
        kept::{SHARED, kept_name},
    },
};

/// The memory device.
pub(crate) struct Memory;

impl Device for Memory {
    const NAME: &'static str = "memory";
    type Session = Session;
}

/// The driver, and whose private spaces this process means.
pub(crate) struct Session {
    pub(crate) driver: Arc<dyn Driver>,
    pub(crate) owner: Arc<str>,
}

/// An open space.
#[derive(Clone)]
pub struct Space {
    pub(super) right: Granted<MemoryRule>,
    pub(super) id: Arc<SpaceId>,
}

impl Resident<Memory> for Space {}

static OPEN: Op = Op::query("open", 1_000);
static REMEMBER: Op = Op::effect("remember", 20_000);
static RECALL: Op = Op::query("recall", 50_000);
static QUOTE: Op = Op::query("quote", 50_000);
static GET: Op = Op::query("get", 2_000);
static UPDATE: Op = Op::effect("update", 20_000);
// A part of the index is written anew.
static FORGET: Op = Op::effect("forget", 20_000_000);
static HISTORY: Op = Op::query("history", 5_000);
static UNDO: Op = Op::effect("undo", 20_000);
static LIST: Op = Op::query("list", 5_000);
static CORE: Op = Op::query("core", 2_000);
static SET_CORE: Op = Op::effect("set-core", 20_000);

/// Fuel for each record that is written: it is sealed, indexed and compared with what is known.
pub(super) const WRITTEN: u64 = 150_000;
/// Fuel for each record that a call gives back: it is read and opened.
const READ: u64 = 5_000;
/// Fuel for each word of a query: what looking it up in a large index takes.
const LOOKED_UP: u64 = 100_000;
/// Fuel for comparing a query's meaning with every record's, and for finding that meaning.
const MEANING: u64 = 15_000_000;

pub(super) type Result<T> = std::result::Result<T, Interrupt<Error>>;

impl From<Errno> for Error {
    fn from(errno: Errno) -> Self {
        Error::Sys(errno)
    }
}

/// The guest's error for what does not fit the bounds.
pub(super) fn invalid(text: impl Into<String>) -> Interrupt<Error> {
    Interrupt::Guest(Error::Invalid(text.into()))
}

/// The guest's error for a driver's.
pub(super) fn refuse(call: &mut Entered<'_, Memory>, error: DriverError) -> Interrupt<Error> {
    match error {
        DriverError::Quota { quota } => call.over(Exceeded { limit: "remembered", maximum: quota.0 }).into(),
        DriverError::NoSuchRecord(_) => Refusal::Errno(Errno::NotFound).into(),
        DriverError::Invalid(text) => invalid(text),
        DriverError::Io(text) => Refusal::Errno(Errno::Io(text)).into(),
    }
}

/// A call that has come in with an open space.
pub(super) struct InSpace<'a> {
    pub(super) call: Entered<'a, Memory>,
    pub(super) space: Space,
}

impl Syscall<'_, Memory> {
    /// Enters with an open space whose grant still holds, opened for at least so much.
    async fn with(&mut self, op: &'static Op, space: &Resource<Space>, access: SpaceAccess) -> Result<InSpace<'_>> {
        let mut call = self.enter(op).await?;
        let space = call.get_granted(space, |space| &mut space.right)?;
        InSpace { call, space }.opened_for(access)
    }
}

impl<'a> InSpace<'a> {
    /// The same, if it is open for so much.
    pub(super) fn opened_for(mut self, access: SpaceAccess) -> Result<Self> {
        let opened = self.space.right.want().access;
        self.call.about(&self.space.id.name);
        if access > opened {
            let want = MemoryWant { name: self.space.id.name.clone(), access };
            let rule = format!("opened for `{opened}`");
            return Err(self.call.deny(Memory::NAME, want.to_string(), &rule).into());
        }
        Ok(self)
    }

    /// Has the driver do it.
    pub(super) async fn drive<T, F>(&mut self, operation: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'b> FnOnce(&'b dyn Driver, &'b SpaceId) -> BoxFuture<'b, std::result::Result<T, DriverError>>
            + Send
            + 'static,
    {
        let (driver, id) = (self.call.session.driver.clone(), self.space.id.clone());
        self.call.charge(HOP);
        let done = self.call.drive(&mut self.space.right, async move { operation(&*driver, &id).await }).await?;
        done.map_err(|error| refuse(&mut self.call, error))
    }

    /// Who writes, and how much the space may hold.
    pub(super) fn writer(&self) -> (Provenance, Bytes) {
        let control = self.call.control();
        let by = Provenance {
            plugin: control.plugin.to_string(),
            process: control.pid.to_string(),
            run: control.tree.to_string(),
            time: now(),
        };
        (by, self.call.account().limits().remembered)
    }

    pub(super) async fn remember(&mut self, drafts: Vec<Draft>) -> Result<Vec<super::Remembered>> {
        let bytes: u64 = drafts.iter().map(check::bytes).sum();
        let links: usize = drafts.iter().map(|draft| draft.supersedes.len() + draft.derived_from.len()).sum();
        self.call.charge(WRITTEN * (drafts.len() + links) as u64 + fuel_for_bytes(4 * bytes));
        let (by, quota) = self.writer();
        let done = self.drive(move |driver, id| driver.remember(id, drafts, by, quota)).await?;
        self.call.account().overdraw(Total::Stored, bytes);
        Ok(done)
    }

    pub(super) async fn recall(&mut self, query: Query) -> Result<Recall> {
        // As the index takes words apart.
        let words = query.text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).count() as u64;
        self.call.charge(LOOKED_UP * words + fuel_for_bytes(query.text.len() as u64));
        let found = self.drive(move |driver, id| driver.recall(id, query)).await?;
        self.call.charge(if found.embedded { MEANING } else { 0 });
        self.read(found.hits.iter().map(|hit| &hit.record));
        Ok(found)
    }

    /// Records without their bodies.
    pub(super) async fn get(&mut self, ids: Vec<RecordId>) -> Result<Vec<Option<Record>>> {
        self.call.charge(READ * ids.len() as u64);
        let found = self.drive(move |driver, id| driver.get(id, ids, false)).await?;
        self.read(found.iter().flatten());
        Ok(found)
    }

    pub(super) async fn note(&mut self, key: String) -> Result<Option<Vec<u8>>> {
        let found = self.drive(move |driver, id| Box::pin(async move { driver.note(id, &key).await })).await?;
        self.call.charge(fuel_for_bytes(found.as_ref().map_or(0, |note| note.len() as u64)));
        Ok(found)
    }

    pub(super) async fn set_note(&mut self, key: String, note: Option<Vec<u8>>) -> Result<()> {
        let (_, quota) = self.writer();
        self.call.charge(fuel_for_bytes(note.as_ref().map_or(0, |note| 4 * note.len() as u64)));
        self.drive(move |driver, id| Box::pin(async move { driver.set_note(id, &key, note, quota).await })).await
    }

    /// Charges for what is given back.
    pub(super) fn read<'r>(&mut self, records: impl Iterator<Item = &'r Record>) {
        let cost = |record: &Record| READ + fuel_for_bytes(check::bytes(&record.content));
        self.call.charge(records.map(cost).sum());
    }
}

/// Milliseconds since 1970.
pub(super) fn now() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |now| u64::try_from(now.as_millis()).unwrap_or(u64::MAX))
}

/// Checks a filter. Who names neither kinds nor a conversation means no messages.
fn settled(mut filter: Filter) -> Result<Filter> {
    check::filter(&filter).map_err(invalid)?;
    if filter.kinds.is_empty() && filter.session.is_none() {
        filter.except = vec![check::MESSAGE.to_owned(), check::SUMMARY.to_owned()];
    }
    Ok(filter)
}

fn query(text: String, k: u32, filter: wit::Filter) -> Result<Query> {
    check::query(&text).map_err(invalid)?;
    Ok(Query { text, k: k.clamp(1, check::ANSWER) as usize, filter: settled(convert::filter(filter))? })
}

/// What only a window may change: its message would no longer say what its text says.
fn is_line(record: &Record) -> bool {
    [check::MESSAGE, check::SUMMARY].contains(&record.content.kind.as_str())
}

impl Host for Syscall<'_, Memory> {
    fn convert_error(&mut self, error: Interrupt<Error>) -> wasmtime::Result<Error> {
        error.for_guest()
    }
}

impl HostSpace for Syscall<'_, Memory> {
    async fn open(&mut self, name: String, access: wit::Access) -> Result<Resource<Space>> {
        let mut call = self.enter(&OPEN).await?;
        call.charge(fuel_for_bytes(name.len() as u64));
        let Some(name) = kept_name(&name) else {
            return Err(call.deny(Memory::NAME, name.chars().take(128).collect(), "not the name of a space").into());
        };
        let access = match access {
            wit::Access::Read => SpaceAccess::Read,
            wit::Access::Append => SpaceAccess::Append,
            wit::Access::Write => SpaceAccess::Write,
        };
        let right = call.admit::<MemoryRule>(MemoryWant { name: name.to_owned(), access }).await?;
        let owner = (!name.starts_with(SHARED)).then(|| call.session.owner.to_string());
        let id = Arc::new(SpaceId { owner, name: name.to_owned() });
        Ok(call.push(Space { right, id })?)
    }

    async fn remember(&mut self, space: Resource<Space>, drafts: Vec<wit::Draft>) -> Result<Vec<wit::Remembered>> {
        let mut opened = self.with(&REMEMBER, &space, SpaceAccess::Append).await?;
        let drafts: Vec<Draft> = drafts.into_iter().map(convert::draft).collect();
        opened.call.charge(fuel_for_bytes(drafts.iter().map(check::bytes).sum()));
        if drafts.len() > check::BATCH {
            return Err(invalid(format!("one call remembers at most {} records", check::BATCH)));
        }
        drafts.iter().try_for_each(check::draft).map_err(invalid)?;
        check::links(&drafts).map_err(invalid)?;
        if drafts.iter().any(|draft| !draft.supersedes.is_empty()) {
            // What is there would change.
            opened = opened.opened_for(SpaceAccess::Write)?;
        }
        let done = opened.remember(drafts).await?;
        Ok(done.into_iter().map(|done| wit::Remembered { id: done.id, known: done.known }).collect())
    }

    async fn recall(
        &mut self,
        space: Resource<Space>,
        text: String,
        k: u32,
        filter: wit::Filter,
    ) -> Result<wit::Recalled> {
        let mut opened = self.with(&RECALL, &space, SpaceAccess::Read).await?;
        let found = opened.recall(query(text, k, filter)?).await?;
        Ok(convert::recalled(found))
    }

    async fn quote(&mut self, space: Resource<Space>, text: String, most: u32, filter: wit::Filter) -> Result<String> {
        let mut opened = self.with(&QUOTE, &space, SpaceAccess::Read).await?;
        // A record of few words takes about forty tokens, its label included.
        let query = query(text, (most / 40).clamp(1, check::ANSWER), filter)?;
        let found = opened.recall(query).await?;
        let name = &opened.space.id.name;
        let mut quoted = String::from(mark::NOTICE);
        let mut left = u64::from(most).saturating_sub(tokens::of(&quoted));
        for hit in &found.hits {
            let record = mark::record(name, &hit.record);
            let cost = tokens::of(&record);
            if cost <= left {
                left -= cost;
                quoted.push_str(&record);
            }
        }
        // The notice alone says nothing.
        Ok(if quoted.len() == mark::NOTICE.len() { String::new() } else { quoted })
    }

    async fn get(&mut self, space: Resource<Space>, ids: Vec<u64>) -> Result<Vec<Option<wit::Entry>>> {
        let mut opened = self.with(&GET, &space, SpaceAccess::Read).await?;
        check::ids(&ids).map_err(invalid)?;
        let found = opened.get(ids).await?;
        Ok(found.into_iter().map(|found| found.map(convert::entry)).collect())
    }

    async fn update(&mut self, space: Resource<Space>, id: u64, change: wit::Change) -> Result<wit::Entry> {
        let mut opened = self.with(&UPDATE, &space, SpaceAccess::Write).await?;
        let change: Change = convert::change(change);
        let bytes = change.text.as_ref().map_or(0, |text| text.len() as u64);
        opened.call.charge(WRITTEN + fuel_for_bytes(4 * bytes));
        check::change(&change).map_err(invalid)?;
        if opened.get(vec![id]).await?.iter().flatten().any(is_line) {
            return Err(invalid("it is a message of a window, and stays as it was said; `forget` removes it"));
        }
        let (by, quota) = opened.writer();
        let record = opened.drive(move |driver, space| driver.update(space, id, change, by, quota)).await?;
        opened.call.account().overdraw(Total::Stored, bytes);
        Ok(convert::entry(record))
    }

    async fn forget(&mut self, space: Resource<Space>, ids: Vec<u64>) -> Result<Vec<u64>> {
        let mut opened = self.with(&FORGET, &space, SpaceAccess::Write).await?;
        check::ids(&ids).map_err(invalid)?;
        opened.call.charge(WRITTEN * ids.len() as u64);
        opened.drive(move |driver, space| driver.forget(space, ids)).await
    }

    async fn history(&mut self, space: Resource<Space>, id: u64) -> Result<Vec<wit::Entry>> {
        let mut opened = self.with(&HISTORY, &space, SpaceAccess::Read).await?;
        let found = opened.drive(move |driver, space| driver.history(space, id)).await?;
        opened.read(found.iter());
        Ok(found.into_iter().map(convert::entry).collect())
    }

    async fn undo(&mut self, space: Resource<Space>, id: u64) -> Result<wit::Entry> {
        let mut opened = self.with(&UNDO, &space, SpaceAccess::Write).await?;
        opened.call.charge(WRITTEN);
        let (by, quota) = opened.writer();
        let record = opened.drive(move |driver, space| driver.undo(space, id, by, quota)).await?;
        Ok(convert::entry(record))
    }

    async fn list(
        &mut self,
        space: Resource<Space>,
        after: Option<u64>,
        limit: u32,
        filter: wit::Filter,
    ) -> Result<Vec<wit::Entry>> {
        let mut opened = self.with(&LIST, &space, SpaceAccess::Read).await?;
        let filter = settled(convert::filter(filter))?;
        let limit = limit.clamp(1, check::ANSWER) as usize;
        let found = opened.drive(move |driver, space| driver.list(space, after, limit, filter)).await?;
        opened.read(found.iter());
        Ok(found.into_iter().map(convert::entry).collect())
    }

    async fn core(&mut self, space: Resource<Space>, block: wit::Block) -> Result<String> {
        let mut opened = self.with(&CORE, &space, SpaceAccess::Read).await?;
        let found = opened.note(convert::block(block).key().to_owned()).await?;
        Ok(String::from_utf8_lossy(&found.unwrap_or_default()).into_owned())
    }

    async fn set_core(&mut self, space: Resource<Space>, block: wit::Block, text: String) -> Result<()> {
        let mut opened = self.with(&SET_CORE, &space, SpaceAccess::Write).await?;
        opened.call.charge(fuel_for_bytes(text.len() as u64));
        let block = convert::block(block);
        let note = block.note(text).map_err(invalid)?;
        opened.set_note(block.key().to_owned(), note).await
    }

    async fn drop(&mut self, space: Resource<Space>) -> wasmtime::Result<()> {
        self.release(space).map(drop)
    }
}
