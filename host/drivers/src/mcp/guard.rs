//! What a program may write to its standard output: no message too long, and not more than it is asked for.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
};

use parking_lot::Mutex;
use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::sync::CancellationToken;

/// Bytes of one message. Stops a result of 100 MB: it is not kept, and its server ends.
pub(super) const MESSAGE_BYTES: usize = 8 << 20;
/// Bytes between two requests to a server, and lines. Stops one that talks without being asked.
const UNASKED_BYTES: u64 = 64 << 20;
const UNASKED_LINES: u64 = 100_000;

/// What a server may still say, and why it may say no more.
#[derive(Default)]
pub(super) struct Allowance {
    bytes: AtomicU64,
    lines: AtomicU64,
    broken: Mutex<Option<String>>,
    cut: CancellationToken,
}

impl Allowance {
    /// It is asked something: it may answer.
    pub(super) fn renew(&self) {
        self.bytes.store(0, Relaxed);
        self.lines.store(0, Relaxed);
    }

    /// Why it was cut off.
    pub(super) fn broken(&self) -> Option<String> {
        self.broken.lock().clone()
    }

    /// Waits until it is cut off; why.
    pub(super) async fn cut(&self) -> String {
        self.cut.cancelled().await;
        self.broken().unwrap_or_default()
    }

    /// It says so much.
    ///
    /// # Errors
    /// It is too much: it is cut off.
    pub(super) fn take(&self, bytes: usize, lines: usize) -> io::Result<()> {
        let (bytes, lines) = (bytes as u64, lines as u64);
        let said = self.bytes.fetch_add(bytes, Relaxed) + bytes;
        let lines = self.lines.fetch_add(lines, Relaxed) + lines;
        match said > UNASKED_BYTES || lines > UNASKED_LINES {
            true => Err(self.refuse("it floods its output, and was ended".to_owned())),
            false => Ok(()),
        }
    }

    fn refuse(&self, reason: String) -> io::Error {
        *self.broken.lock() = Some(reason.clone());
        self.cut.cancel();
        io::Error::new(io::ErrorKind::InvalidData, reason)
    }
}

/// A stream of lines that is cut off where it breaks these rules.
pub(super) struct Guard<R> {
    inner: R,
    /// Bytes since the last end of a line.
    line: usize,
    allowance: Arc<Allowance>,
}

impl<R> Guard<R> {
    pub(super) fn new(inner: R, allowance: Arc<Allowance>) -> Self {
        Self { inner, line: 0, allowance }
    }

    fn look(&mut self, bytes: &[u8]) -> io::Result<()> {
        let ends = bytes.iter().filter(|byte| **byte == b'\n').count();
        let last = bytes.iter().rposition(|byte| *byte == b'\n');
        // Of several lines in one piece none is longer than the piece, which is short.
        let first = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
        let longest = self.line + first;
        self.line = last.map_or(self.line + bytes.len(), |last| bytes.len() - last - 1);
        if longest > MESSAGE_BYTES {
            let reason = format!("it wrote a message of more than {} MiB, and was ended", MESSAGE_BYTES >> 20);
            return Err(self.allowance.refuse(reason));
        }
        self.allowance.take(bytes.len(), ends)
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Guard<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        let looked = self.look(&buffer.filled()[before..]);
        if looked.is_err() {
            // An error has read nothing.
            buffer.set_filled(before);
        }
        Poll::Ready(looked)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    async fn read(bytes: Vec<u8>) -> (io::Result<usize>, Option<String>) {
        let allowance = Arc::<Allowance>::default();
        let mut guard = Guard::new(io::Cursor::new(bytes), allowance.clone());
        let mut sink = Vec::new();
        (guard.read_to_end(&mut sink).await, allowance.broken())
    }

    #[tokio::test]
    async fn messages_have_an_end_and_floods_too() {
        let line = |length: usize| [vec![b'x'; length], vec![b'\n']].concat();
        assert!(read(line(MESSAGE_BYTES)).await.0.is_ok());
        let (end, why) = read(line(MESSAGE_BYTES + 1)).await;
        assert!(end.is_err() && why.is_some_and(|why| why.contains("8 MiB")));
        let (end, why) = read(b"{}\n".repeat(UNASKED_LINES as usize + 1)).await;
        assert!(end.is_err() && why.is_some_and(|why| why.contains("floods")));
        assert!(read(line(MESSAGE_BYTES).repeat(9)).await.0.is_err());
    }
}
