//! The child's side of the mailbox.

use super::{Result, sys};
use crate::poll::Pollable;

/// The process that spawned this one.
#[derive(Debug)]
pub struct Parent(sys::Parent);

/// The process that spawned this one.
///
/// # Errors
/// Not found (no process spawned it).
pub fn parent() -> Result<Parent> {
    Ok(Parent(sys::Parent::open()?))
}

impl Parent {
    /// Puts a message (at most 64 KiB) into the parent's mailbox.
    ///
    /// # Errors
    /// Full.
    pub fn send(&self, message: impl AsRef<[u8]>) -> Result<()> {
        Ok(self.0.send(message.as_ref())?)
    }

    /// Waits for the next message.
    ///
    /// # Errors
    /// Cancelled (the parent let go of its end).
    pub fn receive(&self) -> Result<Vec<u8>> {
        Ok(self.0.wait()?)
    }

    /// The next message; none if there is none now.
    ///
    /// # Errors
    /// Cancelled (the parent let go of its end).
    pub fn try_receive(&self) -> Result<Option<Vec<u8>>> {
        Ok(self.0.receive()?)
    }

    /// Ready once a message waits.
    #[must_use]
    pub fn mail(&self) -> Pollable {
        Pollable(self.0.mail())
    }
}
