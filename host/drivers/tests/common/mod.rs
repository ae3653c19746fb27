//! What the storage tests share.

#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::print_stdout, reason = "says which driver fails")]

pub(crate) mod disk;
pub(crate) mod load;

use std::sync::Arc;

use holm_drivers::storage::{NAMES, open};
use holm_kernel::account::Bytes;
use holm_kernel::storage::{BucketId, Change, Driver, DriverError, Expected};

/// No quota that a test would reach.
pub(crate) const PLENTY: Bytes = Bytes(u64::MAX);

/// Runs a test over an empty store of every driver.
pub(crate) async fn each(test: impl AsyncFn(Arc<dyn Driver>)) {
    for name in NAMES {
        let dir = tempfile::tempdir().expect("a directory");
        println!("driver {name}");
        test(open(name, dir.path()).expect("an empty store")).await;
    }
}

/// A private bucket.
pub(crate) fn bucket(owner: &str, name: &str) -> BucketId {
    BucketId { owner: Some(owner.into()), name: name.into() }
}

/// A change that expects nothing.
pub(crate) fn put(key: &str, value: impl AsRef<[u8]>) -> Change {
    Change { key: key.into(), value: Some(value.as_ref().to_vec()), expected: Expected::Anything }
}

/// A deletion that expects nothing.
pub(crate) fn delete(key: &str) -> Change {
    Change { key: key.into(), value: None, expected: Expected::Anything }
}

/// The change, where it finds what it expects.
pub(crate) fn expecting(expected: Expected, change: Change) -> Change {
    Change { expected, ..change }
}

/// The value of a key as text.
pub(crate) async fn text(store: &dyn Driver, bucket: &BucketId, key: &str) -> Option<String> {
    let value = store.get(bucket, key).await.expect("a value")?.value;
    Some(String::from_utf8_lossy(&value).into_owned())
}

/// Commits without a quota.
pub(crate) async fn commit(store: &dyn Driver, bucket: &BucketId, changes: Vec<Change>) -> Result<u64, DriverError> {
    store.commit(bucket, changes, PLENTY).await
}
