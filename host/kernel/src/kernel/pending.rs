//! What waits for its user's decision, for as long as its process may live.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::SystemTime,
};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::syscall::{Operator, Question};

/// A call that a policy deferred.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pending {
    /// Its number, by which it is answered; never used again.
    pub id: u64,
    /// Since when it waits.
    pub since: SystemTime,
    /// What it would do, and who wants to know.
    pub question: Question,
}

/// More wait in no kernel: the next ones are denied. Stops a guest that asks without end from the many
/// processes it may have.
const PENDING: usize = 1_024;

/// All that waits.
#[derive(Default)]
pub(super) struct Waiting {
    next: AtomicU64,
    waiting: Mutex<BTreeMap<u64, (Pending, oneshot::Sender<bool>)>>,
}

impl Waiting {
    /// Waits for an answer. Whoever no longer waits is forgotten.
    pub(super) async fn wait(&self, question: Question, operator: Option<Arc<dyn Operator>>) -> bool {
        let id = self.next.fetch_add(1, Relaxed) + 1;
        let (answer, answered) = oneshot::channel();
        {
            let mut waiting = self.waiting.lock();
            if waiting.len() >= PENDING {
                return false;
            }
            let pending = Pending { id, since: SystemTime::now(), question: question.clone() };
            waiting.insert(id, (pending, answer));
        }
        let _place = Place(self, id);
        if let Some(operator) = operator {
            operator.deferred(question, id).await;
        }
        answered.await.unwrap_or(false)
    }

    /// All of it, oldest first.
    pub(super) fn list(&self) -> Vec<Pending> {
        self.waiting.lock().values().map(|(pending, _)| pending.clone()).collect()
    }

    /// Answers one; whether it still waited.
    pub(super) fn answer(&self, id: u64, allow: bool) -> bool {
        let waiting = self.waiting.lock().remove(&id);
        waiting.is_some_and(|(_, answer)| answer.send(allow).is_ok())
    }
}

/// A place among what waits.
struct Place<'a>(&'a Waiting, u64);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting.lock().remove(&self.1);
    }
}
