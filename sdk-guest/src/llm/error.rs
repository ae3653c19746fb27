//! Why there is no reply.

use super::sys;
use crate::errno::system_error;
use std::{fmt, time::Duration};

/// `Result` of the llm device.
pub type Result<T, E = Error> = std::result::Result<T, E>;

system_error! {
    /// Why a call of a model gave no reply.
    pub enum Error {
        /// All providers of this model are at their limits.
        RateLimited(Wait) = "all providers are at their limits{}",
        /// The request does not fit the model's context window.
        ContextLength(String) = "{}",
        /// The provider declined to answer this request.
        Refused(String) = "{}",
        /// No provider of this model answered in time.
        Unavailable(String) = "{}",
        /// The request is not well-formed, or the reply was not.
        Malformed(String) = "{}",
    }
}

/// How long to wait before the next call, where it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait(pub Option<Duration>);

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(wait) => write!(f, " for {:.1} s", wait.as_secs_f64()),
            None => Ok(()),
        }
    }
}

impl Error {
    /// What kind of error it is, in a word: `denied`, `quota`, `rate-limited`, …
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Denied(_) => "denied",
            Self::Quota(_) => "quota",
            Self::NotFound => "not-found",
            Self::Cancelled => "cancelled",
            Self::Io(_) => "io",
            Self::RateLimited(_) => "rate-limited",
            Self::ContextLength(_) => "context-length",
            Self::Refused(_) => "refused",
            Self::Unavailable(_) => "unavailable",
            Self::Malformed(_) => "malformed",
        }
    }
}

impl From<sys::Error> for Error {
    fn from(error: sys::Error) -> Self {
        match error {
            sys::Error::Sys(errno) => errno.into(),
            sys::Error::RateLimited(wait) => Self::RateLimited(Wait(wait.map(Duration::from_millis))),
            sys::Error::ContextLength(text) => Self::ContextLength(text),
            sys::Error::Refused(text) => Self::Refused(text),
            sys::Error::Unavailable(text) => Self::Unavailable(text),
            sys::Error::Malformed(text) => Self::Malformed(text),
        }
    }
}
