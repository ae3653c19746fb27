//! Streams and polls, delegated to wasmtime-wasi behind the door.

use wasmtime::component::Resource;
use wasmtime_wasi::p2::{
    DynInputStream, DynOutputStream, DynPollable, StreamError,
    bindings::io::{
        error::{self, HostError},
        poll as wasi_poll,
        streams::{HostInputStream as WasiInput, HostOutputStream as WasiOutput},
    },
};
use wasmtime_wasi_http::Error as HttpError;

use crate::{
    account::{Exceeded, Total},
    bindings::wasi::io::{
        poll::{self, HostPollable},
        streams::{self, HostInputStream, HostOutputStream},
    },
    process::Fault,
    syscall::{
        Device, Entered, Errno, Op, Refusal, Syscall,
        device::{HOP, WasiDevice, fuel_for_bytes},
    },
};

pub(crate) struct Io;

impl Device for Io {
    const NAME: &'static str = "io";
    type Session = ();
}

impl WasiDevice for Io {}

static READ: Op = Op::query("read", 300);
static WRITE: Op = Op::query("write", 300);
static CHECK: Op = Op::query("check-write", 100);
static FLUSH: Op = Op::query("flush", 300);
static POLL: Op = Op::query("poll", 300);
static DESCRIBE: Op = Op::query("describe-error", 3_000);
static SUBSCRIBE: Op = Op::query("subscribe", 200);

type Result<T> = std::result::Result<T, StreamError>;
type Input = Resource<DynInputStream>;
type Output = Resource<DynOutputStream>;

/// The engine's error for a refusal, in interfaces that have none of their own.
pub(crate) fn trap(refusal: Refusal) -> wasmtime::Error {
    match refusal {
        Refusal::Fault(fault) => wasmtime::Error::new(fault),
        Refusal::Errno(Errno::Quota(excess)) => {
            wasmtime::Error::new(Fault::Limit(format!("{} of {}", excess.limit, excess.maximum)))
        }
        Refusal::Errno(errno) => wasmtime::Error::new(Fault::Host(format!("{errno:?}"))),
    }
}

/// A stream's error for a refusal: what it is made of is explained by `log.last-denial`.
fn failed(refusal: Refusal) -> StreamError {
    match refusal {
        Refusal::Fault(fault) => StreamError::Trap(wasmtime::Error::new(fault)),
        Refusal::Errno(Errno::Denied(_)) => {
            StreamError::LastOperationFailed(std::io::Error::from(std::io::ErrorKind::PermissionDenied).into())
        }
        Refusal::Errno(Errno::Quota(_)) => {
            StreamError::LastOperationFailed(std::io::Error::from(std::io::ErrorKind::StorageFull).into())
        }
        Refusal::Errno(errno) => StreamError::LastOperationFailed(wasmtime::Error::msg(format!("{errno:?}"))),
    }
}

/// Records the limit that a stream ran into, or that its right was revoked.
fn note(call: &mut Entered<'_, Io>, error: StreamError) -> StreamError {
    let StreamError::LastOperationFailed(cause) = &error else { return error };
    if let Some(exceeded) = cause.downcast_ref::<Exceeded>() {
        return failed(call.over(*exceeded));
    }
    match cause.downcast_ref() {
        Some(HttpError::HttpResponseBodySize(budget)) => {
            let network = Exceeded { limit: "network", maximum: call.account().limits().network.0 };
            call.over(budget.map_or(network, |maximum| Exceeded { limit: "bytes", maximum }));
        }
        Some(HttpError::HttpRequestDenied) => {
            call.deny("net", "a response under way".to_owned(), "revoked");
        }
        _ => {}
    }
    error
}

