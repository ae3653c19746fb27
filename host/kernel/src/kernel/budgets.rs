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
    /// Takes up what the last kernel counted; whether it could be read. Until it is, nobody spends of
    /// a budget that outlives its run, and nothing is saved over it.
    pub(super) async fn restore_budgets(&self) -> bool {
        let kept = match self.parts.storage.get(&bucket(), KEY).await {
            Ok(Some(found)) => serde_json::from_slice(&found.value).map_err(|error| error.to_string()),
            Ok(None) => Ok(Vec::new()),
            Err(error) => Err(error.to_string()),
        };
        match kept {
            Ok(kept) => {
                self.ledger.restore(kept);
                true
            }
            Err(error) => {
                // It is tried again and again, and said once.
                if self.ledger.unreadable() {
                    tracing::error!(error, "the saved budgets cannot be read; calls under them are denied");
                }
                false
            }
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
