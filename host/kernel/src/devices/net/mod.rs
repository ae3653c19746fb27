//! The network device: the law of what may be reached, and WASI's sockets, all closed.

mod grant;
mod host;
pub mod law;
#[cfg(test)]
mod tests;

pub use grant::{NetRule, NetWant};
pub(crate) use host::{Net, Session};
