//! Frames: a length, then one value as MessagePack. Bounded, and never trusted.

use std::io;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use serde::{Serialize, de::DeserializeOwned};
use tokio::io::{AsyncRead, AsyncWrite, ReadHalf, WriteHalf};
use tokio_util::codec::{FramedRead, FramedWrite, LengthDelimitedCodec};

/// A longer frame is refused before it is read. Room for a tool's arguments and answers, which
/// hostcall limits keep below a quarter of it.
const MAXIMUM_BYTES: usize = 32 << 20;

/// What a connection runs over: a socket, or a pipe within one process.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Why no value came or went.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The other side is gone.
    #[error("the connection ended")]
    Closed,
    /// The connection failed, or a frame is longer than any may be.
    #[error("the connection failed: {0}")]
    Io(#[from] io::Error),
    /// It is not a value of the kind that is due.
    #[error("a malformed message: {0}")]
    Malformed(String),
}

/// The half that reads.
pub(crate) struct Reader(FramedRead<ReadHalf<Box<dyn Io>>, LengthDelimitedCodec>);

/// The half that writes.
pub(crate) struct Writer(FramedWrite<WriteHalf<Box<dyn Io>>, LengthDelimitedCodec>);

/// Both halves of a connection.
pub(crate) fn split(io: Box<dyn Io>) -> (Reader, Writer) {
    let codec = || LengthDelimitedCodec::builder().max_frame_length(MAXIMUM_BYTES).new_codec();
    let (read, write) = tokio::io::split(io);
    (Reader(FramedRead::new(read, codec())), Writer(FramedWrite::new(write, codec())))
}

impl Reader {
    /// The next value. Safe to drop while it waits.
    pub(crate) async fn next<T: DeserializeOwned>(&mut self) -> Result<T, FrameError> {
        let frame = self.0.next().await.ok_or(FrameError::Closed)?.map_err(|error| match error.kind() {
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => FrameError::Closed,
            _ => FrameError::Io(error),
        })?;
        rmp_serde::from_slice(&frame).map_err(|error| FrameError::Malformed(error.to_string()))
    }
}

impl Writer {
    /// Sends a value.
    pub(crate) async fn send<T: Serialize>(&mut self, value: &T) -> Result<(), FrameError> {
        let frame = rmp_serde::to_vec_named(value).map_err(|error| FrameError::Malformed(error.to_string()))?;
        self.0.send(Bytes::from(frame)).await.map_err(|error| match error.kind() {
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => FrameError::Closed,
            _ => FrameError::Io(error),
        })
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::{FrameError, split};
    use crate::control::{Input, Request};

    #[tokio::test]
    async fn what_is_sent_is_read() {
        let (one, other) = tokio::io::duplex(64);
        let (own, mut writer) = split(Box::new(one));
        let (mut reader, _writer) = split(Box::new(other));
        let sent = tokio::spawn(async move { writer.send(&Input::Stdin(vec![7; 1000].into())).await });
        assert!(matches!(reader.next().await, Ok(Input::Stdin(bytes)) if *bytes == vec![7; 1000]));
        assert!(sent.await.is_ok_and(|sent| sent.is_ok()));
        drop(own);
        assert!(matches!(reader.next::<Input>().await, Err(FrameError::Closed)));
    }

    #[tokio::test]
    async fn what_is_malformed_is_an_error() {
        for (bytes, closed) in
            [(&b"\0\0\0\x03abc"[..], false), (b"\xff\xff\xff\xff", false), (b"\0\0\0\x09cut", false), (b"", true)]
        {
            let (mut one, other) = tokio::io::duplex(64);
            let (mut reader, _writer) = split(Box::new(other));
            one.write_all(bytes).await.expect("room");
            drop(one);
            match reader.next::<Request>().await {
                Err(FrameError::Closed) => assert!(closed, "{bytes:?}"),
                Err(_) => assert!(!closed, "{bytes:?}"),
                Ok(request) => panic!("{bytes:?} became {request:?}"),
            }
        }
    }
}
