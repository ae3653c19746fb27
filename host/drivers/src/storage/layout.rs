//! How buckets, keys, versions and accounts are laid out as rows of one ordered key space.
//!
//! A row's key begins with its kind. Then follows the bucket, each part after its length, so
//! that no bucket's rows lie between another's whatever bytes the names hold:
//!
//! | row | key | value |
//! |---|---|---|
//! | format | `f` | the number of this layout |
//! | account | `a` owner | bytes that count against the quota |
//! | bucket | `b` bucket | the newest version |
//! | head | `h` bucket, key | the versions kept, newest first |
//! | value | `v` bucket, length of key, key, version | the bytes of one version |

use holm_kernel::storage::{BucketId, DriverError, VERSION_OVERHEAD, Version};

/// The number of this layout; a store of another number is not opened.
pub(crate) const FORMAT: u64 = 1;

/// The kind of a value's row, which alone is large.
pub(crate) const VALUE: u8 = b'v';

/// Stands for the size of a version that deleted its key.
const DELETED: u64 = u64::MAX;

/// The row that says how the others are laid out.
pub(crate) fn format_row() -> Vec<u8> {
    b"f".to_vec()
}

/// The account of a bucket's owner; of the bucket itself where it is shared.
pub(crate) fn account_row(bucket: &BucketId) -> Vec<u8> {
    let mut row = vec![b'a'];
    match &bucket.owner {
        Some(owner) => {
            row.push(1);
            part(&mut row, owner);
        }
        None => {
            row.push(0);
            part(&mut row, &bucket.name);
        }
    }
    row
}

/// Where the accounts of plugins begin.
pub(crate) fn first_account() -> Vec<u8> {
    vec![b'a', 1]
}

/// Whose account this row is; none where it is no plugin's, or no account.
pub(crate) fn account_owner(row: &[u8]) -> Option<&str> {
    let owner = row.strip_prefix(&[b'a', 1])?.split_at_checked(4)?.1;
    std::str::from_utf8(owner).ok()
}

/// What all rows in a plugin's private buckets begin with: those that hold values, heads, and buckets.
pub(crate) fn rows_of(owner: &str) -> [Vec<u8>; 3] {
    [VALUE, b'h', b'b'].map(|kind| {
        let mut row = vec![kind, 1];
        part(&mut row, owner);
        row
    })
}

/// The counter of a bucket's versions.
pub(crate) fn bucket_row(bucket: &BucketId) -> Vec<u8> {
    in_bucket(b'b', bucket)
}

/// The head of a key; of the empty key, where a bucket's heads begin.
pub(crate) fn head_row(bucket: &BucketId, key: &str) -> Vec<u8> {
    let mut row = in_bucket(b'h', bucket);
    row.extend_from_slice(key.as_bytes());
    row
}

/// The value that a version gave a key.
pub(crate) fn value_row(bucket: &BucketId, key: &str, version: u64) -> Vec<u8> {
    let mut row = in_bucket(VALUE, bucket);
    part(&mut row, key);
    row.extend_from_slice(&version.to_be_bytes());
    row
}

fn in_bucket(kind: u8, bucket: &BucketId) -> Vec<u8> {
    let mut row = vec![kind];
    match &bucket.owner {
        Some(owner) => {
            row.push(1);
            part(&mut row, owner);
        }
        None => row.push(0),
    }
    part(&mut row, &bucket.name);
    row
}

fn part(row: &mut Vec<u8>, text: &str) {
    // Names and keys are bounded far below 4 GiB by the device.
    row.extend_from_slice(&(text.len() as u32).to_be_bytes());
    row.extend_from_slice(text.as_bytes());
}

/// A number's row, or zero where there is none.
pub(crate) fn number(value: Option<Vec<u8>>) -> Result<u64, DriverError> {
    match value {
        None => Ok(0),
        Some(bytes) => match bytes.try_into() {
            Ok(bytes) => Ok(u64::from_be_bytes(bytes)),
            Err(_) => Err(damaged("a number")),
        },
    }
}

/// The versions kept of one key, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) versions: Vec<Version>,
}

impl Head {
    /// The newest version, where it did not delete the key.
    pub(crate) fn live(&self) -> Option<&Version> {
        self.versions.first().filter(|version| version.size.is_some())
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut row = Vec::with_capacity(self.versions.len() * 24);
        for version in &self.versions {
            row.extend_from_slice(&version.version.to_be_bytes());
            row.extend_from_slice(&version.written.to_be_bytes());
            row.extend_from_slice(&version.size.unwrap_or(DELETED).to_be_bytes());
        }
        row
    }

    pub(crate) fn decode(row: &[u8]) -> Result<Head, DriverError> {
        let (numbers, rest) = row.as_chunks::<8>();
        let (entries, odd) = numbers.as_chunks::<3>();
        if !rest.is_empty() || !odd.is_empty() || entries.is_empty() {
            return Err(damaged("the versions of a key"));
        }
        let version = |[version, written, size]: &[[u8; 8]; 3]| Version {
            version: u64::from_be_bytes(*version),
            written: u64::from_be_bytes(*written),
            size: Some(u64::from_be_bytes(*size)).filter(|size| *size != DELETED),
        };
        Ok(Head { versions: entries.iter().map(version).collect() })
    }
}

/// What one version of a key counts against the quota.
pub(crate) fn cost(key: &str, version: &Version) -> u64 {
    key.len() as u64 + version.size.unwrap_or(0) + VERSION_OVERHEAD
}

/// The error for a row that does not say what it should.
pub(crate) fn damaged(what: &str) -> DriverError {
    DriverError::Io(format!("{what} cannot be read; the store is damaged, restore it from a backup"))
}
