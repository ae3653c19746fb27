//! The store on redb: one file of copy-on-write B-trees, the default.

use std::fs::File;
use std::path::Path;

use ::redb::{
    Database, DatabaseError, ReadOnlyTable, ReadableDatabase, ReadableTable, StorageBackend, StorageError,
    TableDefinition,
};
use holm_kernel::storage::DriverError;

use super::engine::{Engine, View, Writes};
use super::open::{OpenError, guarded};

/// The file's name in the store's directory.
pub(crate) const FILE: &str = "storage.redb";

/// Bytes of pages that redb keeps in memory.
const CACHE: usize = 64 << 20;

const ROWS: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("rows");

/// Rows in a redb database.
pub(crate) struct Redb {
    database: Database,
    /// Let go after the database.
    _lock: Option<File>,
}

impl Redb {
    /// Opens the store in a directory that the caller has locked.
    pub(crate) fn open(dir: &Path, lock: File) -> Result<Redb, OpenError> {
        let path = dir.join(FILE);
        if !path.exists() {
            create(dir, &path)?;
        }
        Redb::start(&path, Some(lock), || builder().open(&path))
    }

    /// Opens the store on a backend that is not a file.
    pub(crate) fn on(backend: impl StorageBackend) -> Result<Redb, OpenError> {
        Redb::start(Path::new("the given backend"), None, || builder().create_with_backend(backend))
    }

    fn start(
        path: &Path,
        lock: Option<File>,
        open: impl FnOnce() -> Result<Database, DatabaseError>,
    ) -> Result<Redb, OpenError> {
        let database = guarded(path, || open().map_err(|error| refused(path, error)))?;
        let store = Redb { database, _lock: lock };
        // Creates the table, so that views find it.
        let created = guarded(path, || store.write(&Writes::new()).map_err(|error| OpenError::damaged(path, error)));
        created.map(|()| store)
    }
}

/// Makes an empty database under another name first: one whose making was cut short cannot
/// be opened, nor told from a damaged one.
fn create(dir: &Path, path: &Path) -> Result<(), OpenError> {
    let io = |source| OpenError::Io { path: path.to_owned(), source };
    let unfinished = path.with_extension("unfinished");
    if unfinished.exists() {
        std::fs::remove_file(&unfinished).map_err(io)?;
    }
    drop(Redb::start(&unfinished, None, || builder().create(&unfinished))?);
    File::open(&unfinished).and_then(|file| file.sync_all()).map_err(io)?;
    std::fs::rename(&unfinished, path).map_err(io)?;
    // Its entry has to survive before anything in it is promised.
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(io)
}

fn builder() -> ::redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE);
    builder
}

fn refused(path: &Path, error: DatabaseError) -> OpenError {
    match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
            OpenError::Locked { path: path.to_owned() }
        }
        DatabaseError::UpgradeRequired(_) => OpenError::OtherFormat { path: path.to_owned() },
        DatabaseError::Storage(StorageError::Io(source)) if source.kind() != std::io::ErrorKind::InvalidData => {
            OpenError::Io { path: path.to_owned(), source }
        }
        error => OpenError::damaged(path, error),
    }
}

impl Engine for Redb {
    const INLINE: bool = false;
    type View<'a> = ReadOnlyTable<&'static [u8], &'static [u8]>;

    fn view(&self) -> Result<Self::View<'_>, DriverError> {
        self.database.begin_read().map_err(io)?.open_table(ROWS).map_err(io)
    }

    fn write(&self, writes: &Writes) -> Result<(), DriverError> {
        let mut transaction = self.database.begin_write().map_err(io)?;
        // Guests choose the bytes: a torn commit must not depend on a checksum that they can
        // compute. Costs a second fsync, and saves walking the whole file after a crash.
        transaction.set_quick_repair(true);
        {
            let mut rows = transaction.open_table(ROWS).map_err(io)?;
            for (key, value) in writes {
                match value {
                    Some(value) => rows.insert(key.as_slice(), value.as_slice()).map_err(io)?,
                    None => rows.remove(key.as_slice()).map_err(io)?,
                };
            }
        }
        transaction.commit().map_err(io)
    }
}

impl View for ReadOnlyTable<&'static [u8], &'static [u8]> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, DriverError> {
        let row = ReadableTable::get(self, key).map_err(io)?;
        Ok(row.map(|row| row.value().to_vec()))
    }

    fn scan(&self, from: &[u8], visit: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> Result<(), DriverError> {
        for row in self.range(from..).map_err(io)? {
            let (key, value) = row.map_err(io)?;
            if !visit(key.value(), value.value()) {
                break;
            }
        }
        Ok(())
    }
}

fn io(error: impl Into<::redb::Error>) -> DriverError {
    DriverError::Io(error.into().to_string())
}
