//! Pipes: bounded byte queues between a process and whoever reads or feeds it.
//!
//! What waits between a parent and its child is held against the parent's memory, as mail is: it may keep
//! the streams of thousands of children that have long ended.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;
use wasmtime_wasi::{
    async_trait,
    p2::{InputStream, OutputStream, Pollable, StreamError, StreamResult},
};

use crate::account::{Account, Exceeded, Hold, Level, Total};

/// Makes a pipe that holds at most `capacity` bytes, 64 KiB at least.
pub fn pipe(capacity: usize) -> (PipeWriter, PipeReader) {
    new(capacity, None)
}

/// As [`pipe`]; what waits in it is held by this account.
pub(crate) fn held(capacity: usize, account: Arc<Account>) -> (PipeWriter, PipeReader) {
    new(capacity, Some(account))
}

fn new(capacity: usize, account: Option<Arc<Account>>) -> (PipeWriter, PipeReader) {
    let capacity = capacity.max(CHUNK);
    let shared = Arc::new(Shared {
        queue: Mutex::default(),
        readable: Notify::new(),
        writable: Notify::new(),
        capacity,
        account,
        writers: AtomicUsize::new(1),
    });
    (PipeWriter { shared: shared.clone() }, PipeReader { shared: Arc::new(ReaderEnd(shared)) })
}

/// A pipe's reader that finds it empty and closed.
pub fn empty() -> PipeReader {
    pipe(0).1
}

/// A pipe's writer whose reader is gone: what is written is dropped.
pub fn sink() -> PipeWriter {
    pipe(0).0
}

/// The most one write or read moves.
const CHUNK: usize = 64 << 10;

/// What each waiting write costs besides its bytes: a million of one byte are not a megabyte.
const CHUNK_OVERHEAD: usize = 64;

struct Shared {
    queue: Mutex<Queue>,
    readable: Notify,
    writable: Notify,
    capacity: usize,
    /// Whose memory holds what waits; nobody's where the operator is at the other end.
    account: Option<Arc<Account>>,
    writers: AtomicUsize,
}

#[derive(Default)]
struct Queue {
    /// Each with what it holds until its last byte is taken: a part of it keeps all of it alive.
    chunks: VecDeque<(Bytes, Option<Hold>)>,
    bytes: usize,
    /// No writer is left.
    ended: bool,
    /// No reader is left.
    abandoned: bool,
}

/// The end that is written to. Clones write to the same pipe; it ends when the last is dropped.
pub struct PipeWriter {
    shared: Arc<Shared>,
}

/// The end that is read from. Clones take from the same pipe.
#[derive(Clone)]
pub struct PipeReader {
    shared: Arc<ReaderEnd>,
}

struct ReaderEnd(Arc<Shared>);

impl Clone for PipeWriter {
    fn clone(&self) -> Self {
        self.shared.writers.fetch_add(1, SeqCst);
        Self { shared: self.shared.clone() }
    }
}

impl Drop for PipeWriter {
    fn drop(&mut self) {
        if self.shared.writers.fetch_sub(1, SeqCst) == 1 {
            self.shared.queue.lock().ended = true;
            self.shared.readable.notify_waiters();
        }
    }
}

impl Drop for ReaderEnd {
    fn drop(&mut self) {
        let mut queue = self.0.queue.lock();
        queue.abandoned = true;
        let unread = std::mem::take(&mut queue.chunks);
        queue.bytes = 0;
        drop(queue);
        drop(unread);
        self.0.writable.notify_waiters();
    }
}

impl Shared {
    fn room(&self) -> usize {
        let queue = self.queue.lock();
        match queue.abandoned {
            // What nobody reads is dropped, not kept: there is always room.
            true => CHUNK,
            false => self.capacity.saturating_sub(queue.bytes + queue.chunks.len() * CHUNK_OVERHEAD).min(CHUNK),
        }
    }

    /// Puts bytes in; where nobody reads, they are dropped.
    ///
    /// # Errors
    /// The memory of whoever holds them is full.
    fn push(&self, bytes: Bytes) -> Result<(), Exceeded> {
        let mut queue = self.queue.lock();
        if !queue.abandoned && !bytes.is_empty() {
            let holds = |account: &Arc<Account>| account.hold(Level::Memory, (bytes.len() + CHUNK_OVERHEAD) as u64);
            let hold = self.account.as_ref().map(holds).transpose()?;
            queue.bytes += bytes.len();
            queue.chunks.push_back((bytes, hold));
            drop(queue);
            self.readable.notify_waiters();
        }
        Ok(())
    }