impl Syscall<'_, Io> {
    /// Enters with a stream whose file, if it has one, is still granted.
    async fn with(&mut self, op: &'static Op, stream: u32) -> Result<Entered<'_, Io>> {
        let mut call = self.enter(op).await.map_err(failed)?;
        call.check_origin(stream).map_err(failed)?;
        Ok(call)
    }

    /// As [`Syscall::with`]; what a file's stream does, another thread does for it.
    async fn reading(&mut self, op: &'static Op, stream: u32) -> Result<Entered<'_, Io>> {
        let mut call = self.enter(op).await.map_err(failed)?;
        if call.check_origin(stream).map_err(failed)? {
            call.charge(HOP);
        }
        Ok(call)
    }

    /// As [`Syscall::with`], and pays for what is about to be written.
    async fn writing(&mut self, stream: u32, bytes: u64) -> Result<Entered<'_, Io>> {
        let mut call = self.enter(&WRITE).await.map_err(failed)?;
        // More than one call may pass is not moved either: it faults.
        call.charge(fuel_for_bytes(bytes.min(call.account().limits().hostcall.0)));
        if call.check_origin(stream).map_err(failed)? {
            call.charge(HOP);
            call.take(Total::Written, bytes).map_err(failed)?;
        }
        Ok(call)
    }
}

impl error::Host for Syscall<'_, Io> {}

impl HostError for Syscall<'_, Io> {
    fn to_debug_string(&mut self, error: Resource<wasmtime::Error>) -> wasmtime::Result<String> {
        let mut call = self.enter_now(&DESCRIBE).map_err(trap)?;
        let text = HostError::to_debug_string(call.wasi().1, error)?;
        call.charge(fuel_for_bytes(text.len() as u64));
        Ok(text)
    }

    fn drop(&mut self, error: Resource<wasmtime::Error>) -> wasmtime::Result<()> {
        HostError::drop(self.wasi_table(), error)
    }
}

impl poll::Host for Syscall<'_, Io> {
    async fn poll(&mut self, pollables: Vec<Resource<DynPollable>>) -> wasmtime::Result<Vec<u32>> {
        let mut call = self.enter(&POLL).await.map_err(trap)?;
        call.charge(100 * pollables.len() as u64);
        wasi_poll::Host::poll(call.wasi().1, pollables).await
    }
}

impl HostPollable for Syscall<'_, Io> {
    async fn block(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        let mut call = self.enter(&POLL).await.map_err(trap)?;
        wasi_poll::HostPollable::block(call.wasi().1, pollable).await
    }

    async fn ready(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<bool> {
        let mut call = self.enter(&POLL).await.map_err(trap)?;
        wasi_poll::HostPollable::ready(call.wasi().1, pollable).await
    }

    async fn drop(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        wasi_poll::HostPollable::drop(self.wasi_table(), pollable)
    }
}

impl streams::Host for Syscall<'_, Io> {
    fn convert_stream_error(&mut self, error: StreamError) -> wasmtime::Result<streams::StreamError> {
        Ok(match error {
            StreamError::Closed => streams::StreamError::Closed,
            StreamError::LastOperationFailed(error) => {
                streams::StreamError::LastOperationFailed(self.wasi_table().push(error)?)
            }
            StreamError::Trap(error) => return Err(error),
        })
    }
}

impl HostInputStream for Syscall<'_, Io> {
    async fn read(&mut self, stream: Input, length: u64) -> Result<Vec<u8>> {
        let mut call = self.reading(&READ, stream.rep()).await?;
        let bytes = WasiInput::read(call.wasi().1, stream, length).map_err(|error| note(&mut call, error))?;
        call.charge(fuel_for_bytes(bytes.len() as u64));
        Ok(bytes)
    }

    async fn blocking_read(&mut self, stream: Input, length: u64) -> Result<Vec<u8>> {
        let mut call = self.reading(&READ, stream.rep()).await?;
        let bytes = WasiInput::blocking_read(call.wasi().1, stream, length).await;
        let bytes = bytes.map_err(|error| note(&mut call, error))?;
        call.charge(fuel_for_bytes(bytes.len() as u64));
        Ok(bytes)
    }

    async fn skip(&mut self, stream: Input, length: u64) -> Result<u64> {
        let mut call = self.reading(&READ, stream.rep()).await?;
        let skipped = WasiInput::skip(call.wasi().1, stream, length)?;
        call.charge(fuel_for_bytes(skipped));
        Ok(skipped)
    }

    async fn blocking_skip(&mut self, stream: Input, length: u64) -> Result<u64> {
        let mut call = self.reading(&READ, stream.rep()).await?;
        let skipped = WasiInput::blocking_skip(call.wasi().1, stream, length).await?;
        call.charge(fuel_for_bytes(skipped));
        Ok(skipped)
    }

    async fn subscribe(&mut self, stream: Input) -> wasmtime::Result<Resource<DynPollable>> {
        let mut call = self.enter(&SUBSCRIBE).await.map_err(trap)?;
        WasiInput::subscribe(call.wasi().1, stream)
    }

    async fn drop(&mut self, stream: Input) -> wasmtime::Result<()> {
        self.forget_origin(stream.rep());
        WasiInput::drop(self.wasi_table(), stream).await
    }
}

