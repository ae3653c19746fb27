//! Long-term memory: sealed records, indexes that are made from them, and recall.
//!
//! The store is the truth. Whatever else lies in the folder is made from it, and made anew where it is missing,
//! damaged, or of another embedding model. Everything here blocks; nothing here knows the kernel.

mod catalogue;
mod check;
mod dates;
pub mod embed;
mod error;
mod forget;
mod keeper;
pub mod limits;
mod memory;
mod query;
mod read;
mod recall;
mod record;
mod remember;
mod seal;
mod space;
mod store;
mod text;
mod vectors;
#[doc(hidden)]
pub mod weigh;
mod words;
mod writer;

pub use self::{
    embed::{Embed, EmbedError},
    error::MemoryError,
    memory::Memory,
    query::{Filter, Hit, Parts, Progress, Query, Recall, Vectors},
    record::{Change, Draft, Millis, Page, Provenance, Record, RecordId, Remembered, Session, SpaceId, Usage, Version},
};
