//! The driver over any engine: reads from views, commits through one writer that groups them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;

use futures_core::future::BoxFuture;
use holm_kernel::account::Bytes;
use holm_kernel::storage::{BucketId, Change, Driver, DriverError, Page, Version, Versioned};
use tokio::sync::{mpsc, oneshot};

use super::engine::{Engine, View};
use super::layout::{Head, account_row, damaged, head_row, number, value_row};
use super::writer::{Commit, Work, Writer};

/// Commits that may wait for the writer; more wait to enter, so that a stalled disk
/// holds a bounded number of values in memory.
const QUEUED: usize = 256;

/// Keys on one page at most, whatever was asked for.
const PAGE: usize = 10_000;

/// A storage driver over one engine.
pub(crate) struct Store<E> {
    engine: Arc<E>,
    work: Option<mpsc::Sender<Work>>,
    writer: Option<JoinHandle<()>>,
}

impl<E: Engine> Store<E> {
    /// Starts the writer.
    pub(crate) fn new(engine: E) -> std::io::Result<Store<E>> {
        let engine = Arc::new(engine);
        let (work, queue) = mpsc::channel(QUEUED);
        let writer = Writer::new(engine.clone());
        let writer = std::thread::Builder::new().name("holm-storage".into()).spawn(move || writer.run(queue))?;
        Ok(Store { engine, work: Some(work), writer: Some(writer) })
    }

    async fn send(&self, work: Work) -> Result<(), DriverError> {
        let writer = self.work.as_ref().ok_or_else(stopped)?;
        writer.send(work).await.map_err(|_| stopped())
    }

    fn read<'a, T: Send + 'static>(
        &'a self,
        read: impl FnOnce(&E::View<'_>) -> Result<T, DriverError> + Send + 'static,
    ) -> BoxFuture<'a, Result<T, DriverError>> {
        let engine = self.engine.clone();
        let read = move || match catch_unwind(AssertUnwindSafe(|| read(&engine.view()?))) {
            Ok(result) => result,
            Err(_) => Err(DriverError::Io("the storage driver panicked while reading".into())),
        };
        if E::INLINE {
            return Box::pin(async move { read() });
        }
        Box::pin(async move {
            match tokio::task::spawn_blocking(read).await {
                Ok(result) => result,
                Err(_) => Err(DriverError::Io("storage is shutting down".into())),
            }
        })
    }
}

impl<E> Drop for Store<E> {
    fn drop(&mut self) {
        self.work = None;
        // Waits for the last commits, so that who opens the store next finds it unlocked.
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the storage writer panicked");
        }
    }
}

