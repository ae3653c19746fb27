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

use crate::{
    process::Pid,
    syscall::{Operator, Question},
};

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

/// Of one tree: it leaves room for others.
const PENDING_OF_TREE: usize = 16;

/// All that waits.
pub(super) struct Waiting {
    next: AtomicU64,
    waiting: Mutex<BTreeMap<u64, Call>>,
}

struct Call {
    tree: Pid,
    pending: Pending,
    answer: oneshot::Sender<bool>,
}

impl Default for Waiting {
    /// Each kernel counts from elsewhere: a number that was read before a restart means no other call.
    fn default() -> Self {
        let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self { next: AtomicU64::new(1_000 + seconds % 100_000), waiting: Mutex::default() }
    }
}

impl Waiting {
    /// Waits for an answer. Whoever no longer waits is forgotten.
    pub(super) async fn wait(&self, tree: Pid, question: Question, operator: Option<Arc<dyn Operator>>) -> bool {
        let id = self.next.fetch_add(1, Relaxed);
        let (answer, answered) = oneshot::channel();
        {
            let mut waiting = self.waiting.lock();
            let own = waiting.values().filter(|call| call.tree == tree).count();
            if waiting.len() >= PENDING || own >= PENDING_OF_TREE {
                return false;
            }
            let pending = Pending { id, since: SystemTime::now(), question: question.clone() };
            waiting.insert(id, Call { tree, pending, answer });
        }
        let _place = Place(self, id);
        if let Some(operator) = operator {
            // One who does not listen delays nobody's answer.
            tokio::spawn(async move { operator.deferred(question, id).await });
        }
        answered.await.unwrap_or(false)
    }

    /// All of it, oldest first.
    pub(super) fn list(&self) -> Vec<Pending> {
        self.waiting.lock().values().map(|call| call.pending.clone()).collect()
    }

    /// Answers one; whether it still waited.
    pub(super) fn answer(&self, id: u64, allow: bool) -> bool {
        let waiting = self.waiting.lock().remove(&id);
        waiting.is_some_and(|call| call.answer.send(allow).is_ok())
    }
}

/// A place among what waits.
struct Place<'a>(&'a Waiting, u64);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting.lock().remove(&self.1);
    }
}
