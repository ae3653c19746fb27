//! Other processes: how they are started, fed, read and waited for. In the kernel they are runtimes (`exec`);
//! natively, for tests, programs of the machine.

#[cfg(target_family = "wasm")]
mod kernel;
#[cfg(not(target_family = "wasm"))]
mod native;

#[cfg(target_family = "wasm")]
pub(crate) use kernel::{Child, Reader, Writer, find, input, start, wait};
#[cfg(not(target_family = "wasm"))]
pub(crate) use native::{Child, Reader, Writer, find, input, start, wait};

/// Where a child's stream leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stdio {
    Null,
    Piped,
    Inherit,
}

/// A process about to be started.
pub(crate) struct Launch<'a> {
    pub(crate) command: &'a str,
    pub(crate) arguments: &'a [String],
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) directory: &'a str,
    pub(crate) streams: [Stdio; 3],
}

/// Why none was started.
#[derive(Debug)]
#[cfg_attr(not(target_family = "wasm"), expect(dead_code, reason = "only the kernel denies"))]
pub(crate) enum Failure {
    /// No runtime offers it.
    NotFound,
    /// No grant allows it; the text says which would.
    Denied(String),
    /// Something else; the text says what.
    Other(String),
}

/// What a stream has now.
#[derive(Debug)]
pub(crate) enum Ready {
    Bytes(Vec<u8>),
    Pending,
    End,
}

/// Something to wait for.
#[cfg_attr(not(target_family = "wasm"), expect(dead_code, reason = "native processes are looked at now and then"))]
pub(crate) enum Event<'a> {
    Readable(&'a Reader),
    Writable(&'a Writer),
    Ended(&'a Child),
}