impl HostOutputStream for Syscall<'_, Io> {
    async fn check_write(&mut self, stream: Output) -> Result<u64> {
        let mut call = self.with(&CHECK, stream.rep()).await?;
        WasiOutput::check_write(call.wasi().1, stream)
    }

    async fn write(&mut self, stream: Output, bytes: Vec<u8>) -> Result<()> {
        let mut call = self.writing(stream.rep(), bytes.len() as u64).await?;
        let done = WasiOutput::write(call.wasi().1, stream, bytes);
        done.map_err(|error| note(&mut call, error))
    }

    async fn blocking_write_and_flush(&mut self, stream: Output, bytes: Vec<u8>) -> Result<()> {
        let mut call = self.writing(stream.rep(), bytes.len() as u64).await?;
        let done = WasiOutput::blocking_write_and_flush(call.wasi().1, stream, bytes).await;
        done.map_err(|error| note(&mut call, error))
    }

    async fn flush(&mut self, stream: Output) -> Result<()> {
        let mut call = self.reading(&FLUSH, stream.rep()).await?;
        WasiOutput::flush(call.wasi().1, stream)
    }

    async fn blocking_flush(&mut self, stream: Output) -> Result<()> {
        let mut call = self.reading(&FLUSH, stream.rep()).await?;
        WasiOutput::blocking_flush(call.wasi().1, stream).await
    }

    async fn subscribe(&mut self, stream: Output) -> wasmtime::Result<Resource<DynPollable>> {
        let mut call = self.enter(&SUBSCRIBE).await.map_err(trap)?;
        WasiOutput::subscribe(call.wasi().1, stream)
    }

    async fn write_zeroes(&mut self, stream: Output, length: u64) -> Result<()> {
        let mut call = self.writing(stream.rep(), length).await?;
        let done = WasiOutput::write_zeroes(call.wasi().1, stream, length);
        done.map_err(|error| note(&mut call, error))
    }

    async fn blocking_write_zeroes_and_flush(&mut self, stream: Output, length: u64) -> Result<()> {
        let mut call = self.writing(stream.rep(), length).await?;
        let done = WasiOutput::blocking_write_zeroes_and_flush(call.wasi().1, stream, length).await;
        done.map_err(|error| note(&mut call, error))
    }

    async fn splice(&mut self, output: Output, input: Input, length: u64) -> Result<u64> {
        self.reading(&READ, input.rep()).await?;
        let mut call = self.writing(output.rep(), length.min(SPLICE)).await?;
        WasiOutput::splice(call.wasi().1, output, input, length.min(SPLICE))
    }

    async fn blocking_splice(&mut self, output: Output, input: Input, length: u64) -> Result<u64> {
        self.reading(&READ, input.rep()).await?;
        let mut call = self.writing(output.rep(), length.min(SPLICE)).await?;
        WasiOutput::blocking_splice(call.wasi().1, output, input, length.min(SPLICE)).await
    }

    async fn drop(&mut self, stream: Output) -> wasmtime::Result<()> {
        self.forget_origin(stream.rep());
        WasiOutput::drop(self.wasi_table(), stream).await
    }
}

/// The most one splice moves, so that it is paid for by what it can move.
const SPLICE: u64 = 64 << 10;
