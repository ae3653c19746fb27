//! WASI's file system, implemented on the door: located by grant, then done by wasmtime-wasi.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use wasmtime::component::Resource;
use wasmtime_wasi::{
    FsPerms, OpenMode,
    filesystem::{Descriptor, Dir, WasiFilesystemCtx, WasiFilesystemCtxView},
    p2::{
        DynInputStream, DynOutputStream, FsError, FsResult,
        bindings::filesystem::{
            preopens,
            types::{self, DescriptorFlags, ErrorCode, HostDescriptor, HostDirectoryEntryStream, PathFlags},
        },
    },
};

use super::{
    Mounts,
    list::Listing,
    locate::{Place, failed, writable},
    open::{self, Mode},
};
use crate::{
    account::{Account, Level, Total},
    syscall::{
        Device, Entered, Op, Syscall,
        device::{HOP, WasiDevice, fuel_for_bytes},
        grant::Access,
    },
};

/// The files device.
pub(crate) struct Files;

impl Device for Files {
    const NAME: &'static str = "fs";
    type Session = Session;
}

impl WasiDevice for Files {}

/// What a process has open, and where its relative paths begin.
pub(crate) struct Session {
    pub(crate) directory: PathBuf,
    pub(crate) protected: Arc<dyn Fn(&Path) -> bool + Send + Sync>,
    pub(crate) mounts: Arc<Mounts>,
    context: WasiFilesystemCtx,
}

impl Session {
    pub(crate) fn new(directory: PathBuf, protected: Arc<dyn Fn(&Path) -> bool + Send + Sync>, mounts: Mounts) -> Self {
        let mounts = Arc::new(mounts);
        // What is mounted may lie among Holm's own files, and is not theirs to keep back.
        let (own, kept) = (mounts.clone(), protected.clone());
        let protected = match mounts.is_empty() {
            true => protected,
            false => Arc::new(move |path: &Path| !own.hold(path) && kept(path)) as Arc<_>,
        };
        Self { directory, protected, mounts, context: WasiFilesystemCtx::default() }
    }
}

/// The directory that every process finds. Nothing is ever read from the descriptor behind it:
/// paths below it are looked up in the grants.
pub(crate) fn empty_root() -> Dir {
    static ROOT: OnceLock<Dir> = OnceLock::new();
    let make = || {
        // Any directory serves; this one tells nothing where it is asked for its own attributes.
        let file =
            std::fs::File::open("/proc/self").or_else(|_| std::fs::File::open("/")).expect("the root directory opens");
        Dir::new(file, FsPerms::ReadOnly, OpenMode::READ, false)
    };
    ROOT.get_or_init(make).clone()
}

static PREOPENS: Op = Op::query("preopens", 200);
static OPEN_READ: Op = Op::query("open", FOUND);
static OPEN_WRITE: Op = Op::effect("open-write", FOUND);
static STAT_AT: Op = Op::query("stat", FOUND);
static STAT: Op = Op::query("stat", HOP);
static KNOWN: Op = Op::query("known", 2_000);
static READ: Op = Op::query("read", HOP);
static WRITE: Op = Op::query("write", HOP);
static SYNC: Op = Op::query("sync", 2 * HOP);
static READ_DIRECTORY: Op = Op::query("read-directory", 2 * HOP);
static NEXT_ENTRY: Op = Op::query("next-entry", 2_000);
static STREAM: Op = Op::query("stream", 1_000);
static MAKE_DIRECTORY: Op = Op::effect("create-directory", FOUND);
static REMOVE: Op = Op::effect("remove", FOUND);
static RENAME: Op = Op::effect("rename", 2 * FOUND);
static LINK: Op = Op::effect("link", 2 * FOUND);
static SET: Op = Op::effect("set-attributes", HOP);
static SET_AT: Op = Op::effect("set-attributes", FOUND);

/// A path is looked up on one thread, and then worked with on another.
const FOUND: u64 = 4 * HOP;

/// Fuel for each entry of a directory that is read ahead: its kind is asked for too.
const ENTRY_AHEAD: u64 = 4_000;

type Fd = Resource<Descriptor>;

/// Refuses one name for what is the host's and what is a run's own: it would outlive the right to either. Who moves
/// a file between file systems copies it.
fn apart(old: &Place, new: &Place) -> FsResult<()> {
    if old.mount == new.mount { Ok(()) } else { Err(ErrorCode::CrossDevice.into()) }
}

