//! Mailboxes: messages between a parent and its child, bounded in bytes and number.

use std::{collections::VecDeque, sync::Arc};

use parking_lot::Mutex;
use tokio::sync::Notify;

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
}

#[derive(Default)]
struct Queue {
    messages: VecDeque<Vec<u8>>,
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
}

impl Mailbox {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { shared: Arc::new(Shared { queue: Mutex::default(), changed: Notify::new(), capacity }) }
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
        queue.bytes += bytes;
        queue.messages.push_back(message);
        drop(queue);
        self.shared.changed.notify_waiters();
        Ok(())
    }

    pub(crate) fn receive(&self) -> Option<Vec<u8>> {
        let mut queue = self.shared.queue.lock();
        let message = queue.messages.pop_front()?;
        queue.bytes -= message.len() + MESSAGE_OVERHEAD;
        Some(message)
    }

    /// Nobody will send or receive any more; what is there can still be taken.
    pub(crate) fn close(&self) {
        self.shared.queue.lock().closed = true;
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

    #[test]
    fn a_flood_is_refused_and_what_was_there_stays() {
        let mailbox = Mailbox::new(300);
        assert_eq!(mailbox.send(vec![1; 100]), Ok(()));
        assert_eq!(mailbox.send(vec![2; 100]), Err(SendError::Full));
        assert_eq!(mailbox.send(Vec::new()), Ok(()));
        mailbox.close();
        assert_eq!(mailbox.send(Vec::new()), Err(SendError::Closed));
        assert_eq!((mailbox.receive(), mailbox.receive(), mailbox.receive()), (Some(vec![1; 100]), Some(vec![]), None));
    }
}
