//! Why a store does not open, and what to do about it.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Why a store did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No driver has that name.
    #[error("no storage driver is called {name:?}; there are {}", super::NAMES.join(", "))]
    UnknownDriver {
        /// The name asked for.
        name: String,
    },
    /// Another process has it open.
    #[error("the store at {} is in use by another process; end that process first", path.display())]
    Locked {
        /// The store.
        path: PathBuf,
    },
    /// The directory holds the store of another driver, whose data would seem lost.
    #[error("{} holds a store of the driver {found:?}; choose that driver or another directory", dir.display())]
    OtherDriver {
        /// The store's directory.
        dir: PathBuf,
        /// The driver that wrote it.
        found: &'static str,
    },
    /// It was written by a version of Holm that lays it out otherwise.
    #[error("the store at {} has a format that this version of Holm does not read; use the version that wrote it", path.display())]
    OtherFormat {
        /// The store.
        path: PathBuf,
    },
    /// It cannot be read.
    #[error("the store at {} is damaged ({reason}); restore it from a backup, or move it away to start with an empty one", path.display())]
    Damaged {
        /// The store.
        path: PathBuf,
        /// What its engine says.
        reason: String,
    },
    /// The file system refused.
    #[error("the store at {}: {source}", path.display())]
    Io {
        /// The store.
        path: PathBuf,
        /// What the file system says.
        source: std::io::Error,
    },
}

impl OpenError {
    pub(crate) fn damaged(path: &Path, reason: impl ToString) -> OpenError {
        OpenError::Damaged { path: path.to_owned(), reason: reason.to_string() }
    }
}

/// Runs what an engine does at open. Engines assert what they read from disk, so on damaged
/// files they may panic instead of saying so.
pub(crate) fn guarded<T>(path: &Path, open: impl FnOnce() -> Result<T, OpenError>) -> Result<T, OpenError> {
    catch_unwind(AssertUnwindSafe(open)).unwrap_or_else(|panic| {
        let reason = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
            (Some(reason), _) => (*reason).to_owned(),
            (_, Some(reason)) => reason.clone(),
            _ => "its engine panicked".to_owned(),
        };
        Err(OpenError::damaged(path, reason))
    })
}

/// Makes the store's directory and takes its lock, which lasts as long as the file is open.
pub(crate) fn lock(dir: &Path) -> Result<File, OpenError> {
    let failed = |source| OpenError::Io { path: dir.to_owned(), source };
    if !dir.is_dir() {
        std::fs::create_dir_all(dir).map_err(failed)?;
        if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            File::open(parent).and_then(|parent| parent.sync_all()).map_err(failed)?;
        }
    }
    let path = dir.join("lock");
    let file = File::options().create(true).truncate(false).read(true).write(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked { path: dir.to_owned() }),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// Whether the store behind a lock was never started.
pub(crate) fn is_unmarked(lock: &mut File) -> std::io::Result<bool> {
    let mut mark = Vec::new();
    lock.rewind()?;
    lock.read_to_end(&mut mark)?;
    Ok(mark.is_empty())
}

/// Notes behind the lock that the store is started, and by which driver.
pub(crate) fn mark(lock: &mut File, driver: &str) -> std::io::Result<()> {
    lock.rewind()?;
    lock.write_all(driver.as_bytes())?;
    lock.sync_all()
}
