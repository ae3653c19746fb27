//! Who is to blame: the guest gets an errno, a guest that breaks the protocol a fault.

use crate::{account::Exceeded, bindings::Excess, process::Fault};

pub(crate) use crate::bindings::Errno;

/// Why the door let nobody in.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Goes back to the guest, which may go on.
    Errno(Errno),
    /// Ends the process.
    Fault(Fault),
}

/// What a system call returns in place of its result; `E` is its interface's own error.
#[derive(Debug)]
pub(crate) enum Interrupt<E> {
    /// Goes back to the guest, which may go on.
    Guest(E),
    /// Ends the process.
    Fault(Fault),
}

impl<E> Interrupt<E> {
    /// The guest's error; a fault travels as the engine's error and ends the process.
    pub(crate) fn for_guest(self) -> wasmtime::Result<E> {
        match self {
            Interrupt::Guest(error) => Ok(error),
            Interrupt::Fault(fault) => Err(wasmtime::Error::new(fault)),
        }
    }
}

impl<E: From<Errno>> From<Refusal> for Interrupt<E> {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Errno(errno) => Interrupt::Guest(errno.into()),
            Refusal::Fault(fault) => Interrupt::Fault(fault),
        }
    }
}

impl From<Exceeded> for Errno {
    fn from(exceeded: Exceeded) -> Self {
        Errno::Quota(Excess { limit: exceeded.limit.to_owned(), maximum: exceeded.maximum })
    }
}

impl From<Exceeded> for Refusal {
    fn from(exceeded: Exceeded) -> Self {
        Refusal::Errno(exceeded.into())
    }
}

impl From<Errno> for Refusal {
    fn from(errno: Errno) -> Self {
        Refusal::Errno(errno)
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Refusal::Fault(fault)
    }
}