impl<E: Engine> Driver for Store<E> {
    fn get<'a>(&'a self, bucket: &'a BucketId, key: &'a str) -> BoxFuture<'a, Result<Option<Versioned>, DriverError>> {
        let (bucket, key) = (bucket.clone(), key.to_owned());
        self.read(move |rows| {
            consistent(|| {
                let Some(head) = head(rows, &bucket, &key)? else { return Ok(Some(None)) };
                let Some(live) = head.live() else { return Ok(Some(None)) };
                let value = value(rows, &bucket, &key, live)?;
                Ok(value.map(|value| Some(Versioned { value, version: live.version })))
            })
        })
    }

    fn list<'a>(
        &'a self,
        bucket: &'a BucketId,
        prefix: &'a str,
        cursor: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Page, DriverError>> {
        let start = head_row(bucket, "").len();
        let within = head_row(bucket, prefix);
        let from = match cursor.map(|cursor| head_row(bucket, cursor)) {
            // The smallest row after the cursor's.
            Some(mut after) if after >= within => {
                after.push(0);
                after
            }
            _ => within.clone(),
        };
        let limit = limit.clamp(1, PAGE);
        self.read(move |rows| {
            let mut page = Page::default();
            let mut failed = None;
            rows.scan(&from, &mut |row, versions| {
                if !row.starts_with(&within) {
                    return false;
                }
                match (Head::decode(versions), String::from_utf8(row[start..].to_vec())) {
                    (Ok(head), Ok(_)) if head.live().is_none() => true,
                    (Ok(_), Ok(_)) if page.keys.len() == limit => {
                        page.next = page.keys.last().cloned();
                        false
                    }
                    (Ok(_), Ok(key)) => {
                        page.keys.push(key);
                        true
                    }
                    (Err(error), _) => {
                        failed = Some(error);
                        false
                    }
                    (_, Err(_)) => {
                        failed = Some(damaged("a key"));
                        false
                    }
                }
            })?;
            failed.map_or(Ok(page), Err)
        })
    }

    fn commit<'a>(
        &'a self,
        bucket: &'a BucketId,
        changes: Vec<Change>,
        quota: Bytes,
    ) -> BoxFuture<'a, Result<u64, DriverError>> {
        Box::pin(async move {
            let (reply, version) = oneshot::channel();
            let commit = Commit { bucket: bucket.clone(), changes, quota, reply };
            self.send(Work::Commit(commit)).await?;
            version.await.map_err(|_| stopped())?
        })
    }

    fn forget<'a>(&'a self, plugin: &'a str) -> BoxFuture<'a, Result<Bytes, DriverError>> {
        Box::pin(async move {
            let (reply, freed) = oneshot::channel();
            self.send(Work::Forget { plugin: plugin.to_owned(), reply }).await?;
            freed.await.map_err(|_| stopped())?
        })
    }

    fn versions<'a>(&'a self, bucket: &'a BucketId, key: &'a str) -> BoxFuture<'a, Result<Vec<Version>, DriverError>> {
        let (bucket, key) = (bucket.clone(), key.to_owned());
        self.read(move |rows| Ok(head(rows, &bucket, &key)?.unwrap_or_default().versions))
    }

    fn get_version<'a>(
        &'a self,
        bucket: &'a BucketId,
        key: &'a str,
        version: u64,
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, DriverError>> {
        let (bucket, key) = (bucket.clone(), key.to_owned());
        self.read(move |rows| {
            consistent(|| {
                let head = head(rows, &bucket, &key)?.unwrap_or_default();
                let Some(kept) = head.versions.iter().find(|kept| kept.version == version) else {
                    return Err(DriverError::NoSuchVersion(version));
                };
                if kept.size.is_none() {
                    return Ok(Some(None));
                }
                Ok(value(rows, &bucket, &key, kept)?.map(Some))
            })
        })
    }

    fn used<'a>(&'a self, owner: &'a BucketId) -> BoxFuture<'a, Result<Bytes, DriverError>> {
        let row = account_row(owner);
        self.read(move |rows| Ok(Bytes(number(rows.get(&row)?)?)))
    }
}

fn stopped() -> DriverError {
    DriverError::Io("the storage writer has stopped; restart Holm".into())
}

fn head(rows: &impl View, bucket: &BucketId, key: &str) -> Result<Option<Head>, DriverError> {
    rows.get(&head_row(bucket, key))?.map(|row| Head::decode(&row)).transpose()
}

/// The value of a kept version; none where it is not, or not wholly, there.
fn value(rows: &impl View, bucket: &BucketId, key: &str, version: &Version) -> Result<Option<Vec<u8>>, DriverError> {
    let value = rows.get(&value_row(bucket, key, version.version))?;
    Ok(value.filter(|value| Some(value.len() as u64) == version.size))
}

/// Reads again where a version was pruned between its head and its value: some engines'
/// views move. A store where that lasts is damaged.
fn consistent<T>(mut read: impl FnMut() -> Result<Option<T>, DriverError>) -> Result<T, DriverError> {
    for _ in 0..100 {
        if let Some(value) = read()? {
            return Ok(value);
        }
        std::thread::yield_now();
    }
    Err(damaged("a value"))
}
