//! The one thread that writes: plans the commits that wait, writes them together, then answers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use holm_kernel::account::Bytes;
use holm_kernel::storage::{BucketId, Change, DriverError};
use tokio::sync::{mpsc, oneshot};

use super::engine::{Engine, Planned, Writes};
use super::forget::step;
use super::plan::plan;

/// Bytes of values after which a group takes no more commits: bounds memory and the wait
/// of the group's first.
const GROUP: usize = 8 << 20;

/// A commit that waits for the writer.
pub(crate) struct Commit {
    pub(crate) bucket: BucketId,
    pub(crate) changes: Vec<Change>,
    pub(crate) quota: Bytes,
    pub(crate) reply: oneshot::Sender<Result<u64, DriverError>>,
}

impl Commit {
    fn bytes(&self) -> usize {
        self.changes.iter().map(|change| change.value.as_ref().map_or(0, Vec::len)).sum()
    }
}

/// What the writer does.
pub(crate) enum Work {
    Commit(Commit),
    /// Removes all that a plugin has stored.
    Forget {
        plugin: String,
        reply: oneshot::Sender<Result<Bytes, DriverError>>,
    },
}

/// Since only this thread writes, what a plan read is still true when it is written: two
/// processes cannot both win the last bytes of a quota.
pub(crate) struct Writer<E> {
    engine: Arc<E>,
    failed: Option<String>,
}

impl<E: Engine> Writer<E> {
    pub(crate) fn new(engine: Arc<E>) -> Writer<E> {
        Writer { engine, failed: None }
    }

    /// Serves commits until the driver is dropped.
    pub(crate) fn run(mut self, mut queue: mpsc::Receiver<Work>) {
        while let Some(work) = queue.blocking_recv() {
            let (mut bytes, mut group, mut next) = (0, Vec::new(), Some(work));
            // Who came while the last group was written shares the next flush.
            while let Some(Work::Commit(commit)) = next {
                bytes += commit.bytes();
                group.push(commit);
                next = if bytes < GROUP { queue.try_recv().ok() } else { None };
            }
            self.serve(group);
            if let Some(Work::Forget { plugin, reply }) = next {
                // The caller may be gone meanwhile; it is forgotten all the same.
                let _ = reply.send(self.forget(&plugin));
            }
        }
    }

    fn forget(&mut self, plugin: &str) -> Result<Bytes, DriverError> {
        let mut freed = Bytes(0);
        loop {
            if let Some(reason) = &self.failed {
                return Err(DriverError::Io(reason.clone()));
            }
            let step = catch_unwind(AssertUnwindSafe(|| step(&self.engine.view()?, plugin)));
            let step =
                step.unwrap_or_else(|_| Err(DriverError::Io("the storage driver panicked while reading".into())))?;
            if step.writes.is_empty() {
                return Ok(freed);
            }
            self.write_or_stop(&step.writes);
            freed.0 += step.freed.0;
        }
    }

    /// After an error nothing is written any more: what reached the disk is not known.
    fn write_or_stop(&mut self, writes: &Writes) {
        if let Err(reason) = self.write(writes) {
            tracing::error!(reason, "storage stopped");
            self.failed = Some(format!("{reason}; nothing more is written until Holm is restarted"));
        }
    }

    fn serve(&mut self, group: Vec<Commit>) {
        let mut writes = Writes::new();
        let mut planned = Vec::new();
        for commit in group {
            // Whoever is gone was promised nothing.
            if commit.reply.is_closed() {
                continue;
            }
            let answer = match &self.failed {
                Some(reason) => Err(DriverError::Io(reason.clone())),
                None => self.plan(&mut writes, commit.bucket, commit.changes, commit.quota),
            };
            match answer {
                Ok(version) => planned.push((commit.reply, version)),
                Err(error) => answer_to(commit.reply, Err(error)),
            }
        }
        self.write_or_stop(&writes);
        for (reply, version) in planned {
            answer_to(
                reply,
                match &self.failed {
                    Some(reason) => Err(DriverError::Io(reason.clone())),
                    None => Ok(version),
                },
            );
        }
    }

    fn plan(
        &self,
        writes: &mut Writes,
        bucket: BucketId,
        changes: Vec<Change>,
        quota: Bytes,
    ) -> Result<u64, DriverError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
        let planned = catch_unwind(AssertUnwindSafe(|| {
            let view = self.engine.view()?;
            plan(&Planned { view: &view, writes }, &bucket, changes, quota, now)
        }));
        let (version, more) =
            planned.unwrap_or_else(|_| Err(DriverError::Io("the storage driver panicked while planning".into())))?;
        writes.extend(more);
        Ok(version)
    }

    fn write(&self, writes: &Writes) -> Result<(), String> {
        if writes.is_empty() {
            return Ok(());
        }
        match catch_unwind(AssertUnwindSafe(|| self.engine.write(writes))) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(DriverError::Io(reason))) => Err(reason),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("the storage driver panicked while writing".into()),
        }
    }
}

fn answer_to(reply: oneshot::Sender<Result<u64, DriverError>>, answer: Result<u64, DriverError>) {
    // The caller may be gone meanwhile; its commit stands all the same.
    let _ = reply.send(answer);
}
