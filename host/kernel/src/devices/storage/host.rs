//! WIT's `storage`, implemented on the door.

use wasmtime::component::Resource;

use super::{BucketId, Change, Driver, DriverError, Expected, StorageRule, StorageWant, VERSION_OVERHEAD};
use crate::{
    account::{Exceeded, Total},
    bindings::holm::sys::storage::{self as wit, Error, Host, HostBucket},
    syscall::{
        Device, Entered, Errno, Interrupt, Op, Refusal, Syscall,
        device::fuel_for_bytes,
        door::{Granted, Resident},
        grant::Access,
        kept::{SHARED, kept_name},
    },
};
use std::sync::Arc;

/// The storage device.
pub(crate) struct Storage;

impl Device for Storage {
    const NAME: &'static str = "storage";
    type Session = Session;
}

/// The driver, and whose private buckets this process means.
pub(crate) struct Session {
    pub(crate) driver: Arc<dyn Driver>,
    pub(crate) owner: Arc<str>,
}

/// An open bucket.
#[derive(Clone)]
pub struct Bucket {
    right: Granted<StorageRule>,
    id: Arc<BucketId>,
}

impl Resident<Storage> for Bucket {}

/// Bounds what one call may write: a key, a value, a batch.
const KEY_BYTES: usize = 1024;
const VALUE_BYTES: usize = 1 << 20;
const BATCH_CHANGES: usize = 1024;
const PAGE_KEYS: u32 = 1000;

/// How often a byte that is put is copied on its way to the disk, beside the first time.
const WRITTEN: u64 = 3;

static OPEN: Op = Op::query("open", 1_000);
static GET: Op = Op::query("get", 2_000);
static LIST: Op = Op::query("list", 5_000);
static VERSIONS: Op = Op::query("versions", 5_000);
static PUT: Op = Op::effect("put", 20_000);
static DELETE: Op = Op::effect("delete", 20_000);
static COMMIT: Op = Op::effect("commit", 20_000);
static ROLLBACK: Op = Op::effect("rollback", 20_000);

type Result<T> = std::result::Result<T, Interrupt<Error>>;

impl From<Errno> for Error {
    fn from(errno: Errno) -> Self {
        Error::Sys(errno)
    }
}

fn too_large<T>(what: &str) -> Result<T> {
    Err(Interrupt::Guest(Error::TooLarge(what.to_owned())))
}

fn check_key(key: &str) -> Result<()> {
    match key.len() {
        1..=KEY_BYTES => Ok(()),
        _ => too_large("a key has 1 to 1,024 bytes"),
    }
}

fn check_changes(changes: &[Change]) -> Result<()> {
    if changes.len() > BATCH_CHANGES {
        return too_large("a batch has at most 1,024 changes");
    }
    for change in changes {
        check_key(&change.key)?;
        if change.value.as_ref().is_some_and(|value| value.len() > VALUE_BYTES) {
            return too_large("a value has at most 1 MiB");
        }
    }
    Ok(())
}

impl Syscall<'_, Storage> {
    /// Enters with an open bucket whose grant still holds, and pays for the bytes that were passed.
    async fn with(
        &mut self,
        op: &'static Op,
        bucket: &Resource<Bucket>,
        key: &str,
        bytes: usize,
        access: Access,
    ) -> std::result::Result<(Entered<'_, Storage>, Bucket), Interrupt<Error>> {
        let mut call = self.enter(op).await?;
        // What is refused is paid for too: its bytes were moved already.
        call.charge(fuel_for_bytes(bytes as u64));
        let found = call.get_granted(bucket, |bucket| &mut bucket.right)?;
        call.about(&format!("{}/{}", found.id.name, &key[..key.floor_char_boundary(KEY_BYTES)]));
        if access > found.right.want().access {
            let want = StorageWant { name: found.id.name.clone(), access };
            return Err(call.deny(Storage::NAME, want.to_string(), "opened for reading").into());
        }
        Ok((call, found))
    }

    /// Commits changes as one version.
    async fn write(&mut self, op: &'static Op, bucket: &Resource<Bucket>, changes: Vec<Change>) -> Result<u64> {
        let first = changes.first().map(|change| change.key.clone()).unwrap_or_default();
        let bytes = changes.iter().map(|change| change.key.len() + change.value.as_ref().map_or(0, Vec::len)).sum();
        let stored = bytes as u64 + VERSION_OVERHEAD * changes.len() as u64;
        let (mut call, mut bucket) = self.with(op, bucket, &first, bytes, Access::Write).await?;
        call.charge(1_000 * changes.len() as u64 + fuel_for_bytes(WRITTEN * bytes as u64));
        check_changes(&changes)?;
        let (driver, id) = (call.session.driver.clone(), bucket.id.clone());
        let quota = call.account().limits().storage;
        let done = call.drive(&mut bucket.right, async move { driver.commit(&id, changes, quota).await }).await?;
        if done.is_ok() {
            call.account().overdraw(Total::Stored, stored);
        }
        done.map_err(|error| refuse(&mut call, error))
    }
}

