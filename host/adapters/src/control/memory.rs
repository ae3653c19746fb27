//! Memory, as its user looks at it: no grant binds them, and no quota but the disk.

use holm_kernel::{
    account::Bytes,
    memory::{DriverError, Provenance},
};

use super::{
    failure::{Failure, Kind},
    protocol::{Memories, Remembering, Reply},
    server::Server,
};

impl Server {
    /// Does something with memory.
    pub(crate) async fn memory(&self, remembering: Remembering) -> Result<Reply, Failure> {
        let memory = self.kernel.memory();
        let told = match remembering {
            Remembering::Spaces => Memories::Spaces(memory.spaces().await?),
            Remembering::Conversations(space) => Memories::Conversations(memory.sessions(&space).await?),
            Remembering::List { space, after, limit, filter } => {
                Memories::Records(memory.list(&space, after, limit, filter).await?)
            }
            Remembering::Recall { space, query } => Memories::Recalled(memory.recall(&space, query).await?),
            Remembering::History { space, id } => Memories::Records(memory.history(&space, id).await?),
            Remembering::Remember { space, drafts } => {
                Memories::Written(memory.remember(&space, drafts, user(), Bytes(u64::MAX)).await?)
            }
            Remembering::Forget { space, ids } => Memories::Forgotten(memory.forget(&space, ids).await?),
            Remembering::Block { space, block, text } => {
                if let Some(text) = text {
                    let note = block.note(text).map_err(|error| Failure::new(Kind::Usage, error))?;
                    memory.set_note(&space, block.key(), note, Bytes(u64::MAX)).await?;
                }
                let note = memory.note(&space, block.key()).await?.unwrap_or_default();
                Memories::Block(String::from_utf8_lossy(&note).into_owned())
            }
        };
        Ok(Reply::Remembered(Box::new(told)))
    }
}

/// Whoever is at the command line.
fn user() -> Provenance {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let time = now.map_or(0, |now| u64::try_from(now.as_millis()).unwrap_or(u64::MAX));
    Provenance { plugin: "holm".to_owned(), process: String::new(), run: String::new(), time }
}

impl From<DriverError> for Failure {
    fn from(error: DriverError) -> Self {
        let kind = match &error {
            DriverError::NoSuchRecord(_) => Kind::NotFound,
            DriverError::Invalid(_) => Kind::Usage,
            DriverError::Quota { .. } | DriverError::Io(_) => Kind::Internal,
        };
        Failure::new(kind, error)
    }
}
