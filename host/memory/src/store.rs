//! The store: redb, one file for all spaces. Its values are sealed; its keys are numbers and the names of spaces.
//!
//! | table | key | value |
//! |---|---|---|
//! | numbers | name | the format, the next slot, the next space |
//! | spaces | name of a space | its number, its next record, its bytes |
//! | records | space, record | slot, version, sealed record |
//! | versions | space, record, version | a sealed record that was |
//! | bodies | space, record | sealed bytes |
//! | notes | space, name | slot, sealed bytes |
//! | free | slot | nothing: its key was erased |
//! | erasing | slot | space, record: its key, and all that indexes say of it, has yet to go |

use std::{
    fs::File,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use redb::{
    Database, DatabaseError, ReadTransaction, ReadableDatabase, StorageError, TableDefinition, WriteTransaction,
};
use serde::{Deserialize, Serialize};

use crate::{
    error::MemoryError,
    record::{Record, RecordId, SpaceId},
    seal::{Key, Slot},
};

/// The number of this layout; a store of another number is not opened.
const FORMAT: u64 = 1;
/// Bytes of pages that redb keeps in memory.
const CACHE: usize = 64 << 20;
/// The file's name.
const FILE: &str = "records.redb";

pub(crate) const NUMBERS: TableDefinition<'static, &str, u64> = TableDefinition::new("numbers");
pub(crate) const SPACES: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("spaces");
pub(crate) const RECORDS: TableDefinition<'static, (u32, u64), &[u8]> = TableDefinition::new("records");
pub(crate) const VERSIONS: TableDefinition<'static, (u32, u64, u32), &[u8]> = TableDefinition::new("versions");
pub(crate) const BODIES: TableDefinition<'static, (u32, u64), &[u8]> = TableDefinition::new("bodies");
pub(crate) const NOTES: TableDefinition<'static, (u32, &str), &[u8]> = TableDefinition::new("notes");
pub(crate) const FREE: TableDefinition<'static, u32, ()> = TableDefinition::new("free");
pub(crate) const ERASING: TableDefinition<'static, u32, (u32, u64)> = TableDefinition::new("erasing");

/// A record as it is sealed, with what nobody else needs to know of it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) record: Record,
    /// Stands for what it says; none where it is a turn of a session, which is never taken for another.
    pub(crate) fingerprint: Option<u64>,
    /// Whether it has a body.
    pub(crate) body: bool,
    /// The version in which its text became what it is: indexes are of texts, not of versions.
    pub(crate) worded: u32,
    /// Bytes that it counts against the quota, kept versions included.
    pub(crate) cost: u64,
}

/// What is kept of a space beside its records.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SpaceRow {
    pub(crate) number: u32,
    pub(crate) next: u64,
    pub(crate) bytes: u64,
    pub(crate) records: u64,
}

/// The file, open.
pub(crate) struct Store {
    database: Database,
}

impl Store {
    /// Whether the folder has a store.
    pub(crate) fn exists(folder: &Path) -> bool {
        folder.join(FILE).exists()
    }

    /// Opens the store, or makes an empty one.
    pub(crate) fn open(folder: &Path) -> Result<Store, MemoryError> {
        let path = folder.join(FILE);
        if !path.exists() {
            create(folder, &path)?;
        }
        let database = guarded(&path, || builder().open(&path).map_err(|error| refused(&path, error)))?;
        let store = Store { database };
        let format = guarded(&path, || {
            let read = store.database.begin_read().map_err(|error| damaged(&path, error))?;
            let numbers = read.open_table(NUMBERS).map_err(|error| damaged(&path, error))?;
            let format = numbers.get("format").map_err(|error| damaged(&path, error))?;
            Ok(format.map(|format| format.value()))
        })?;
        match format {
            Some(FORMAT) => Ok(store),
            Some(_) => Err(MemoryError::OtherFormat(path)),
            None => Err(damaged(&path, "it had data and is empty")),
        }
    }

    /// The rows as they are now.
    pub(crate) fn view(&self) -> Result<ReadTransaction, MemoryError> {
        self.database.begin_read().map_err(stopped)
    }

    /// Rows to change, all at once.
    pub(crate) fn change(&self) -> Result<WriteTransaction, MemoryError> {
        let mut change = self.database.begin_write().map_err(stopped)?;
        // Guests choose what is written: a torn commit must not depend on a checksum that they can compute.
        change.set_quick_repair(true);
        Ok(change)
    }
}

