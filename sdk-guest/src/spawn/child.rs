//! A running child: its end, its streams, its mailbox.

use super::{Error, Exit, Result, sys};
use crate::Usage;
use crate::poll::Pollable;
use crate::streams::{Reader, Writer};

/// A child process.
#[derive(Debug)]
pub struct Child(pub(super) sys::Child);

impl Child {
    /// Its process id, as `holm ps` shows it.
    ///
    /// # Errors
    /// Denied (revoked).
    pub fn pid(&self) -> Result<u64> {
        Ok(self.0.pid()?)
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// Denied (revoked), cancelled.
    pub fn wait(&self) -> Result<Exit> {
        Ok(self.0.wait()?.into())
    }

    /// How it ended; none while it lives.
    ///
    /// # Errors
    /// Denied (revoked).
    pub fn try_wait(&self) -> Result<Option<Exit>> {
        Ok(self.0.status()?.map(Exit::from))
    }

    /// Ready once it has ended.
    #[must_use]
    pub fn ended(&self) -> Pollable {
        Pollable(self.0.subscribe())
    }

    /// Ends it and its children.
    ///
    /// # Errors
    /// Denied (revoked).
    pub fn kill(&self) -> Result<()> {
        Ok(self.0.kill()?)
    }

    /// What it has used.
    ///
    /// # Errors
    /// Denied (revoked).
    pub fn usage(&self) -> Result<Usage> {
        Ok(self.0.usage()?.into())
    }

    /// The end of its piped stdin, once; none if not piped or already taken.
    ///
    /// # Errors
    /// Denied (revoked).
    pub fn stdin(&self) -> Result<Option<Writer>> {
        Ok(self.0.stdin()?.map(Writer))
    }

    /// The end of its piped stdout, once; none if not piped or already taken.
    ///
    /// # Errors
    /// Denied (revoked).
    pub fn stdout(&self) -> Result<Option<Reader>> {
        Ok(self.0.stdout()?.map(Reader))
    }

    /// The end of its piped stderr, once; none if not piped or already taken.
    ///
    /// # Errors
    /// Denied (revoked).
    pub fn stderr(&self) -> Result<Option<Reader>> {
        Ok(self.0.stderr()?.map(Reader))
    }

    /// Puts a message (at most 64 KiB) into its mailbox.
    ///
    /// # Errors
    /// Full, not found (it has ended).
    pub fn send(&self, message: impl AsRef<[u8]>) -> Result<()> {
        Ok(self.0.send(message.as_ref())?)
    }

    /// Waits for the next message from it; none once it has ended and all are taken.
    ///
    /// # Errors
    /// Denied (revoked), cancelled.
    pub fn receive(&self) -> Result<Option<Vec<u8>>> {
        loop {
            // Asked before the mailbox: a message may come just before the end, none comes after.
            let ended = self.0.status()?.is_some();
            if let Some(message) = self.try_receive()? {
                return Ok(Some(message));
            }
            if ended {
                return Ok(None);
            }
            self.0.mail().block();
        }
    }

    /// The next message from it; none if there is none now.
    ///
    /// # Errors
    /// Denied (revoked).
    pub fn try_receive(&self) -> Result<Option<Vec<u8>>> {
        match self.0.receive().map_err(Error::from) {
            Err(Error::NotFound) => Ok(None),
            other => other,
        }
    }

    /// Ready once a message from it waits, or it has ended.
    #[must_use]
    pub fn mail(&self) -> Pollable {
        Pollable(self.0.mail())
    }
}

/// Waits until one of the children has ended; its index.
///
/// # Errors
/// Invalid (an empty list, or over 1,024).
pub fn wait_any(children: &[&Child]) -> Result<usize> {
    let borrowed: Vec<_> = children.iter().map(|child| &child.0).collect();
    Ok(sys::wait_any(&borrowed)? as usize)
}
