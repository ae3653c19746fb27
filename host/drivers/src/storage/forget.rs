//! Removes all that one plugin has stored, a group of rows at a time.

use holm_kernel::account::Bytes;
use holm_kernel::storage::{BucketId, DriverError};

use super::engine::{View, Writes};
use super::layout::{account_owner, account_row, first_account, number, rows_of};

/// Rows of one write. Bounds what is held of a large store, and how long others wait for the writer.
const ROWS: usize = 1_000;

/// What one step removes.
pub(crate) struct Step {
    pub(crate) writes: Writes,
    /// What the owners whose last rows these are held.
    pub(crate) freed: Bytes,
}

/// Whose buckets go with a plugin: its own, those that it keeps for a caller, and those kept for it as one.
fn goes_with(owner: &str, plugin: &str) -> bool {
    owner == plugin || owner.split_once('@').is_some_and(|(callee, caller)| callee == plugin || caller == plugin)
}

/// The next rows to remove; nothing once nothing is left. An account goes last: it leads here.
pub(crate) fn step(rows: &impl View, plugin: &str) -> Result<Step, DriverError> {
    let mut owners = Vec::new();
    rows.scan(&first_account(), &mut |row, _| {
        let Some(owner) = account_owner(row) else { return false };
        if goes_with(owner, plugin) {
            owners.push(owner.to_owned());
        }
        true
    })?;
    let mut step = Step { writes: Writes::new(), freed: Bytes(0) };
    for owner in owners {
        for prefix in rows_of(&owner) {
            rows.scan(&prefix, &mut |row, _| {
                let more = row.starts_with(&prefix) && step.writes.len() < ROWS;
                if more {
                    step.writes.insert(row.to_vec(), None);
                }
                more
            })?;
        }
        if step.writes.len() >= ROWS {
            return Ok(step);
        }
        let account = account_row(&BucketId { owner: Some(owner), name: String::new() });
        step.freed.0 += number(rows.get(&account)?)?;
        step.writes.insert(account, None);
    }
    Ok(step)
}

#[cfg(test)]
mod tests {
    use super::goes_with;

    #[test]
    fn what_goes_with_a_plugin_is_its_own() {
        for owner in ["jq", "jq@agent", "files@jq"] {
            assert!(goes_with(owner, "jq"), "{owner}");
        }
        for owner in ["jq-2", "agent", "files@agent", "xjq", "holm:kernel", "a@jq-2"] {
            assert!(!goes_with(owner, "jq"), "{owner}");
        }
    }
}