impl Entered<'_, Files> {
    fn view(&mut self) -> WasiFilesystemCtxView<'_> {
        let (session, table) = self.wasi();
        WasiFilesystemCtxView { ctx: &mut session.context, table }
    }

    /// Puts the directory of a place into the table for one operation.
    fn lend(&mut self, place: &Place) -> FsResult<Fd> {
        Ok(self.wasi().1.push(Descriptor::Dir(place.dir()))?)
    }

    /// How far behind the end of a file an offset lies: one byte written there costs the disk a
    /// block, so what is skipped is paid for like what is written.
    fn gap(&mut self, fd: &Fd, offset: u64) -> FsResult<u64> {
        match self.wasi().1.get(fd)? {
            Descriptor::File(file) => {
                let size = file.file.metadata().map_err(|error| ErrorCode::from(&error))?.len();
                Ok(offset.saturating_sub(size))
            }
            Descriptor::Dir(_) => Ok(0),
        }
    }

    fn take_back(&mut self, lent: Fd) {
        // It was put there a moment ago and nobody else knows it.
        let _ = self.wasi().1.delete(lent);
    }
}

/// A file that was counted before it is made; where it was not made, it is not counted.
struct Making {
    account: Arc<Account>,
    made: bool,
}

impl Drop for Making {
    fn drop(&mut self) {
        if !self.made {
            self.account.untake(Total::FilesCreated, 1);
        }
    }
}

/// Symlinks are followed as asked, but never from a file that was granted by its own name.
fn follow(flags: PathFlags, place: &Place) -> PathFlags {
    if place.exact { PathFlags::empty() } else { flags }
}

impl Syscall<'_, Files> {
    /// Enters with a descriptor whose right still holds.
    async fn with(&mut self, op: &'static Op, fd: &Fd) -> FsResult<Entered<'_, Files>> {
        let mut call = self.enter(op).await.map_err(failed)?;
        call.check_origin(fd.rep()).map_err(failed)?;
        Ok(call)
    }

    /// Opens a stream on a file; it inherits the file's right.
    fn stream<T: 'static>(
        &mut self,
        fd: Fd,
        make: impl FnOnce(&mut WasiFilesystemCtxView<'_>, Fd) -> FsResult<Resource<T>>,
    ) -> FsResult<Resource<T>> {
        let mut call = self.enter_now(&STREAM).map_err(failed)?;
        call.check_origin(fd.rep()).map_err(failed)?;
        let origin = call.origin(fd.rep()).cloned().zip(call.origin_hold(fd.rep()));
        let stream = make(&mut call.view(), fd)?;
        if let Some((right, hold)) = origin {
            call.set_origin(stream.rep(), right, hold);
        }
        Ok(stream)
    }
}

impl preopens::Host for Syscall<'_, Files> {
    fn get_directories(&mut self) -> wasmtime::Result<Vec<(Fd, String)>> {
        let mut call = self.enter_now(&PREOPENS).map_err(crate::devices::wasi_trap)?;
        let root = call.wasi().1.push(Descriptor::Dir(empty_root()))?;
        Ok(vec![(root, "/".to_owned())])
    }
}

impl types::Host for Syscall<'_, Files> {
    fn convert_error_code(&mut self, error: FsError) -> wasmtime::Result<ErrorCode> {
        error.downcast()
    }

    fn filesystem_error_code(&mut self, error: Resource<wasmtime::Error>) -> wasmtime::Result<Option<ErrorCode>> {
        let mut call = self.enter_now(&KNOWN).map_err(crate::devices::wasi_trap)?;
        types::Host::filesystem_error_code(&mut call.view(), error)
    }
}

impl HostDirectoryEntryStream for Syscall<'_, Files> {
    async fn read_directory_entry(
        &mut self,
        stream: Resource<types::DirectoryEntryStream>,
    ) -> FsResult<Option<types::DirectoryEntry>> {
        let mut call = self.enter(&NEXT_ENTRY).await.map_err(failed)?;
        call.check_origin(stream.rep()).map_err(failed)?;
        let stream = Resource::<Listing>::new_borrow(stream.rep());
        let listing = call.wasi().1.get_mut(&stream)?;
        if listing.is_dry() {
            let dry = std::mem::take(listing);
            let filled = tokio::task::spawn_blocking(|| dry.read_ahead()).await.map_err(|_| ErrorCode::Io)?;
            call.charge(HOP + ENTRY_AHEAD * filled.ahead());
            *call.wasi().1.get_mut(&stream)? = filled;
        }
        let next = call.wasi().1.get_mut(&stream)?.next()?;
        call.charge(fuel_for_bytes(next.as_ref().map_or(0, |entry| entry.name.len() as u64)));
        Ok(next)
    }

    fn drop(&mut self, stream: Resource<types::DirectoryEntryStream>) -> wasmtime::Result<()> {
        self.forget_origin(stream.rep());
        self.wasi_table().delete(Resource::<Listing>::new_own(stream.rep()))?;
        Ok(())
    }
}

