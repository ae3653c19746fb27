//! System calls: the one door, and what passes through it.

pub mod audit;
pub(crate) mod authority;
mod books;
pub mod budget;
pub(crate) mod control;
pub(crate) mod device;
pub(crate) mod door;
mod errno;
pub mod grant;
pub(crate) mod kept;
pub(crate) mod ledger;
pub(crate) mod listener;
pub(crate) mod named;
pub(crate) mod needs;
mod operator;
pub(crate) mod panic;
pub mod pattern;
pub(crate) mod policy;
mod run;
pub(crate) mod trace;

pub(crate) use authority::Authority;
pub(crate) use control::{Control, Late};
pub(crate) use device::{Device, Op};
pub(crate) use door::{Entered, Syscall};
pub(crate) use errno::{Errno, Interrupt, Refusal};
pub use operator::{Answer, Approval, Operator, Question, is_hidden};
pub(crate) use run::Run;
