//! The storage device: buckets of durable, versioned keys.

mod driver;
mod grant;
mod host;

pub use driver::{
    BucketId, Change, Driver, DriverError, Expected, Page, VERSION_OVERHEAD, VERSIONS_KEPT, Version, Versioned,
};
pub use grant::{StorageRule, StorageWant};
pub use host::Bucket;
pub(crate) use host::{Session, Storage};
