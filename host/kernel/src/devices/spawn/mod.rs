//! The spawn device: child processes with narrower grants and limits carved out of the parent's.

mod driver;
mod grant;
mod host;
mod mailbox;

pub(crate) use driver::{Caller, Driver, Image, Refused, Request, Started};
pub use grant::{ExecRule, ExecWant, SpawnRule, SpawnWant};
pub use host::{Child, Parent};
pub(crate) use host::{Session, Spawn};
pub(crate) use mailbox::Mailbox;
