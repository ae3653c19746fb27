//! How much each client may have under way: one that opens calls and leaves them locks out nobody but itself.

use std::{collections::HashMap, sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Calls of one client that are under way, those that wait for it and its tasks included. More wait for a place.
pub(crate) const CALLS: usize = 32;

/// How long a call waits for a place.
const PATIENCE: Duration = Duration::from_secs(20);

/// The calls of all clients. Their names are the operator's, so there are few.
#[derive(Default)]
pub(crate) struct Shares(Mutex<HashMap<String, Arc<Semaphore>>>);

/// A place among a client's calls, for as long as this lives.
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
}

impl Shares {
    /// A place for one more call; none where the client has as many as it may, and none of them ends.
    pub(crate) async fn take(&self, client: &str) -> Option<Place> {
        let places = self.of(client);
        let place = tokio::time::timeout(PATIENCE, places.acquire_owned()).await.ok()?;
        place.ok().map(|permit| Place { _permit: permit })
    }

    fn of(&self, client: &str) -> Arc<Semaphore> {
        let mut shares = self.0.lock();
        shares.entry(client.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(CALLS))).clone()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::{CALLS, Shares};

    #[tokio::test]
    async fn a_client_has_its_share_and_others_theirs() {
        let shares = Shares::default();
        let take = |client: &'static str| shares.take(client).now_or_never().flatten();
        let places: Vec<_> = (0..CALLS).map(|_| take("one").expect("a place")).collect();
        assert!(take("one").is_none() && take("other").is_some());
        drop(places);
        assert!(take("one").is_some());
    }
}
