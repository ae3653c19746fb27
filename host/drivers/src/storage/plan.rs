//! What one commit writes: expectations checked, quota kept, old versions pruned. Pure.

use std::collections::BTreeMap;

use holm_kernel::account::Bytes;
use holm_kernel::storage::{BucketId, Change, DriverError, Expected, VERSIONS_KEPT, Version};

use super::engine::{Planned, View, Writes};
use super::layout::{Head, account_row, bucket_row, cost, head_row, number, value_row};

/// The version that `changes` make, and the rows to write for it.
///
/// Every expectation is about the bucket before the commit; of several changes to one key
/// the last is made. Deleting a key that is not there changes nothing.
///
/// A commit that leaves the owner with less than before is never refused, and where the
/// quota has no room for the record of a deletion, the deleted key's history makes it: one
/// who has filled a quota can always free it again. What is put never costs history.
pub(crate) fn plan(
    rows: &Planned<'_, impl View>,
    bucket: &BucketId,
    changes: Vec<Change>,
    quota: Bytes,
    now: u64,
) -> Result<(u64, Writes), DriverError> {
    let newest = number(rows.get(&bucket_row(bucket))?)?;
    if changes.is_empty() {
        return Ok((newest, Writes::new()));
    }
    let mut plan = Plan { bucket, version: newest + 1, now, freed: 0, added: 0, writes: Writes::new() };
    let mut last: BTreeMap<String, (Head, Option<Vec<u8>>)> = BTreeMap::new();
    for change in changes {
        let head = match rows.get(&head_row(bucket, &change.key))? {
            Some(row) => Head::decode(&row)?,
            None => Head::default(),
        };
        check(&change, &head)?;
        last.insert(change.key, (head, change.value));
    }

    let mut deleted = Vec::new();
    for (key, (mut head, value)) in last {
        match value {
            Some(value) => {
                plan.push(&key, &mut head, Some(value.len() as u64));
                plan.writes.insert(value_row(bucket, &key, plan.version), Some(value));
                plan.writes.insert(head_row(bucket, &key), Some(head.encode()));
            }
            None if head.live().is_some() => {
                plan.push(&key, &mut head, None);
                deleted.push((key, head));
            }
            None => {}
        }
    }
    let before = number(rows.get(&account_row(bucket))?)?;
    for (key, mut head) in deleted {
        while plan.used(before) > quota.0 && head.versions.len() > 1 {
            plan.drop_oldest(&key, &mut head);
        }
        // A record that a key is gone, with nothing left to go back to, says nothing.
        let row = if head.versions.len() > 1 {
            Some(head.encode())
        } else {
            plan.drop_oldest(&key, &mut head);
            None
        };
        plan.writes.insert(head_row(bucket, &key), row);
    }

    let after = plan.used(before);
    if after > quota.0 && after > before {
        return Err(DriverError::Quota { quota });
    }
    plan.writes.insert(account_row(bucket), Some(after.to_be_bytes().to_vec()));
    plan.writes.insert(bucket_row(bucket), Some(plan.version.to_be_bytes().to_vec()));
    Ok((plan.version, plan.writes))
}

fn check(change: &Change, head: &Head) -> Result<(), DriverError> {
    let found = head.live().map(|version| version.version);
    let holds = match change.expected {
        Expected::Anything => true,
        Expected::Absent => found.is_none(),
        Expected::Version(version) => found == Some(version),
    };
    if holds { Ok(()) } else { Err(DriverError::Conflict { key: change.key.clone(), found }) }
}

struct Plan<'a> {
    bucket: &'a BucketId,
    version: u64,
    now: u64,
    added: u64,
    freed: u64,
    writes: Writes,
}

impl Plan<'_> {
    fn used(&self, before: u64) -> u64 {
        (before + self.added).saturating_sub(self.freed)
    }

    fn push(&mut self, key: &str, head: &mut Head, size: Option<u64>) {
        let version = Version { version: self.version, written: self.now, size };
        self.added += cost(key, &version);
        head.versions.insert(0, version);
        while head.versions.len() > VERSIONS_KEPT {
            self.drop_oldest(key, head);
        }
    }

    fn drop_oldest(&mut self, key: &str, head: &mut Head) {
        if let Some(oldest) = head.versions.pop() {
            self.freed += cost(key, &oldest);
            if oldest.size.is_some() {
                self.writes.insert(value_row(self.bucket, key, oldest.version), None);
            }
        }
    }
}
