//! A storage driver that can be made to wait and to panic, by the keys that guests use.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use holm_kernel::{
    account::Bytes,
    storage::{BucketId, Change, Driver, DriverError, Page, Version, Versioned},
};

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, DriverError>> + Send + 'a>>;

/// Operations on keys below `gate/` wait for ever, those on keys below `panic/` and `late-panic/` panic, at once
/// or after they waited; all others
/// go to the driver behind it.
pub struct Gate {
    behind: Arc<dyn Driver>,
    waiting: AtomicUsize,
}

impl Gate {
    pub(crate) fn new(behind: Arc<dyn Driver>) -> Arc<Self> {
        Arc::new(Self { behind, waiting: AtomicUsize::new(0) })
    }

    /// How many operations wait at this moment.
    pub fn waiting(&self) -> usize {
        self.waiting.load(SeqCst)
    }

    async fn pass(&self, key: &str) {
        if key.starts_with("panic/") {
            panic!("a key that makes the driver panic");
        }
        if key.starts_with("late-panic/") {
            // By then it is a task of its own.
            tokio::task::yield_now().await;
            panic!("a key that makes the driver panic once it waited");
        }
        if key.starts_with("gate/") {
            self.waiting.fetch_add(1, SeqCst);
            let _left = Left(&self.waiting);
            std::future::pending::<()>().await;
        }
    }
}

struct Left<'a>(&'a AtomicUsize);

impl Drop for Left<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

impl Driver for Gate {
    fn get<'a>(&'a self, bucket: &'a BucketId, key: &'a str) -> Answer<'a, Option<Versioned>> {
        Box::pin(async move {
            self.pass(key).await;
            self.behind.get(bucket, key).await
        })
    }

    fn list<'a>(
        &'a self,
        bucket: &'a BucketId,
        prefix: &'a str,
        cursor: Option<&'a str>,
        limit: usize,
    ) -> Answer<'a, Page> {
        Box::pin(async move {
            self.pass(prefix).await;
            self.behind.list(bucket, prefix, cursor, limit).await
        })
    }

    fn commit<'a>(&'a self, bucket: &'a BucketId, changes: Vec<Change>, quota: Bytes) -> Answer<'a, u64> {
        Box::pin(async move {
            for change in &changes {
                self.pass(&change.key).await;
            }
            self.behind.commit(bucket, changes, quota).await
        })
    }

    fn versions<'a>(&'a self, bucket: &'a BucketId, key: &'a str) -> Answer<'a, Vec<Version>> {
        self.behind.versions(bucket, key)
    }

    fn get_version<'a>(&'a self, bucket: &'a BucketId, key: &'a str, version: u64) -> Answer<'a, Option<Vec<u8>>> {
        self.behind.get_version(bucket, key, version)
    }

    fn forget<'a>(&'a self, plugin: &'a str) -> Answer<'a, Bytes> {
        self.behind.forget(plugin)
    }

    fn used<'a>(&'a self, owner: &'a BucketId) -> Answer<'a, Bytes> {
        self.behind.used(owner)
    }
}
