//! Writing the audit log: never in the way of a system call.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{self, BufWriter, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{Receiver, SyncSender, TryRecvError, sync_channel},
    },
};

use holm_kernel::{
    account::Bytes,
    audit::{Decision, Record, Sink},
    process::Pid,
};

use crate::error::{CommandError, Result};

/// Records that wait for the disk. More are counted, not kept: a slow disk holds no process back.
const WAITING: usize = 16 << 10;

/// The log has this many files; the oldest is removed to begin another.
const FILES: u64 = 8;

/// Takes records from the kernel.
pub(crate) struct AuditLog {
    queue: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
}

enum Message {
    Record(Box<Record>),
    /// Answered once all before it is in the file.
    Flush(SyncSender<()>),
}

impl AuditLog {
    /// Starts the thread that writes to this folder, up to `size` in all.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub(crate) fn start(folder: &Path, size: Bytes) -> Result<Arc<Self>> {
        let failed =
            |error: io::Error| CommandError::internal(format!("the audit log `{}`: {error}", folder.display()));
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let (queue, queued) = sync_channel(WAITING);
        let dropped = Arc::new(AtomicU64::default());
        let log = Log::open(folder, (size.0 / FILES).max(4 << 10)).map_err(failed)?;
        let missing = dropped.clone();
        let write = move || write(log, &queued, &missing);
        std::thread::Builder::new().name("holm-audit".to_owned()).spawn(write).map_err(failed)?;
        Ok(Arc::new(Self { queue, dropped }))
    }

    /// Waits until all records so far are in the file.
    pub(crate) fn flush(&self) {
        let (done, flushed) = sync_channel(1);
        if self.queue.send(Message::Flush(done)).is_ok() {
            let _ = flushed.recv();
        }
    }
}

impl Sink for AuditLog {
    fn record(&self, record: Record) {
        let count = record.count;
        if self.queue.try_send(Message::Record(Box::new(record))).is_err() {
            self.dropped.fetch_add(count, Relaxed);
        }
    }
}

/// Writes until the kernel is gone. After an error it goes on: what was not written is counted.
fn write(mut log: Log, queued: &Receiver<Message>, dropped: &AtomicU64) {
    loop {
        let next = match queued.try_recv() {
            Ok(next) => next,
            // Nothing to do: what was written becomes visible.
            Err(TryRecvError::Empty) => {
                log.flush();
                match queued.recv() {
                    Ok(next) => next,
                    Err(_) => return,
                }
            }
            Err(TryRecvError::Disconnected) => return log.flush(),
        };
        match next {
            Message::Record(record) => log.append(&record, dropped),
            Message::Flush(done) => {
                log.flush();
                let _ = done.try_send(());
            }
        }
        let missing = dropped.swap(0, Relaxed);
        if missing > 0 {
            log.append(&gap(missing), dropped);
        }
    }
}

/// Says in the log that records are missing.
fn gap(count: u64) -> Record {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed();
    Record {
        time: since.map_or(0, |since| since.as_millis() as u64),
        pid: Pid::new(0, 0),
        plugin: String::new(),
        device: "audit".to_owned(),
        operation: "dropped".to_owned(),
        resource: String::new(),
        decision: Decision::Quota("audit".to_owned()),
        count,
        fuel: 0,
    }
}

struct Log {
    folder: PathBuf,
    number: u64,
    file: BufWriter<File>,
    bytes: u64,
    /// A longer file is followed by another.
    maximum: u64,
}

impl Log {
    fn open(folder: &Path, maximum: u64) -> io::Result<Self> {
        let number = super::files(folder)?.last().map_or(1, |(number, _)| *number);
        let file = open(folder, number)?;
        let bytes = file.metadata()?.len();
        Ok(Self { folder: folder.to_owned(), number, file: BufWriter::new(file), bytes, maximum })
    }

    fn append(&mut self, record: &Record, dropped: &AtomicU64) {
        if let Err(error) = self.try_append(record) {
            tracing::error!(%error, "an audit record was not written");
            dropped.fetch_add(record.count, Relaxed);
        }
    }

    fn try_append(&mut self, record: &Record) -> io::Result<()> {
        if self.bytes >= self.maximum {
            self.file.flush()?;
            self.file = BufWriter::new(open(&self.folder, self.number + 1)?);
            self.number += 1;
            self.bytes = 0;
            for (number, path) in super::files(&self.folder)? {
                if number + FILES <= self.number {
                    std::fs::remove_file(path)?;
                }
            }
        }
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        self.file.write_all(&line)?;
        self.bytes += line.len() as u64;
        Ok(())
    }

    fn flush(&mut self) {
        if let Err(error) = self.file.flush() {
            tracing::error!(%error, "audit records were not written");
        }
    }
}

fn open(folder: &Path, number: u64) -> io::Result<File> {
    let path = folder.join(format!("{number:06}.jsonl"));
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use holm_kernel::{account::Bytes, audit::Sink};

    use super::{AuditLog, FILES, gap};
    use crate::audit_log::{Reader, files};

    #[test]
    fn records_come_back_in_order_and_old_ones_go() {
        let folder = tempfile::tempdir().expect("a folder");
        let log = AuditLog::start(folder.path(), Bytes(64 << 10)).expect("it starts");
        for count in 1..=2_000 {
            log.record(gap(count));
            if count % 500 == 0 {
                log.flush();
            }
        }
        log.flush();
        let kept = files(folder.path()).expect("there");
        assert_eq!(kept.len() as u64, FILES);
        let mut reader = Reader::new(folder.path());
        let counts: Vec<u64> = reader.read().expect("readable").iter().map(|record| record.count).collect();
        assert_eq!(counts.last(), Some(&2_000));
        assert!(counts.windows(2).all(|pair| pair[0] + 1 == pair[1]));
        assert!((200..1_000).contains(&counts.len()), "{}", counts.len());
        log.record(gap(7));
        log.flush();
        assert_eq!(reader.read().expect("readable").len(), 1);
    }
}