    /// The next bytes, at most `size`; none at the end of the stream.
    fn pop(&self, size: usize) -> Option<Bytes> {
        let mut queue = self.queue.lock();
        let Some((front, _)) = queue.chunks.front_mut() else {
            return (!queue.ended).then(Bytes::new);
        };
        let taken = if front.len() > size { front.split_to(size) } else { std::mem::take(front) };
        let over = queue.chunks.pop_front_if(|(front, _)| front.is_empty());
        queue.bytes -= taken.len();
        drop(queue);
        drop(over);
        self.writable.notify_waiters();
        Some(taken)
    }

    fn readable(&self) -> bool {
        let queue = self.queue.lock();
        !queue.chunks.is_empty() || queue.ended
    }

    async fn until_readable(&self) {
        loop {
            let notified = self.readable.notified();
            tokio::pin!(notified);
            notified.as_mut().enable();
            if self.readable() {
                return;
            }
            notified.await;
        }
    }

    async fn until_writable(&self) {
        loop {
            let notified = self.writable.notified();
            tokio::pin!(notified);
            notified.as_mut().enable();
            if self.room() > 0 {
                return;
            }
            notified.await;
        }
    }
}

impl PipeWriter {
    /// Writes all bytes, waiting for room. What nobody reads any more is dropped.
    pub async fn write(&self, mut bytes: Bytes) {
        while !bytes.is_empty() {
            self.shared.until_writable().await;
            let room = self.shared.room().min(bytes.len());
            if self.shared.push(bytes.split_to(room)).is_err() {
                // Only guests write to a pipe that somebody's memory holds.
                return;
            }
        }
    }

    /// As an output stream of a guest; `account` pays for what it writes, where it must.
    pub(crate) fn stream(&self, account: Option<Arc<Account>>) -> Box<dyn OutputStream> {
        Box::new(GuestWriter { pipe: self.clone(), account, permit: 0 })
    }
}

impl PipeReader {
    /// The next bytes, or none at the end.
    pub async fn read(&self) -> Option<Bytes> {
        self.shared.0.until_readable().await;
        self.shared.0.pop(CHUNK)
    }

    /// All bytes until the end, at most `limit`.
    pub async fn read_to_end(&self, limit: usize) -> Vec<u8> {
        let mut all = Vec::new();
        while let Some(bytes) = self.read().await {
            let room = limit.saturating_sub(all.len());
            all.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
        all
    }

    /// As an input stream of a guest.
    pub(crate) fn stream(&self) -> Box<dyn InputStream> {
        Box::new(GuestReader(self.clone()))
    }
}

struct GuestReader(PipeReader);

struct GuestWriter {
    pipe: PipeWriter,
    account: Option<Arc<Account>>,
    /// Bytes that the last `check-write` allowed and that were not written yet.
    permit: usize,
}

#[async_trait]
impl Pollable for GuestReader {
    async fn ready(&mut self) {
        self.0.shared.0.until_readable().await;
    }
}

#[async_trait]
impl InputStream for GuestReader {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        self.0.shared.0.pop(size.min(CHUNK)).ok_or(StreamError::Closed)
    }
}

#[async_trait]
impl Pollable for GuestWriter {
    async fn ready(&mut self) {
        self.pipe.shared.until_writable().await;
    }
}

#[async_trait]
impl OutputStream for GuestWriter {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        // What was promised holds even where another writer took the room meanwhile: each of them
        // is one chunk over at the most. Without a promise nothing is taken.
        let Some(left) = self.permit.checked_sub(bytes.len()) else {
            return Err(StreamError::trap("wrote more than check-write allowed"));
        };
        self.permit = left;
        if let Some(account) = &self.account {
            account
                .take(Total::Output, bytes.len() as u64)
                .map_err(|exceeded| StreamError::LastOperationFailed(wasmtime::Error::new(exceeded)))?;
        }
        let pushed = self.pipe.shared.push(bytes);
        pushed.map_err(|exceeded| StreamError::LastOperationFailed(wasmtime::Error::new(exceeded)))
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        self.permit = self.pipe.shared.room();
        Ok(self.permit)
    }
}
