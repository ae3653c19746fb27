//! What a storage backend does: durable, versioned, atomic commits to one bucket.

use futures_core::future::BoxFuture;

use crate::account::Bytes;

/// The bucket that a call was admitted to. Private buckets of two plugins never share an id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BucketId {
    /// The plugin that owns it; none for buckets shared between plugins.
    pub owner: Option<String>,
    /// Its name, as the guest and the grant spell it.
    pub name: String,
}

/// A value and the version that wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// The bytes that were put.
    pub value: Vec<u8>,
    /// Versions of one bucket only grow.
    pub version: u64,
}

/// One kept version of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The version of the commit that made it.
    pub version: u64,
    /// Milliseconds since 1970.
    pub written: u64,
    /// Bytes of the value; none where this version deleted the key.
    pub size: Option<u64>,
}

/// What a change expects to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Whatever is there.
    Anything,
    /// The key is absent.
    Absent,
    /// The key is there, written by this version.
    Version(u64),
}

/// One change of a batch; a value of none deletes the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// 1 to 1,024 bytes.
    pub key: String,
    /// At most 1 MiB.
    pub value: Option<Vec<u8>>,
    /// Checked in the same transaction that writes.
    pub expected: Expected,
}

/// A page of keys in byte order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The keys.
    pub keys: Vec<String>,
    /// Where the next page begins, if there is more.
    pub next: Option<String>,
}

/// How many versions of a key a driver keeps, the newest included.
/// Bounds what overwriting one key again and again can cost.
pub const VERSIONS_KEPT: usize = 32;

/// Why a backend could not do it. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// An [`Expected`] did not hold.
    #[error("{key} is at another version")]
    Conflict {
        /// The first key that differed.
        key: String,
        /// The version found; none if absent.
        found: Option<u64>,
    },
    /// The owner's stored bytes would pass the quota.
    #[error("the quota of {quota} is reached")]
    Quota {
        /// The quota that was given.
        quota: Bytes,
    },
    /// The version asked for is no longer kept.
    #[error("version {0} is no longer kept")]
    NoSuchVersion(u64),
    /// The backend failed.
    #[error("storage: {0}")]
    Io(String),
}

/// A storage backend. Every method may be called from many tasks at once.
///
/// What counts against a quota is, over all buckets of one owner (of one bucket
/// where it is shared), the bytes of keys and values of all versions kept, plus
/// [`VERSION_OVERHEAD`] for each, so that a million empty values are not free.
pub trait Driver: Send + Sync + 'static {
    /// The value of a key.
    fn get<'a>(&'a self, bucket: &'a BucketId, key: &'a str) -> BoxFuture<'a, Result<Option<Versioned>, DriverError>>;

    /// At most `limit` keys that begin with `prefix`, after `cursor` (exclusive).
    fn list<'a>(
        &'a self,
        bucket: &'a BucketId,
        prefix: &'a str,
        cursor: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Page, DriverError>>;

    /// Makes all changes or none, as one new version, and returns it once it would
    /// survive a power cut. Concurrent commits share one flush (group commit).
    fn commit<'a>(
        &'a self,
        bucket: &'a BucketId,
        changes: Vec<Change>,
        quota: Bytes,
    ) -> BoxFuture<'a, Result<u64, DriverError>>;

    /// The kept versions of a key, newest first.
    fn versions<'a>(&'a self, bucket: &'a BucketId, key: &'a str) -> BoxFuture<'a, Result<Vec<Version>, DriverError>>;

    /// The value a key had at a kept version; none where that version deleted it.
    fn get_version<'a>(
        &'a self,
        bucket: &'a BucketId,
        key: &'a str,
        version: u64,
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, DriverError>>;

    /// Removes all that a plugin has stored: its private buckets, those it keeps for each of its callers, and
    /// those that others keep for it as their caller. The bytes that its owners no longer hold, once that would
    /// survive a power cut. Cut off midway, part of it is gone; it can be called again.
    fn forget<'a>(&'a self, plugin: &'a str) -> BoxFuture<'a, Result<Bytes, DriverError>>;

    /// Bytes that count against the owner's quota now.
    fn used<'a>(&'a self, owner: &'a BucketId) -> BoxFuture<'a, Result<Bytes, DriverError>>;
}

/// Bytes that each kept version costs besides its key and value.
pub const VERSION_OVERHEAD: u64 = 64;
