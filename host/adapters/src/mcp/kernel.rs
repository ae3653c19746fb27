//! The way to the resident kernel: connections that stay warm, so that a call is one round trip.

use std::sync::Arc;

use async_trait::async_trait;
use holm_kernel::Question;
use parking_lot::Mutex;
use serde::Serialize;

use crate::control::{Connection, Failure, FrameError, Reply};

/// Connections that wait for the next call. A client with more calls at once makes more.
const IDLE: usize = 8;

/// What is needed of the command that serves clients.
#[async_trait]
pub trait Machine: Send + Sync + 'static {
    /// A new session with the kernel; it is started if none runs.
    ///
    /// # Errors
    /// It does not start, or is another version.
    async fn connect(&self) -> Result<Connection, Failure>;

    /// A new session with the kernel, if one runs.
    ///
    /// # Errors
    /// It does not answer, or is another version.
    async fn connect_if_running(&self) -> Result<Option<Connection>, Failure>;

    /// A denial in words, with the command that would allow it.
    fn denial(&self, question: &Question, installed: bool) -> String;
}

/// The kernel, from here.
pub(crate) struct Kernel {
    pub(crate) machine: Arc<dyn Machine>,
    idle: Mutex<Vec<Connection>>,
}

impl Kernel {
    pub(crate) fn new(machine: Arc<dyn Machine>) -> Self {
        Self { machine, idle: Mutex::default() }
    }

    /// Sends a request that changes nothing, and reads its reply. A connection that was kept may have ended
    /// with the kernel meanwhile: then it is asked again over another.
    ///
    /// # Errors
    /// The kernel does not start, or ends.
    pub(crate) async fn ask(&self, request: &(impl Serialize + Sync)) -> Result<Reply, Failure> {
        loop {
            let (mut connection, is_kept) = self.send(request).await?;
            match connection.next().await {
                Ok(reply) => {
                    self.keep(connection);
                    return Ok(reply);
                }
                Err(FrameError::Closed | FrameError::Io(_)) if is_kept => {}
                Err(error) => return Err(gone(&error)),
            }
        }
    }

    /// Sends a request for something to be done. # Once it was sent whole it is not sent again: it may have
    /// been done.
    ///
    /// # Errors
    /// The kernel does not start, or ends.
    pub(crate) async fn begin(&self, request: &(impl Serialize + Sync)) -> Result<Connection, Failure> {
        Ok(self.send(request).await?.0)
    }

    /// Sends a request; whether over a connection that was kept.
    async fn send(&self, request: &(impl Serialize + Sync)) -> Result<(Connection, bool), Failure> {
        loop {
            // One that ended meanwhile, or on which something late came, is not used again.
            let mut kept = self.idle.lock().pop();
            if kept.as_mut().is_some_and(|kept| !kept.is_quiet()) {
                continue;
            }
            let is_kept = kept.is_some();
            let mut connection = match kept {
                Some(connection) => connection,
                None => self.machine.connect().await?,
            };
            match connection.send(request).await {
                Ok(()) => return Ok((connection, is_kept)),
                Err(FrameError::Closed | FrameError::Io(_)) if is_kept => {}
                Err(error) => return Err(gone(&error)),
            }
        }
    }

    /// Keeps a connection whose last reply was read, and on which nothing is under way.
    pub(crate) fn keep(&self, connection: Connection) {
        let mut idle = self.idle.lock();
        if idle.len() < IDLE {
            idle.push(connection);
        }
    }
}

/// The kernel is no longer there.
pub(crate) fn gone(error: &FrameError) -> Failure {
    Failure::internal(format!("the kernel ended before it answered: {error}"))
}
