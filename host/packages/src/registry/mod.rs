//! Components in OCI registries: what they are called, how they lie there, how they become folders.

mod fetch;
mod image;
mod reference;

pub use fetch::{FetchError, Fetched, Login, Progress, Registries, Remote, RemoteError, fetch};
pub use image::ImageError;
pub(crate) use reference::canonical_rule;
pub use reference::{Reference, ReferenceError};
