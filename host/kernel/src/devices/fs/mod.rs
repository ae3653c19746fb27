//! The files device: WASI's file system, served from granted places only.
//!
//! A guest finds one directory, the root. Each path it opens there is looked up in its grants:
//! what is granted is opened below the granted place, symlinks confined to it; everything else
//! is denied with a record. So a program sees its operator's own paths. A skill finds, besides, its own
//! folder and its run's under paths of their own (`mount`).

mod grant;
mod host;
mod list;
mod locate;
mod mount;
mod open;

pub use grant::{FsRule, FsWant, normalise};
pub(crate) use host::{Files, Session, empty_root};
pub(crate) use mount::{Mounts, rules};
