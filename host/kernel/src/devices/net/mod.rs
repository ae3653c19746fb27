//! The network device: the law of what may be reached, `wasi:http` under it, and WASI's sockets,
//! all closed.

mod grant;
mod host;
mod http;
pub mod law;
#[cfg(test)]
mod tests;

pub use grant::{NetRule, NetWant};
pub(crate) use host::{Net, Session};
pub use http::{Body, Driver, Failure, HttpError, Place, Request, Timeouts};
