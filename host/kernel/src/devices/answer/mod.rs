//! The answer device: what a tool tells and asks its caller while it answers.

mod check;
mod form;
mod host;

pub use crate::syscall::listener::{Inquiry, Listener, Progress, Question, Reply, Wanted};
pub use form::{Choice, Field, Form, FormError, Kind};
pub(crate) use host::{Answer, Session};
