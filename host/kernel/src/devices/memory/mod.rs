//! The memory device: spaces that recall, and windows that show a model what fits.

mod check;
mod convert;
mod driver;
mod grant;
mod host;
mod mark;
pub(crate) mod tokens;
mod window;

pub use driver::{
    Block, Change, Conversation, Draft, Driver, DriverError, DriverResult, Filter, Hit, Millis, Origin, Parts,
    Provenance, Query, Recall, Record, RecordId, Remembered, Space as SpaceUse, SpaceId,
};
pub use grant::{MemoryRule, MemoryWant, SpaceAccess};
pub use host::Space;
pub(crate) use host::{Memory, Session};
pub use window::Window;
