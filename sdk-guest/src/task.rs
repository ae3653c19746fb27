//! The end of an agent's task: the policies that its user set over it are asked first, and told then.

use crate::bindings::imports::holm::sys::task as sys;
use crate::errno::system_error;

system_error! {
    /// Why a task may not end, or why nobody was told.
    pub enum Error {}
}

/// Asks whether the task may end with this answer.
///
/// # Errors
/// Denied (the rule says what is left to do); quota.
pub fn stopping(answer: &str) -> Result<(), Error> {
    Ok(sys::stopping(answer)?)
}

/// Tells that it has ended.
///
/// # Errors
/// Quota.
pub fn stopped(answer: &str) -> Result<(), Error> {
    Ok(sys::stopped(answer)?)
}
