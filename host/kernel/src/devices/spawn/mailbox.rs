//! Mailboxes: messages between a parent and its child, bounded in bytes and number, and held against the
//! parent's memory: it may keep the mailboxes of thousands of children that have long ended.

use std::{collections::VecDeque, sync::Arc};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::account::{Account, Exceeded, Hold, Level};

/// Larger messages are refused.
pub(crate) const MESSAGE_BYTES: usize = 64 << 10;

/// What each waiting message costs besides its bytes: a million empty ones are not free.
const MESSAGE_OVERHEAD: usize = 64;

/// One direction of a mailbox.
#[derive(Clone)]
pub(crate) struct Mailbox {
    shared: Arc<Shared>,
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Notify,
    capacity: usize,
    /// Whose memory holds what waits: the parent's, in both directions.
    account: Arc<Account>,
}

#[derive(Default)]
struct Queue {
    messages: VecDeque<(Vec<u8>, Hold)>,
    bytes: usize,
    closed: bool,
}

/// Why a message was not put in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SendError {
    /// The receiver has to take some first.
    Full,
    /// Nobody receives any more.
    Closed,
    /// The parent's memory holds no more.
    Exceeded(Exceeded),
}

impl Mailbox {
    pub(crate) fn new(capacity: usize, account: Arc<Account>) -> Self {
        Self { shared: Arc::new(Shared { queue: Mutex::default(), changed: Notify::new(), capacity, account }) }
    }

    pub(crate) fn send(&self, message: Vec<u8>) -> Result<(), SendError> {
        let mut queue = self.shared.queue.lock();
        let bytes = message.len() + MESSAGE_OVERHEAD;
        if queue.closed {
            return Err(SendError::Closed);
        }
        if queue.bytes + bytes > self.shared.capacity {
            return Err(SendError::Full);
        }
        let hold = self.shared.account.hold(Level::Memory, bytes as u64).map_err(SendError::Exceeded)?;
        queue.bytes += bytes;
        queue.messages.push_back((message, hold));
        drop(queue);
        self.shared.changed.notify_waiters();
        Ok(())
    }

    pub(crate) fn receive(&self) -> Option<Vec<u8>> {
        let mut queue = self.shared.queue.lock();
        let (message, _) = queue.messages.pop_front()?;
        queue.bytes -= message.len() + MESSAGE_OVERHEAD;
        Some(message)
    }

    /// Nobody will send or receive any more; what is there can still be taken.
    pub(crate) fn close(&self) {
        self.shared.queue.lock().closed = true;
        self.shared.changed.notify_waiters();
    }

    /// As [`Mailbox::close`], where nobody will receive either: what is there is dropped.
    pub(crate) fn discard(&self) {
        let messages = {
            let mut queue = self.shared.queue.lock();
            queue.bytes = 0;
            queue.closed = true;
            std::mem::take(&mut queue.messages)
        };
        drop(messages);
        self.shared.changed.notify_waiters();
    }

    /// Waits until there is a message, or the mailbox is closed.
    pub(crate) async fn ready(&self) {
        loop {
            let changed = self.shared.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let queue = self.shared.queue.lock();
                if !queue.messages.is_empty() || queue.closed {
                    return;
                }
            }
            changed.await;
        }
    }

    /// The next message; none once it is closed and empty.
    pub(crate) async fn next(&self) -> Option<Vec<u8>> {
        self.ready().await;
        self.receive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{Bytes, Limits};

    fn account(memory: u64) -> Arc<Account> {
        Account::root(Limits { memory: Bytes(memory), ..Limits::default() })
    }

    #[test]
    fn a_flood_is_refused_and_what_was_there_stays() {
        let account = account(1_000);
        let mailbox = Mailbox::new(300, account.clone());
        assert_eq!(mailbox.send(vec![1; 100]), Ok(()));
        assert_eq!(mailbox.send(vec![2; 100]), Err(SendError::Full));
        assert_eq!(mailbox.send(Vec::new()), Ok(()));
        mailbox.close();
        assert_eq!(mailbox.send(Vec::new()), Err(SendError::Closed));
        assert_eq!(account.level(Level::Memory), 228);
        assert_eq!((mailbox.receive(), mailbox.receive(), mailbox.receive()), (Some(vec![1; 100]), Some(vec![]), None));
        assert_eq!(account.level(Level::Memory), 0);
    }

    #[test]
    fn what_waits_is_held_by_the_parent_until_it_is_taken_or_dropped() {
        let account = account(300);
        let (first, second) = (Mailbox::new(1_000, account.clone()), Mailbox::new(1_000, account.clone()));
        assert_eq!(first.send(vec![1; 100]), Ok(()));
        let exceeded = Exceeded { limit: "memory", maximum: 300 };
        assert_eq!(second.send(vec![2; 100]), Err(SendError::Exceeded(exceeded)));
        first.discard();
        assert_eq!((first.receive(), account.level(Level::Memory)), (None, 0));
        assert_eq!(second.send(vec![2; 100]), Ok(()));
        drop(second);
        assert_eq!(account.level(Level::Memory), 0);
    }
}
