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

    /// Sends a request and reads its first reply. A connection that was kept may have ended with the
    /// kernel meanwhile: then nothing was done, and it is asked again over another.
    ///
    /// # Errors
    /// The kernel does not start, or ends.
    pub(crate) async fn ask(&self, request: &(impl Serialize + Sync)) -> Result<(Connection, Reply), Failure> {
        loop {
            let kept = self.idle.lock().pop();
            let is_kept = kept.is_some();
            let mut connection = match kept {
                Some(connection) => connection,
                None => self.machine.connect().await?,
            };
            let asked = async {
                connection.send(request).await?;
                connection.next().await
            };
            match asked.await {
                Ok(reply) => return Ok((connection, reply)),
                Err(FrameError::Closed | FrameError::Io(_)) if is_kept => {}
                Err(error) => return Err(gone(&error)),
            }
        }
    }

    /// Keeps a connection whose last reply was read.
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
