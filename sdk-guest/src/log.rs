//! Lines for the operator, the last denial, and what this process has used.
//!
//! ```no_run
//! holm::info!("read {} files", 3);
//! holm::warn!("nothing to do");
//! if let Some(denial) = holm::log::last_denial() {
//!     holm::error!("{denial}");
//! }
//! ```

use crate::bindings::imports::holm::sys::log as sys;
use crate::errno::system_error;
use crate::{Denial, Usage};
use std::fmt;

system_error! {
    /// Why a line was not written.
    pub enum Error {}
}

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something failed.
    Error,
    /// Something may be wrong.
    Warn,
    /// Something happened.
    Info,
    /// For its author.
    Debug,
    /// For its author, in every detail.
    Trace,
}

/// Writes one line, cut at 4 KiB. The macros [`info!`](crate::info) and so on are shorter, and
/// drop the error: a program goes on when its log is full.
///
/// # Errors
/// Quota (`log-lines`, `log-bytes`).
pub fn write(level: Level, message: fmt::Arguments<'_>) -> Result<(), Error> {
    let level = match level {
        Level::Error => sys::Level::Error,
        Level::Warn => sys::Level::Warn,
        Level::Info => sys::Level::Info,
        Level::Debug => sys::Level::Debug,
        Level::Trace => sys::Level::Trace,
    };
    match message.as_str() {
        Some(message) => sys::write(level, message)?,
        None => sys::write(level, &message.to_string())?,
    }
    Ok(())
}

/// The last denial this process met, WASI's included: an `io::Error` carries only a code.
#[must_use]
pub fn last_denial() -> Option<Denial> {
    sys::last_denial().map(Denial::from)
}

/// What this process has used so far.
#[must_use]
pub fn usage() -> Usage {
    sys::usage().into()
}

/// Writes a line of [`Level::Error`](crate::log::Level::Error) for the operator.
#[macro_export]
macro_rules! error {
    ($($text:tt)+) => { $crate::__log!(Error, $($text)+) };
}

/// Writes a line of [`Level::Warn`](crate::log::Level::Warn) for the operator.
#[macro_export]
macro_rules! warn {
    ($($text:tt)+) => { $crate::__log!(Warn, $($text)+) };
}

/// Writes a line of [`Level::Info`](crate::log::Level::Info) for the operator.
#[macro_export]
macro_rules! info {
    ($($text:tt)+) => { $crate::__log!(Info, $($text)+) };
}

/// Writes a line of [`Level::Debug`](crate::log::Level::Debug) for the operator.
#[macro_export]
macro_rules! debug {
    ($($text:tt)+) => { $crate::__log!(Debug, $($text)+) };
}

/// Writes a line of [`Level::Trace`](crate::log::Level::Trace) for the operator.
#[macro_export]
macro_rules! trace {
    ($($text:tt)+) => { $crate::__log!(Trace, $($text)+) };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __log {
    ($level:ident, $($text:tt)+) => {{
        let _ = $crate::log::write($crate::log::Level::$level, ::std::format_args!($($text)+));
    }};
}
