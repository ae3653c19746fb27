//! Durable key-value storage: buckets, versions, atomic batches.
//!
//! ```no_run
//! use holm::storage::{Bucket, Change, Error};
//!
//! # fn run() -> Result<(), Error> {
//! let notes = Bucket::open("notes")?;
//! notes.write("today", "buy apples")?;
//! if let Some(entry) = notes.read("today")? {
//!     // Fails with `Error::Conflict` if somebody wrote in between.
//!     notes.write_if("today", "buy pears", entry.version)?;
//! }
//! notes.commit([Change::write("a", "1").if_absent(), Change::delete("b")])?;
//! # Ok(())
//! # }
//! ```

use crate::bindings::imports::holm::sys::storage as sys;
use crate::errno::system_error;
use std::fmt;

/// `Result` of the storage device.
pub type Result<T, E = Error> = std::result::Result<T, E>;

system_error! {
    /// Why a call of the storage device failed.
    pub enum Error {
        /// A key held another version than was expected; nothing was written.
        Conflict(Conflict) = "{}",
        /// A key, a value or a batch is over its bound; the text says which.
        TooLarge(String) = "too large: {}",
    }
}

/// The key that held another version than was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The key.
    pub key: String,
    /// The version that is there; none if the key is absent.
    pub found: Option<u64>,
}

/// A value and the version that wrote it. Versions of a bucket only grow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The value.
    pub value: Vec<u8>,
    /// The version that wrote it.
    pub version: u64,
}

/// One stored version of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// The version.
    pub version: u64,
    /// Milliseconds since 1970.
    pub written: u64,
    /// Bytes of the value; none where this version deleted the key.
    pub size: Option<u64>,
}

/// A bucket: private to its plugin unless its name begins with `shared/`.
///
/// A write returns when it would survive a power cut.
#[derive(Debug)]
pub struct Bucket(sys::Bucket);

impl Bucket {
    /// Opens a bucket for reading and writing.
    ///
    /// # Errors
    /// Denied; quota (open handles).
    pub fn open(name: &str) -> Result<Self> {
        Ok(Self(sys::Bucket::open(name, sys::Access::Write)?))
    }

    /// Opens a bucket for reading alone, for which a grant of `name:ro` is enough.
    ///
    /// # Errors
    /// Denied; quota (open handles).
    pub fn open_read_only(name: &str) -> Result<Self> {
        Ok(Self(sys::Bucket::open(name, sys::Access::Read)?))
    }

    /// The value of a key; none if absent.
    ///
    /// # Errors
    /// Denied (revoked), io.
    pub fn read(&self, key: &str) -> Result<Option<Entry>> {
        Ok(self.0.get(key)?.map(Entry::from))
    }

    /// Writes a key; its new version.
    ///
    /// # Errors
    /// Denied, quota (`storage`), too large, io.
    pub fn write(&self, key: &str, value: impl AsRef<[u8]>) -> Result<u64> {
        Ok(self.0.put(key, value.as_ref())?)
    }

    /// Writes a key that still has the version it was read at; its new version.
    ///
    /// # Errors
    /// Conflict; otherwise as [`write`](Self::write).
    pub fn write_if(&self, key: &str, value: impl AsRef<[u8]>, version: u64) -> Result<u64> {
        self.commit([Change::write(key, value).if_version(version)])
    }

    /// Deletes a key; true if it was there.
    ///
    /// # Errors
    /// Denied, io.
    pub fn delete(&self, key: &str) -> Result<bool> {
        Ok(self.0.delete(key)?)
    }

    /// The keys that begin with `prefix`, in byte order, fetched by the page as they are taken.
    pub fn keys<'a>(&'a self, prefix: &'a str) -> Keys<'a> {
        Keys { bucket: self, prefix, page: Vec::new().into_iter(), next: Next::First }
    }

