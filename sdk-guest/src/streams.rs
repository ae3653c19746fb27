//! The ends of a child's standard streams, as `Read` and `Write`.

use crate::bindings::imports::wasi::cli::stdin as wasi_stdin;
use crate::bindings::imports::wasi::io::streams::{InputStream, OutputStream, StreamError};
use crate::poll::Pollable;
use std::io;

/// What a child writes. At its end, `read` gives 0.
#[derive(Debug)]
pub struct Reader(pub(crate) InputStream);

/// What a child reads. Dropping it is the end of the child's input.
#[derive(Debug)]
pub struct Writer(pub(crate) OutputStream);

/// Bytes per write: what WASI's `blocking-write-and-flush` takes at once.
const CHUNK: usize = 4_096;

/// Bytes per read, so that a large buffer does not ask the kernel for as much.
const READ: usize = 65_536;

/// This process's own standard input, for who waits for other things besides: see
/// [`Reader::readable`]. Not to be mixed with `std::io::stdin`, which keeps what it has read.
#[must_use]
pub fn stdin() -> Reader {
    Reader(wasi_stdin::get_stdin())
}

impl Reader {
    /// Ready once there is something to read, or nothing will come.
    #[must_use]
    pub fn readable(&self) -> Pollable {
        Pollable(self.0.subscribe())
    }
}

impl Writer {
    /// Ready once it takes more.
    #[must_use]
    pub fn writable(&self) -> Pollable {
        Pollable(self.0.subscribe())
    }

    /// Writes as much as is taken now, without waiting; how much that was. For who feeds one stream while it
    /// empties another.
    ///
    /// # Errors
    /// The stream is closed, or failed.
    pub fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = usize::try_from(self.0.check_write().map_err(failure)?).unwrap_or(usize::MAX);
        let length = bytes.len().min(room);
        if length > 0 {
            self.0.write(&bytes[..length]).map_err(failure)?;
        }
        Ok(length)
    }
}

impl io::Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        match self.0.blocking_read(buffer.len().min(READ) as u64) {
            Ok(bytes) => {
                let length = bytes.len().min(buffer.len());
                buffer[..length].copy_from_slice(&bytes[..length]);
                Ok(length)
            }
            Err(StreamError::Closed) => Ok(0),
            Err(StreamError::LastOperationFailed(error)) => Err(io::Error::other(error.to_debug_string())),
        }
    }
}

impl io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = bytes.len().min(CHUNK);
        match self.0.blocking_write_and_flush(&bytes[..length]) {
            Ok(()) => Ok(length),
            Err(error) => Err(failure(error)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.blocking_flush().map_err(failure)
    }
}

fn failure(error: StreamError) -> io::Error {
    match error {
        StreamError::Closed => io::ErrorKind::BrokenPipe.into(),
        StreamError::LastOperationFailed(error) => io::Error::other(error.to_debug_string()),
    }
}
