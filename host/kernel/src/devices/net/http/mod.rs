//! `wasi:http` for guests: requests go out, none comes in.

mod body;
mod driver;
mod meter;
mod passed;
mod send;
mod types;

pub use driver::{Body, Driver, Failure, HttpError, Place, Request, Timeouts};
pub(super) use passed::FIELDS;
pub(super) use send::Hooks;