impl HostDescriptor for Syscall<'_, Files> {
    async fn open_at(
        &mut self,
        fd: Fd,
        path_flags: PathFlags,
        path: String,
        open: types::OpenFlags,
        flags: DescriptorFlags,
    ) -> FsResult<Fd> {
        let mut mode = Mode { follow: path_flags.contains(PathFlags::SYMLINK_FOLLOW), open, flags };
        let op = if mode.access() == Access::Write { &OPEN_WRITE } else { &OPEN_READ };
        let mut call = self.enter(op).await.map_err(failed)?;
        let place = call.locate(&fd, &path, mode.access()).await?;
        mode.follow &= !place.exact;
        let hold = call.account().hold(Level::OpenFiles, 1).map_err(|exceeded| failed(call.over(exceeded)))?;
        let mut making = match mode.open.contains(types::OpenFlags::CREATE) {
            true => {
                // Before it is made: a file that is one too many must not be left behind.
                call.take(Total::FilesCreated, 1).map_err(failed)?;
                Some(Making { account: call.account().clone(), made: false })
            }
            false => None,
        };
        let below = if writable(&place.right, &call) { Access::Write } else { Access::Read };
        let Place { directory, path, right, .. } = place;
        let protected = call.session.protected.clone();
        // It goes on where the process is killed meanwhile: what came of it is counted there.
        let open = move || {
            let (descriptor, made) = open::open(&directory, &path, mode, below, protected.as_ref())?;
            if let Some(making) = &mut making {
                making.made = made;
            }
            Ok::<_, ErrorCode>(descriptor)
        };
        let descriptor = tokio::task::spawn_blocking(open).await.map_err(|_| ErrorCode::Io)??;
        let fd = call.wasi().1.push(descriptor)?;
        call.set_origin(fd.rep(), right, Arc::new(hold));
        Ok(fd)
    }

    fn drop(&mut self, fd: Fd) -> wasmtime::Result<()> {
        self.forget_origin(fd.rep());
        self.wasi_table().delete(fd)?;
        Ok(())
    }

    async fn stat_at(&mut self, fd: Fd, flags: PathFlags, path: String) -> FsResult<types::DescriptorStat> {
        let mut call = self.enter(&STAT_AT).await.map_err(failed)?;
        let place = call.locate(&fd, &path, Access::Read).await?;
        let lent = call.lend(&place)?;
        let borrowed = Resource::new_borrow(lent.rep());
        let done = call.view().stat_at(borrowed, follow(flags, &place), place.path).await;
        call.take_back(lent);
        done
    }

    async fn metadata_hash_at(&mut self, fd: Fd, flags: PathFlags, path: String) -> FsResult<types::MetadataHashValue> {
        let mut call = self.enter(&STAT_AT).await.map_err(failed)?;
        let place = call.locate(&fd, &path, Access::Read).await?;
        let lent = call.lend(&place)?;
        let borrowed = Resource::new_borrow(lent.rep());
        let done = call.view().metadata_hash_at(borrowed, follow(flags, &place), place.path).await;
        call.take_back(lent);
        done
    }

    async fn readlink_at(&mut self, fd: Fd, path: String) -> FsResult<String> {
        let mut call = self.enter(&STAT_AT).await.map_err(failed)?;
        let place = call.locate(&fd, &path, Access::Read).await?;
        let lent = call.lend(&place)?;
        let borrowed = Resource::new_borrow(lent.rep());
        let done = call.view().readlink_at(borrowed, place.path).await;
        call.take_back(lent);
        call.charge(fuel_for_bytes(done.as_ref().map_or(0, |target| target.len() as u64)));
        done
    }

    async fn create_directory_at(&mut self, fd: Fd, path: String) -> FsResult<()> {
        let mut call = self.enter(&MAKE_DIRECTORY).await.map_err(failed)?;
        let place = call.locate(&fd, &path, Access::Write).await?;
        call.take(Total::FilesCreated, 1).map_err(failed)?;
        let lent = call.lend(&place)?;
        let borrowed = Resource::new_borrow(lent.rep());
        let done = call.view().create_directory_at(borrowed, place.path).await;
        call.take_back(lent);
        done
    }

    async fn remove_directory_at(&mut self, fd: Fd, path: String) -> FsResult<()> {
        let mut call = self.enter(&REMOVE).await.map_err(failed)?;
        let place = call.locate(&fd, &path, Access::Write).await?;
        let lent = call.lend(&place)?;
        let borrowed = Resource::new_borrow(lent.rep());
        let done = call.view().remove_directory_at(borrowed, place.path).await;
        call.take_back(lent);
        done
    }

    async fn unlink_file_at(&mut self, fd: Fd, path: String) -> FsResult<()> {
        let mut call = self.enter(&REMOVE).await.map_err(failed)?;
        let place = call.locate(&fd, &path, Access::Write).await?;
        let lent = call.lend(&place)?;
        let borrowed = Resource::new_borrow(lent.rep());
        let done = call.view().unlink_file_at(borrowed, place.path).await;
        call.take_back(lent);
        done
    }

    async fn set_times_at(
        &mut self,
        fd: Fd,
        flags: PathFlags,
        path: String,
        accessed: types::NewTimestamp,
        modified: types::NewTimestamp,
    ) -> FsResult<()> {
        let mut call = self.enter(&SET_AT).await.map_err(failed)?;
        let place = call.locate(&fd, &path, Access::Write).await?;
        let lent = call.lend(&place)?;
        let borrowed = Resource::new_borrow(lent.rep());
        let done = call.view().set_times_at(borrowed, follow(flags, &place), place.path, accessed, modified).await;
        call.take_back(lent);
        done
    }

    async fn symlink_at(&mut self, fd: Fd, target: String, path: String) -> FsResult<()> {
        let mut call = self.enter(&LINK).await.map_err(failed)?;
        call.charge(fuel_for_bytes(target.len() as u64));
        let place = call.locate(&fd, &path, Access::Write).await?;
        call.take(Total::FilesCreated, 1).map_err(failed)?;
        let lent = call.lend(&place)?;
        let borrowed = Resource::new_borrow(lent.rep());
        let done = call.view().symlink_at(borrowed, target, place.path).await;
        call.take_back(lent);
        done
    }

    async fn rename_at(&mut self, fd: Fd, path: String, new_fd: Fd, new_path: String) -> FsResult<()> {
        let mut call = self.enter(&RENAME).await.map_err(failed)?;
        let new = call.locate(&new_fd, &new_path, Access::Write).await?;
        let old = call.locate(&fd, &path, Access::Write).await?;
        apart(&old, &new)?;
        let (from, to) = (call.lend(&old)?, call.lend(&new)?);
        let (borrow_from, borrow_to) = (Resource::new_borrow(from.rep()), Resource::new_borrow(to.rep()));
        let done = call.view().rename_at(borrow_from, old.path, borrow_to, new.path).await;
        call.take_back(from);
        call.take_back(to);
        done
    }

    async fn link_at(&mut self, fd: Fd, flags: PathFlags, path: String, new_fd: Fd, new_path: String) -> FsResult<()> {
        let mut call = self.enter(&LINK).await.map_err(failed)?;
        let new = call.locate(&new_fd, &new_path, Access::Write).await?;
        // A second name confers what the first allowed: it must have been writable under the first too.
        let old = call.locate(&fd, &path, Access::Write).await?;
        apart(&old, &new)?;
        call.take(Total::FilesCreated, 1).map_err(failed)?;
        let (from, to) = (call.lend(&old)?, call.lend(&new)?);
        let (borrow_from, borrow_to) = (Resource::new_borrow(from.rep()), Resource::new_borrow(to.rep()));
        let done = call.view().link_at(borrow_from, follow(flags, &old), old.path, borrow_to, new.path).await;
        call.take_back(from);
        call.take_back(to);
        done
    }

    async fn read_directory(&mut self, fd: Fd) -> FsResult<Resource<types::DirectoryEntryStream>> {
        let mut call = self.with(&READ_DIRECTORY, &fd).await?;
        let Some(right) = call.origin(fd.rep()).cloned() else {
            // The root itself: what is below it is not the guest's to list.
            return Err(failed(call.deny("fs", "/:ro".to_owned(), "not granted")));
        };
        // The stream holds the directory: it counts as one more that is open.
        let hold = call.account().hold(Level::OpenFiles, 1).map_err(|exceeded| failed(call.over(exceeded)))?;
        let directory = match call.wasi().1.get(&fd)? {
            Descriptor::Dir(directory) => directory.dir.clone(),
            Descriptor::File(_) => return Err(ErrorCode::NotDirectory.into()),
        };
        let listing =
            tokio::task::spawn_blocking(move || Listing::of(&directory)).await.map_err(|_| ErrorCode::Io)??;
        call.charge(ENTRY_AHEAD * listing.ahead());
        // WASI's name for the type is wasmtime-wasi's, whose own holds all names: the table knows better.
        let stream = call.wasi().1.push(listing)?.rep();
        call.set_origin(stream, right, Arc::new(hold));
        Ok(Resource::new_own(stream))
    }

    async fn read(&mut self, fd: Fd, length: u64, offset: u64) -> FsResult<(Vec<u8>, bool)> {
        let mut call = self.with(&READ, &fd).await?;
        let done = call.view().read(fd, length, offset).await?;
        call.charge(fuel_for_bytes(done.0.len() as u64));
        Ok(done)
    }

    async fn write(&mut self, fd: Fd, buffer: Vec<u8>, offset: u64) -> FsResult<u64> {
        let mut call = self.with(&WRITE, &fd).await?;
        call.charge(fuel_for_bytes(buffer.len() as u64));
        let gap = call.gap(&fd, offset)?;
        call.take(Total::Written, gap.saturating_add(buffer.len() as u64)).map_err(failed)?;
        call.view().write(fd, buffer, offset).await
    }

    async fn set_size(&mut self, fd: Fd, size: u64) -> FsResult<()> {
        let mut call = self.with(&SET, &fd).await?;
        let now = call.view().stat(Resource::new_borrow(fd.rep())).await?.size;
        call.take(Total::Written, size.saturating_sub(now)).map_err(failed)?;
        call.view().set_size(fd, size).await
    }

    async fn set_times(
        &mut self,
        fd: Fd,
        accessed: types::NewTimestamp,
        modified: types::NewTimestamp,
    ) -> FsResult<()> {
        let mut call = self.with(&SET, &fd).await?;
        call.view().set_times(fd, accessed, modified).await
    }

    async fn advise(&mut self, fd: Fd, offset: u64, length: u64, advice: types::Advice) -> FsResult<()> {
        let mut call = self.with(&STAT, &fd).await?;
        call.view().advise(fd, offset, length, advice).await
    }

    async fn sync(&mut self, fd: Fd) -> FsResult<()> {
        let mut call = self.with(&SYNC, &fd).await?;
        call.view().sync(fd).await
    }

    async fn sync_data(&mut self, fd: Fd) -> FsResult<()> {
        let mut call = self.with(&SYNC, &fd).await?;
        call.view().sync_data(fd).await
    }

    async fn get_flags(&mut self, fd: Fd) -> FsResult<DescriptorFlags> {
        let mut call = self.with(&KNOWN, &fd).await?;
        call.view().get_flags(fd).await
    }

    async fn get_type(&mut self, fd: Fd) -> FsResult<types::DescriptorType> {
        let mut call = self.with(&KNOWN, &fd).await?;
        call.view().get_type(fd).await
    }

    async fn stat(&mut self, fd: Fd) -> FsResult<types::DescriptorStat> {
        let mut call = self.with(&STAT, &fd).await?;
        call.view().stat(fd).await
    }

    async fn is_same_object(&mut self, a: Fd, b: Fd) -> wasmtime::Result<bool> {
        let mut call = self.enter(&STAT).await.map_err(crate::devices::wasi_trap)?;
        call.view().is_same_object(a, b).await
    }

    async fn metadata_hash(&mut self, fd: Fd) -> FsResult<types::MetadataHashValue> {
        let mut call = self.with(&STAT, &fd).await?;
        call.view().metadata_hash(fd).await
    }

    fn read_via_stream(&mut self, fd: Fd, offset: u64) -> FsResult<Resource<DynInputStream>> {
        self.stream(fd, |view, fd| view.read_via_stream(fd, offset))
    }

    fn write_via_stream(&mut self, fd: Fd, offset: u64) -> FsResult<Resource<DynOutputStream>> {
        {
            let mut call = self.enter_now(&STREAM).map_err(failed)?;
            let gap = call.gap(&fd, offset)?;
            call.take(Total::Written, gap).map_err(failed)?;
        }
        self.stream(fd, |view, fd| view.write_via_stream(fd, offset))
    }

    fn append_via_stream(&mut self, fd: Fd) -> FsResult<Resource<DynOutputStream>> {
        self.stream(fd, |view, fd| view.append_via_stream(fd))
    }
}