/// The guest's error for a driver's.
fn refuse(call: &mut Entered<'_, Storage>, error: DriverError) -> Interrupt<Error> {
    match error {
        DriverError::Conflict { key, found } => Interrupt::Guest(Error::Conflict(wit::Conflict { key, found })),
        DriverError::Quota { quota } => call.over(Exceeded { limit: "storage", maximum: quota.0 }).into(),
        DriverError::NoSuchVersion(_) => Refusal::Errno(Errno::NotFound).into(),
        DriverError::Io(text) => Refusal::Errno(Errno::Io(text)).into(),
    }
}

impl Host for Syscall<'_, Storage> {
    fn convert_error(&mut self, error: Interrupt<Error>) -> wasmtime::Result<Error> {
        error.for_guest()
    }
}

impl HostBucket for Syscall<'_, Storage> {
    async fn open(&mut self, name: String, access: wit::Access) -> Result<Resource<Bucket>> {
        let mut call = self.enter(&OPEN).await?;
        call.charge(fuel_for_bytes(name.len() as u64));
        let access = match access {
            wit::Access::Read => Access::Read,
            wit::Access::Write => Access::Write,
        };
        let Some(name) = kept_name(&name) else {
            return Err(call.deny(Storage::NAME, name.chars().take(128).collect(), "not the name of a bucket").into());
        };
        let want = StorageWant { name: name.to_owned(), access };
        let right = call.admit::<StorageRule>(want).await?;
        let owner = (!name.starts_with(SHARED)).then(|| call.session.owner.to_string());
        let id = Arc::new(BucketId { owner, name: name.to_owned() });
        Ok(call.push(Bucket { right, id })?)
    }

    async fn get(&mut self, bucket: Resource<Bucket>, key: String) -> Result<Option<wit::Versioned>> {
        let (mut call, mut bucket) = self.with(&GET, &bucket, &key, key.len(), Access::Read).await?;
        check_key(&key)?;
        let (driver, id) = (call.session.driver.clone(), bucket.id.clone());
        let found = call.drive(&mut bucket.right, async move { driver.get(&id, &key).await }).await?;
        let found = found.map_err(|error| refuse(&mut call, error))?;
        call.charge(found.as_ref().map_or(0, |found| fuel_for_bytes(found.value.len() as u64)));
        Ok(found.map(|found| wit::Versioned { value: found.value, version: found.version }))
    }

    async fn put(&mut self, bucket: Resource<Bucket>, key: String, value: Vec<u8>) -> Result<u64> {
        let change = Change { key, value: Some(value), expected: Expected::Anything };
        self.write(&PUT, &bucket, vec![change]).await
    }

    async fn delete(&mut self, bucket: Resource<Bucket>, key: String) -> Result<bool> {
        // Deletes the version it saw, and looks again if somebody was faster.
        loop {
            let (mut call, mut found) = self.with(&GET, &bucket, &key, key.len(), Access::Read).await?;
            check_key(&key)?;
            let (driver, id, name) = (call.session.driver.clone(), found.id.clone(), key.clone());
            let seen = call.drive(&mut found.right, async move { driver.get(&id, &name).await }).await?;
            let seen = seen.map_err(|error| refuse(&mut call, error))?;
            drop(call);
            let Some(seen) = seen else { return Ok(false) };
            let change = Change { key: key.clone(), value: None, expected: Expected::Version(seen.version) };
            match self.write(&DELETE, &bucket, vec![change]).await {
                Err(Interrupt::Guest(Error::Conflict(_))) => {}
                done => return done.map(|_| true),
            }
        }
    }

    async fn list(
        &mut self,
        bucket: Resource<Bucket>,
        prefix: String,
        cursor: Option<String>,
        limit: u32,
    ) -> Result<wit::Page> {
        let (mut call, mut bucket) = self.with(&LIST, &bucket, &prefix, prefix.len(), Access::Read).await?;
        call.charge(fuel_for_bytes(cursor.as_ref().map_or(0, |cursor| cursor.len() as u64)));
        let (driver, id) = (call.session.driver.clone(), bucket.id.clone());
        let limit = limit.clamp(1, PAGE_KEYS) as usize;
        let page = call
            .drive(&mut bucket.right, async move { driver.list(&id, &prefix, cursor.as_deref(), limit).await })
            .await?;
        let page = page.map_err(|error| refuse(&mut call, error))?;
        call.charge(100 * page.keys.len() as u64);
        Ok(wit::Page { keys: page.keys, next: page.next })
    }

    async fn commit(&mut self, bucket: Resource<Bucket>, changes: Vec<wit::Change>) -> Result<u64> {
        let changes = changes.into_iter().map(|change| Change {
            key: change.key,
            value: change.value,
            expected: match change.expected {
                wit::Expected::Anything => Expected::Anything,
                wit::Expected::Absent => Expected::Absent,
                wit::Expected::Version(version) => Expected::Version(version),
            },
        });
        let changes = changes.collect();
        self.write(&COMMIT, &bucket, changes).await
    }

    async fn versions(&mut self, bucket: Resource<Bucket>, key: String) -> Result<Vec<wit::Version>> {
        let (mut call, mut bucket) = self.with(&VERSIONS, &bucket, &key, key.len(), Access::Read).await?;
        check_key(&key)?;
        let (driver, id) = (call.session.driver.clone(), bucket.id.clone());
        let found = call.drive(&mut bucket.right, async move { driver.versions(&id, &key).await }).await?;
        let found = found.map_err(|error| refuse(&mut call, error))?;
        let version =
            |found: super::Version| wit::Version { version: found.version, written: found.written, size: found.size };
        Ok(found.into_iter().map(version).collect())
    }

    async fn get_version(&mut self, bucket: Resource<Bucket>, key: String, version: u64) -> Result<Option<Vec<u8>>> {
        let (mut call, mut bucket) = self.with(&GET, &bucket, &key, key.len(), Access::Read).await?;
        check_key(&key)?;
        let (driver, id) = (call.session.driver.clone(), bucket.id.clone());
        let found = call.drive(&mut bucket.right, async move { driver.get_version(&id, &key, version).await }).await?;
        match found {
            Err(DriverError::NoSuchVersion(_)) => Ok(None),
            found => {
                let found = found.map_err(|error| refuse(&mut call, error))?;
                call.charge(found.as_ref().map_or(0, |value| fuel_for_bytes(value.len() as u64)));
                Ok(found)
            }
        }
    }

    async fn rollback(&mut self, bucket: Resource<Bucket>, key: String, version: u64) -> Result<u64> {
        let (mut call, mut found) = self.with(&VERSIONS, &bucket, &key, key.len(), Access::Read).await?;
        check_key(&key)?;
        let (driver, id, name) = (call.session.driver.clone(), found.id.clone(), key.clone());
        let value = call.drive(&mut found.right, async move { driver.get_version(&id, &name, version).await }).await?;
        let value = value.map_err(|error| refuse(&mut call, error))?;
        drop(call);
        let change = Change { key, value, expected: Expected::Anything };
        self.write(&ROLLBACK, &bucket, vec![change]).await
    }

    async fn drop(&mut self, bucket: Resource<Bucket>) -> wasmtime::Result<()> {
        self.release(bucket).map(drop)
    }
}
