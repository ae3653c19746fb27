//! What every system call shares: refusals, limits, usage.

use crate::bindings::imports::holm::sys::types;
use std::fmt;

/// A refusal by grant. It never ends the process: ask for less, or tell the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// What kind of right was asked for: `fs`, `storage`, `tool`, `spawn`, `net`.
    pub capability: String,
    /// What was asked of it, as `holm grant` spells it: `./data:ro`, `notes:rw`.
    pub resource: String,
    /// The rule that decided: `not granted`, `beyond the ceiling`, `revoked`, …
    pub rule: String,
}

/// A limit that was reached. The call had no effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excess {
    /// The limit, as the `[limits]` table names it.
    pub limit: String,
    /// Its value, in the limit's own unit.
    pub maximum: u64,
}

/// What a process has used so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Instructions and host work, in fuel.
    pub fuel: u64,
    /// Linear memory and tables now, in bytes.
    pub memory: u64,
    /// System calls made.
    pub syscalls: u64,
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { capability, resource, rule } = self;
        write!(f, "denied: {capability}={resource} ({rule})")
    }
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "limit reached: {} = {}", self.limit, self.maximum)
    }
}

impl From<types::Denial> for Denial {
    fn from(denial: types::Denial) -> Self {
        Self { capability: denial.capability, resource: denial.resource, rule: denial.rule }
    }
}

impl From<types::Excess> for Excess {
    fn from(excess: types::Excess) -> Self {
        Self { limit: excess.limit, maximum: excess.maximum }
    }
}

impl From<types::Usage> for Usage {
    fn from(usage: types::Usage) -> Self {
        Self { fuel: usage.fuel, memory: usage.memory, syscalls: usage.syscalls }
    }
}

/// The error enum of one system call's module: the five reasons that all share, then its own.
macro_rules! system_error {
    (
        $(#[$meta:meta])*
        pub enum Error {
            $( $(#[$case_meta:meta])* $case:ident ($kind:ty) = $text:literal, )*
            $( ; $(#[$bare_meta:meta])* $bare:ident = $bare_text:literal )?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Error {
            /// The grants do not allow it.
            Denied($crate::Denial),
            /// A limit allows no more.
            Quota($crate::Excess),
            /// There is no such thing.
            NotFound,
            /// The operation ended before it was done: killed, revoked, or cancelled.
            Cancelled,
            /// The device failed; the text is for people, not for programs.
            Io(String),
            $( $(#[$case_meta])* $case($kind), )*
            $( $(#[$bare_meta])* $bare, )?
        }

        impl ::std::fmt::Display for Error {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                match self {
                    Self::Denied(denial) => denial.fmt(f),
                    Self::Quota(excess) => excess.fmt(f),
                    Self::NotFound => f.write_str("not found"),
                    Self::Cancelled => f.write_str("cancelled"),
                    Self::Io(text) => f.write_str(text),
                    $( Self::$case(value) => write!(f, $text, value), )*
                    $( Self::$bare => f.write_str($bare_text), )?
                }
            }
        }

        impl ::std::error::Error for Error {}

        impl From<$crate::bindings::imports::holm::sys::types::Errno> for Error {
            fn from(errno: $crate::bindings::imports::holm::sys::types::Errno) -> Self {
                use $crate::bindings::imports::holm::sys::types::Errno;
                match errno {
                    Errno::Denied(denial) => Self::Denied(denial.into()),
                    Errno::Quota(excess) => Self::Quota(excess.into()),
                    Errno::NotFound => Self::NotFound,
                    Errno::Cancelled => Self::Cancelled,
                    Errno::Io(text) => Self::Io(text),
                }
            }
        }
    };
}
pub(crate) use system_error;