    /// Makes all changes or none; the version of the batch.
    ///
    /// # Errors
    /// Conflict, denied, quota, too large (over 1,024 changes), io.
    pub fn commit(&self, changes: impl IntoIterator<Item = Change>) -> Result<u64> {
        let changes: Vec<_> = changes.into_iter().map(|change| change.0).collect();
        Ok(self.0.commit(&changes)?)
    }

    /// The versions of a key that are kept, newest first, at most 32.
    ///
    /// # Errors
    /// Denied, io.
    pub fn versions(&self, key: &str) -> Result<Vec<Version>> {
        let versions = self.0.versions(key)?;
        Ok(versions.into_iter().map(Version::from).collect())
    }

    /// The value a key had at a version; none if it was absent or is no longer kept.
    ///
    /// # Errors
    /// Denied, io.
    pub fn read_version(&self, key: &str, version: u64) -> Result<Option<Vec<u8>>> {
        Ok(self.0.get_version(key, version)?)
    }

    /// Writes again what a key held at a version; the new version.
    ///
    /// # Errors
    /// Not found (no longer kept), denied, quota, io.
    pub fn rollback(&self, key: &str, version: u64) -> Result<u64> {
        Ok(self.0.rollback(key, version)?)
    }
}

/// One change of an atomic batch.
#[derive(Clone)]
pub struct Change(sys::Change);

impl Change {
    /// Writes a key.
    pub fn write(key: impl Into<String>, value: impl AsRef<[u8]>) -> Self {
        Self::of(key.into(), Some(value.as_ref().to_vec()))
    }

    /// Deletes a key.
    pub fn delete(key: impl Into<String>) -> Self {
        Self::of(key.into(), None)
    }

    /// Only if the key is absent.
    #[must_use]
    pub fn if_absent(mut self) -> Self {
        self.0.expected = sys::Expected::Absent;
        self
    }

    /// Only if the key still has this version.
    #[must_use]
    pub fn if_version(mut self, version: u64) -> Self {
        self.0.expected = sys::Expected::Version(version);
        self
    }

    fn of(key: String, value: Option<Vec<u8>>) -> Self {
        Self(sys::Change { key, value, expected: sys::Expected::Anything })
    }
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The keys of a bucket; see [`Bucket::keys`]. Ends after the first error.
#[derive(Debug)]
pub struct Keys<'a> {
    bucket: &'a Bucket,
    prefix: &'a str,
    page: std::vec::IntoIter<String>,
    next: Next,
}

#[derive(Debug)]
enum Next {
    First,
    After(String),
    Nothing,
}

/// Keys per call, the most that `list` gives.
const PAGE: u32 = 1_000;

impl Iterator for Keys<'_> {
    type Item = Result<String>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(key) = self.page.next() {
                return Some(Ok(key));
            }
            let cursor = match std::mem::replace(&mut self.next, Next::Nothing) {
                Next::First => None,
                Next::After(key) => Some(key),
                Next::Nothing => return None,
            };
            match self.bucket.0.list(self.prefix, cursor.as_deref(), PAGE) {
                Ok(page) => {
                    self.next = page.next.map_or(Next::Nothing, Next::After);
                    self.page = page.keys.into_iter();
                }
                Err(error) => return Some(Err(error.into())),
            }
        }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.found {
            Some(version) => write!(f, "conflict: {} is at version {version}", self.key),
            None => write!(f, "conflict: {} is absent", self.key),
        }
    }
}

impl From<sys::Error> for Error {
    fn from(error: sys::Error) -> Self {
        match error {
            sys::Error::Sys(errno) => errno.into(),
            sys::Error::Conflict(sys::Conflict { key, found }) => Self::Conflict(Conflict { key, found }),
            sys::Error::TooLarge(text) => Self::TooLarge(text),
        }
    }
}

impl From<sys::Versioned> for Entry {
    fn from(entry: sys::Versioned) -> Self {
        Self { value: entry.value, version: entry.version }
    }
}

impl From<sys::Version> for Version {
    fn from(version: sys::Version) -> Self {
        Self { version: version.version, written: version.written, size: version.size }
    }
}
