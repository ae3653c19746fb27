//! Long-term memory: sealed records, indexes that are made from them, and recall.
//!
//! The store is the truth. Whatever else lies in the folder is made from it, and made anew where it is missing,
//! damaged, or of another embedding model. Everything here blocks; nothing here knows the kernel.
//!
//! ```text
//! Memory::open(folder: &Path, embedder: Option<Arc<dyn Embed>>) -> Result<Memory, MemoryError>
//! remember(&self, &SpaceId, Vec<Draft>, quota: u64) -> Result<Vec<Remembered>, MemoryError>
//! recall(&self, &SpaceId, &Query) -> Result<Recall, MemoryError>
//! get(&self, &SpaceId, &[RecordId]) -> Result<Vec<Result<Option<Record>, MemoryError>>, MemoryError>
//! update(&self, &SpaceId, RecordId, Change, Provenance, quota: u64) -> Result<Record, MemoryError>
//! forget(&self, &SpaceId, &[RecordId]) -> Result<Vec<RecordId>, MemoryError>
//! history(&self, &SpaceId, RecordId) -> Result<Vec<Version>, MemoryError>
//! undo(&self, &SpaceId, RecordId, Provenance) -> Result<Record, MemoryError>
//! list(&self, &SpaceId, after: Option<RecordId>, limit: usize, &Filter) -> Result<Page, MemoryError>
//! session(&self, &SpaceId, name: &str, after: Option<RecordId>, limit: usize) -> Result<Page, MemoryError>
//! sessions(&self, &SpaceId) -> Result<Vec<Session>, MemoryError>
//! note(&self, &SpaceId, key: &str) -> Result<Option<Vec<u8>>, MemoryError>
//! notes(&self, &SpaceId) -> Result<Vec<String>, MemoryError>
//! set_note(&self, &SpaceId, key: &str, Option<Vec<u8>>, quota: u64) -> Result<(), MemoryError>
//! used(&self, &SpaceId) -> u64        // of its owner: all private spaces of a plugin together; a shared one alone
//! spaces(&self) -> Vec<(SpaceId, Usage)>
//! progress(&self, &SpaceId) -> Result<Progress, MemoryError>
//! drop_space(&self, &SpaceId) -> Result<u64, MemoryError>
//! forget_owner(&self, plugin: &str) -> Result<u64, MemoryError>
//! ```

pub mod embed;
mod error;
pub mod limits;
mod query;
mod record;

pub use self::{
    embed::{Embed, EmbedError},
    error::MemoryError,
    query::{Filter, Hit, Parts, Progress, Query, Recall, Vectors},
    record::{Change, Draft, Millis, Page, Provenance, Record, RecordId, Remembered, Session, SpaceId, Usage, Version},
};
