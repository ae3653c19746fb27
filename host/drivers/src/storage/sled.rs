//! The store on sled 0.34: a log of segments in one file, fdatasynced by the driver itself.
//!
//! sled's `flush` ends in `sync_file_range`, which writes neither the file's length nor the
//! disk's cache, so after it the driver syncs the file. Three more flaws are kept away from
//! here: blobs that are never synced, a snapshot half written, and snapshots of what is not
//! durable.
//!
//! It still does not keep the promise: under eight writers of values up to 1 MB, a recorded
//! cut that kept some of the unsynced writes and lost others left an empty store, with small
//! segments and with these. The likely cause is that sled reuses freed segments without
//! waiting for a sync of what replaced them, which a driver cannot change. It also reads a
//! damaged log up to the damage and says nothing. So redb is the default.

use std::fs::File;
use std::path::{Path, PathBuf};

use ::sled::{Batch, Config, Db};
use holm_kernel::storage::DriverError;

use super::engine::{Engine, View, Writes};
use super::layout::VALUE;
use super::open::{OpenError, guarded};

/// The folder's name in the store's directory.
pub(crate) const FOLDER: &str = "storage.sled";

/// Bytes of pages that sled keeps in memory.
const CACHE: u64 = 64 << 20;

/// Bytes of a segment. sled writes what is longer than a quarter of one to a file of its own
/// that it never syncs: with the usual 512 KiB a third of all power cuts lost data.
const SEGMENT: usize = 4 << 20;

/// Values are stored in pieces of this size. A sled node holds up to 17 rows, or 256 keys of
/// its children, whatever their size: so it stays far below a quarter of a segment.
const PIECE: usize = 16 << 10;

/// Rows in a sled database.
pub(crate) struct Sled {
    database: Db,
    log: File,
    /// Let go after the database.
    _lock: File,
}

impl Sled {
    /// Opens the store in a directory that the caller has locked.
    pub(crate) fn open(dir: &Path, lock: File) -> Result<Sled, OpenError> {
        let path = dir.join(FOLDER);
        let failed = |source| OpenError::Io { path: path.clone(), source };
        prepare(&path).map_err(failed)?;
        let database = guarded(&path, || {
            Config::new()
                .path(&path)
                .cache_capacity(CACHE)
                .segment_size(SEGMENT)
                .open()
                .map_err(|error| refused(&path, error))
        })?;
        // sled syncs none of the entries it makes.
        sync_all(&path).map_err(failed)?;
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(failed)?;
        let log = File::open(path.join("db")).map_err(failed)?;
        Ok(Sled { database, log, _lock: lock })
    }
}

/// Mends what a crash of sled leaves behind and sled itself then stumbles over.
fn prepare(path: &Path) -> std::io::Result<()> {
    if !path.is_dir() {
        return std::fs::create_dir_all(path);
    }
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        // Half a snapshot: sled would take it for the newest one and refuse to open for ever.
        if entry.file_name().to_string_lossy().ends_with(".generating") {
            std::fs::remove_file(entry.path())?;
        }
    }
    // sled makes a durable snapshot of what it can read, which may not be durable itself yet.
    sync_all(path)
}

fn sync_all(path: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_all(&entry.path())?;
        } else {
            File::open(entry.path())?.sync_all()?;
        }
    }
    File::open(path)?.sync_all()
}

fn refused(path: &Path, error: ::sled::Error) -> OpenError {
    let path = PathBuf::from(path);
    match error {
        ::sled::Error::Io(source) if source.to_string().contains("could not acquire lock") => {
            OpenError::Locked { path }
        }
        ::sled::Error::Io(source) => OpenError::Io { path, source },
        ::sled::Error::Unsupported(_) => OpenError::OtherFormat { path },
        error => OpenError::damaged(&path, error),
    }
}

impl Engine for Sled {
    const INLINE: bool = false;
    type View<'a> = &'a Db;

    fn view(&self) -> Result<&Db, DriverError> {
        Ok(&self.database)
    }

    fn write(&self, writes: &Writes) -> Result<(), DriverError> {
        let mut batch = Batch::default();
        for (key, value) in writes {
            match value {
                Some(value) if key.first() == Some(&VALUE) => {
                    for (number, piece) in pieces(value).enumerate() {
                        batch.insert(piece_key(key, number), piece);
                    }
                }
                Some(value) => batch.insert(key.as_slice(), value.as_slice()),
                None if key.first() == Some(&VALUE) => {
                    for piece in self.database.scan_prefix(key).keys() {
                        batch.remove(piece.map_err(io)?);
                    }
                }
                None => batch.remove(key.as_slice()),
            }
        }
        self.database.apply_batch(batch).map_err(io)?;
        self.database.flush().map_err(io)?;
        self.log.sync_data().map_err(|error| DriverError::Io(error.to_string()))
    }
}

/// At least one, so that an empty value is there.
fn pieces(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let empty = value.is_empty().then_some(value);
    empty.into_iter().chain(value.chunks(PIECE))
}

fn piece_key(key: &[u8], number: usize) -> Vec<u8> {
    let mut piece = key.to_vec();
    piece.extend_from_slice(&(number as u32).to_be_bytes());
    piece
}

impl View for &Db {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, DriverError> {
        if key.first() != Some(&VALUE) {
            return Ok(::sled::Tree::get(self, key).map_err(io)?.map(|value| value.to_vec()));
        }
        let mut whole = None::<Vec<u8>>;
        for piece in self.scan_prefix(key).values() {
            whole.get_or_insert_default().extend_from_slice(&piece.map_err(io)?);
        }
        Ok(whole)
    }

    fn scan(&self, from: &[u8], visit: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> Result<(), DriverError> {
        for row in self.range(from..) {
            let (key, value) = row.map_err(io)?;
            if !visit(&key, &value) {
                break;
            }
        }
        Ok(())
    }
}

fn io(error: ::sled::Error) -> DriverError {
    DriverError::Io(error.to_string())
}
