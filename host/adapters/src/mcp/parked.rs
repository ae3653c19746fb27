//! Calls that wait for their client's next request, since 2026-07-28: each a process that is blocked. What
//! a client holds of one is sealed, and good for the same request by the same client, once.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use holm_kernel::answer::{Inquiry, Question, Reply};
use parking_lot::Mutex;
use ring::rand::{SecureRandom as _, SystemRandom};
use rmcp::model::{RequestStateCodec, SealOptions};

use super::call::Call;

/// How long a client may take to answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// Calls of one client that wait at a time. Its oldest makes room: who asks for more and never comes back holds
/// no process for long, and no other's.
const PARKED: usize = 16;

/// How often it is looked whether one waited too long.
const SWEEP: Duration = Duration::from_secs(5);

/// A call that waits.
pub(crate) struct Waiting {
    pub(crate) call: Call,
    /// The inquiry's number.
    pub(crate) id: u64,
    pub(crate) inquiry: Inquiry,
    /// What is answered already, in the order of the questions.
    pub(crate) replies: Vec<Option<Reply>>,
}

impl Waiting {
    /// The questions without an answer.
    pub(crate) fn open(&self) -> impl Iterator<Item = (usize, &Question)> {
        let replies = self.replies.iter();
        let questions = self.inquiry.questions.iter().enumerate().zip(replies);
        questions.filter(|(_, reply)| reply.is_none()).map(|(question, _)| question)
    }
}

/// A call, since when it waits, and whose it is.
struct Kept {
    since: Instant,
    client: String,
    waiting: Waiting,
}

/// There is no such call, or it is not this client's, or is no longer waiting.
pub(crate) struct NotWaiting;

/// The calls that wait.
pub(crate) struct Parked {
    calls: Mutex<HashMap<String, Kept>>,
    codec: RequestStateCodec,
}

impl Parked {
    pub(crate) fn new() -> Arc<Self> {
        let key: [u8; RequestStateCodec::MIN_KEY_LENGTH] = random();
        let parked = Arc::new(Self { calls: Mutex::default(), codec: RequestStateCodec::new_unchecked(key.to_vec()) });
        let weak = Arc::downgrade(&parked);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(SWEEP).await;
                let Some(parked) = weak.upgrade() else { return };
                // Its process ends with it.
                parked.calls.lock().retain(|_, kept| kept.since.elapsed() < PATIENCE);
            }
        });
        parked
    }

    /// Has a call of this client wait; what it has to send back. `scope` tells whose call of what it is.
    pub(crate) fn park(&self, client: &str, waiting: Waiting, scope: &[u8]) -> String {
        let key = unguessable();
        let sealed = self.codec.seal_with(key.as_bytes(), &SealOptions::new().associated_data(scope).ttl(PATIENCE));
        let mut calls = self.calls.lock();
        let own = || calls.iter().filter(|(_, kept)| kept.client == client);
        if own().count() >= PARKED
            && let Some(oldest) = own().min_by_key(|(_, kept)| kept.since).map(|(key, _)| key.clone())
        {
            calls.remove(&oldest);
        }
        calls.insert(key, Kept { since: Instant::now(), client: client.to_owned(), waiting });
        sealed
    }

    /// The call that a client sent this back for.
    pub(crate) fn resume(&self, sealed: &str, scope: &[u8]) -> Result<Waiting, NotWaiting> {
        let key = self.codec.open_with(sealed, scope).map_err(|_| NotWaiting)?;
        let key = String::from_utf8(key).map_err(|_| NotWaiting)?;
        self.calls.lock().remove(&key).map(|kept| kept.waiting).ok_or(NotWaiting)
    }
}

/// A name that nobody guesses.
pub(crate) fn unguessable() -> String {
    random::<16>().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Random bytes. Where the system has none, nothing that rests on them can go on.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    while SystemRandom::new().fill(&mut bytes).is_err() {
        std::thread::sleep(Duration::from_millis(10));
    }
    bytes
}
