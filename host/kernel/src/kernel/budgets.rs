//! The budgets of hours and days outlive the kernel: they are kept in a bucket of its own.

use std::time::SystemTime;

use super::facade::Inner;
use crate::{
    account::Bytes,
    devices::storage::{BucketId, Change, Expected},
    syscall::ledger::hour,
};

/// No plugin's name has a colon: no guest reaches this bucket.
const OWNER: &str = "holm:kernel";
const KEY: &str = "budgets";
/// Far more than all budgets of all plugins need.
const QUOTA: Bytes = Bytes(256 << 20);

fn bucket() -> BucketId {
    BucketId { owner: Some(OWNER.to_owned()), name: KEY.to_owned() }
}

impl Inner {
    /// Takes up what the last kernel counted.
    pub(super) async fn restore_budgets(&self) {
        match self.parts.storage.get(&bucket(), KEY).await {
            Ok(Some(found)) => match serde_json::from_slice(&found.value) {
                Ok(kept) => self.ledger.restore(kept),
                Err(error) => tracing::error!(%error, "the saved budgets cannot be read; hours and days count anew"),
            },
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "the saved budgets cannot be read; hours and days count anew"),
        }
    }

    /// Saves what changed since the last time.
    pub(super) async fn save_budgets(&self) {
        let Some(kept) = self.ledger.keep(hour(SystemTime::now())) else { return };
        let value = serde_json::to_vec(&kept).unwrap_or_default();
        let change = Change { key: KEY.to_owned(), value: Some(value), expected: Expected::Anything };
        if let Err(error) = self.parts.storage.commit(&bucket(), vec![change], QUOTA).await {
            tracing::error!(%error, "the budgets cannot be saved");
        }
    }
}