/// Makes an empty store under another name first: one whose making was cut short cannot be told from a damaged one.
fn create(folder: &Path, path: &Path) -> Result<(), MemoryError> {
    let io = |source| MemoryError::Io { path: path.to_owned(), source };
    let unfinished = path.with_extension("unfinished");
    if unfinished.exists() {
        std::fs::remove_file(&unfinished).map_err(io)?;
    }
    let database = builder().create(&unfinished).map_err(|error| refused(&unfinished, error))?;
    let change = database.begin_write().map_err(stopped)?;
    change.open_table(NUMBERS).map_err(stopped)?.insert("format", FORMAT).map_err(stopped)?;
    change.open_table(SPACES).map_err(stopped)?;
    change.open_table(RECORDS).map_err(stopped)?;
    change.open_table(VERSIONS).map_err(stopped)?;
    change.open_table(BODIES).map_err(stopped)?;
    change.open_table(NOTES).map_err(stopped)?;
    change.open_table(FREE).map_err(stopped)?;
    change.open_table(ERASING).map_err(stopped)?;
    change.commit().map_err(stopped)?;
    drop(database);
    File::open(&unfinished).and_then(|file| file.sync_all()).map_err(io)?;
    std::fs::rename(&unfinished, path).map_err(io)?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)
}

fn builder() -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE);
    builder
}

fn damaged(path: &Path, reason: impl ToString) -> MemoryError {
    MemoryError::Damaged { path: path.to_owned(), reason: reason.to_string() }
}

fn refused(path: &Path, error: DatabaseError) -> MemoryError {
    match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
            MemoryError::Locked(path.to_owned())
        }
        DatabaseError::UpgradeRequired(_) => MemoryError::OtherFormat(path.to_owned()),
        DatabaseError::Storage(StorageError::Io(source)) if source.kind() != std::io::ErrorKind::InvalidData => {
            MemoryError::Io { path: path.to_owned(), source }
        }
        error => damaged(path, error),
    }
}

/// redb asserts what it reads, so on a damaged file it may panic instead of saying so.
fn guarded<T>(path: &Path, open: impl FnOnce() -> Result<T, MemoryError>) -> Result<T, MemoryError> {
    catch_unwind(AssertUnwindSafe(open)).unwrap_or_else(|_| Err(damaged(path, "its engine panicked")))
}

/// What redb says while it reads or writes.
pub(crate) fn stopped(error: impl Into<redb::Error>) -> MemoryError {
    MemoryError::Stopped(error.into().to_string())
}

/// A space's row key: whether it has an owner, whose, and its name.
pub(crate) fn space_key(space: &SpaceId) -> Vec<u8> {
    let owner = space.owner.as_deref().unwrap_or_default();
    let mut key = vec![u8::from(space.owner.is_some())];
    key.extend_from_slice(&(owner.len() as u32).to_be_bytes());
    key.extend_from_slice(owner.as_bytes());
    key.extend_from_slice(space.name.as_bytes());
    key
}

/// The space of a row key.
pub(crate) fn space_of(key: &[u8]) -> Option<SpaceId> {
    let (owned, rest) = key.split_first()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (owner, name) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    Some(SpaceId { owner: if *owned == 1 { Some(text(owner)?) } else { None }, name: text(name)? })
}

/// What a sealed record is bound to, so that no row can stand in for another.
pub(crate) fn about(kind: u8, space: u32, id: u64, version: u32) -> [u8; 17] {
    let mut about = [kind; 17];
    about[1..5].copy_from_slice(&space.to_le_bytes());
    about[5..13].copy_from_slice(&id.to_le_bytes());
    about[13..].copy_from_slice(&version.to_le_bytes());
    about
}

/// What a sealed note is bound to.
pub(crate) fn about_note(space: u32, name: &str) -> Vec<u8> {
    [&b"n"[..], &space.to_le_bytes(), name.as_bytes()].concat()
}

/// The head of a record's row.
pub(crate) fn head(row: &[u8]) -> Option<(Slot, u32, &[u8])> {
    let (slot, rest) = row.split_first_chunk::<4>()?;
    let (version, sealed) = rest.split_first_chunk::<4>()?;
    Some((u32::from_le_bytes(*slot), u32::from_le_bytes(*version), sealed))
}

/// A record's row.
pub(crate) fn row(slot: Slot, version: u32, sealed: &[u8]) -> Vec<u8> {
    [&slot.to_le_bytes(), &version.to_le_bytes(), sealed].concat()
}

/// A record from what was sealed.
pub(crate) fn open(key: &Key, space: u32, id: RecordId, version: u32, sealed: &[u8]) -> Option<Kept> {
    let plain = key.open(&about(b'r', space, id.0, version), sealed)?;
    let kept: Kept = rmp_serde::from_slice(&plain).ok()?;
    (kept.record.id == id && kept.record.version == version).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_spaces_come_back_and_none_is_anothers() {
        let space = |owner: Option<&str>, name: &str| SpaceId { owner: owner.map(Into::into), name: name.into() };
        let spaces = [
            space(None, "a"),
            space(Some(""), "a"),
            space(Some("a"), ""),
            space(Some("a"), "b"),
            space(Some("ab"), ""),
            space(Some("a\0"), "b"),
        ];
        let keys: std::collections::HashSet<_> = spaces.iter().map(space_key).collect();
        assert_eq!(keys.len(), spaces.len());
        for space in &spaces {
            assert_eq!(space_of(&space_key(space)).as_ref(), Some(space));
        }
        assert_eq!(space_of(&[1, 0, 0, 0, 9, 1]), None);
        assert_eq!(space_of(&[]), None);
    }
}
