//! The network device: no driver dials yet, so each attempt is denied, with a record that says so.

mod grant;
mod host;

pub use grant::{NetRule, NetWant};
pub(crate) use host::{Net, Session};
