//! Files, by the codes that Node's errors carry.

use crate::values::{Bytes, Text, failed};
use rquickjs::convert::List;
use rquickjs::function::Func;
use rquickjs::{Ctx, Object, Result};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{self, File, FileTimes, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

thread_local! {
    /// Open files by their descriptors, which begin after the standard streams. How many there are is the
    /// kernel's to bound.
    static OPEN: RefCell<BTreeMap<u32, File>> = const { RefCell::new(BTreeMap::new()) };
}

/// Bytes of one read into a buffer: what is asked for beyond comes with the next, so that a script cannot ask
/// for a buffer of any size.
const READ: usize = 1 << 20;

pub(super) fn add(native: &Object<'_>) -> Result<()> {
    native.set("open", Func::from(open))?;
    native.set("close", Func::from(close))?;
    native.set("readAt", Func::from(read_at))?;
    native.set("writeAt", Func::from(write_at))?;
    native.set("readFile", Func::from(read_file))?;
    native.set("readText", Func::from(read_text))?;
    native.set("writeFile", Func::from(write_file))?;
    native.set("stat", Func::from(stat))?;
    native.set("statOpen", Func::from(stat_open))?;
    native.set("kind", Func::from(kind))?;
    native.set("list", Func::from(list))?;
    native.set("makeDirectory", Func::from(|ctx: Ctx<'_>, path: Text| done(&ctx, &path.0, fs::create_dir(&path.0))))?;
    native
        .set("removeDirectory", Func::from(|ctx: Ctx<'_>, path: Text| done(&ctx, &path.0, fs::remove_dir(&path.0))))?;
    native.set("removeFile", Func::from(|ctx: Ctx<'_>, path: Text| done(&ctx, &path.0, fs::remove_file(&path.0))))?;
    native.set(
        "rename",
        Func::from(|ctx: Ctx<'_>, from: Text, to: Text| two(&ctx, &from.0, &to.0, fs::rename(&from.0, &to.0))),
    )?;
    native.set(
        "copy",
        Func::from(|ctx: Ctx<'_>, from: Text, to: Text| two(&ctx, &from.0, &to.0, fs::copy(&from.0, &to.0).map(drop))),
    )?;
    native.set(
        "link",
        Func::from(|ctx: Ctx<'_>, from: Text, to: Text| two(&ctx, &from.0, &to.0, fs::hard_link(&from.0, &to.0))),
    )?;
    native.set("readLink", Func::from(read_link))?;
    native.set("truncate", Func::from(truncate))?;
    native.set("truncateOpen", Func::from(truncate_open))?;
    native.set("setTimes", Func::from(set_times))?;
    Ok(())
}

/// Node's code of an error. WASI's numbers are not Linux's.
pub(super) fn code(error: &io::Error) -> &'static str {
    match error.raw_os_error() {
        Some(2 | 63 | 76) => return "EACCES",
        Some(8) => return "EBADF",
        Some(10) => return "EBUSY",
        Some(20) => return "EEXIST",
        Some(22) => return "EFBIG",
        Some(28) => return "EINVAL",
        Some(31) => return "EISDIR",
        Some(32) => return "ELOOP",
        Some(33) => return "EMFILE",
        Some(37) => return "ENAMETOOLONG",
        Some(41) => return "ENFILE",
        Some(44) => return "ENOENT",
        Some(48) => return "ENOMEM",
        Some(51) => return "ENOSPC",
        Some(54) => return "ENOTDIR",
        Some(55) => return "ENOTEMPTY",
        Some(58) => return "ENOTSUP",
        Some(64) => return "EPIPE",
        Some(69) => return "EROFS",
        Some(70) => return "ESPIPE",
        Some(75) => return "EXDEV",
        _ => {}
    }
    match error.kind() {
        ErrorKind::NotFound => "ENOENT",
        ErrorKind::PermissionDenied => "EACCES",
        ErrorKind::AlreadyExists => "EEXIST",
        ErrorKind::IsADirectory => "EISDIR",
        ErrorKind::NotADirectory => "ENOTDIR",
        ErrorKind::DirectoryNotEmpty => "ENOTEMPTY",
        ErrorKind::ReadOnlyFilesystem => "EROFS",
        ErrorKind::BrokenPipe => "EPIPE",
        ErrorKind::InvalidInput => "EINVAL",
        ErrorKind::OutOfMemory => "ENOMEM",
        ErrorKind::Unsupported => "ENOSYS",
        ErrorKind::FileTooLarge => "EFBIG",
        _ => "EIO",
    }
}

/// Throws by Node's code; where Holm denied, with what it says of that.
fn done<T>(ctx: &Ctx<'_>, path: &str, result: io::Result<T>) -> Result<T> {
    result.map_err(|error| match code(&error) {
        "EACCES" => failed(ctx, "EACCES", &denial(path).unwrap_or_default()),
        "EIO" => failed(ctx, "EIO", &error.to_string()),
        code => failed(ctx, code, ""),
    })
}

/// What Holm says of a denial, if the last one was of this path: it may spell it from the folder it runs in.
fn denial(path: &str) -> Option<String> {
    let denial = holm::log::last_denial().filter(|denial| denial.capability == "fs")?;
    let (resource, _) = denial.resource.rsplit_once(':')?;
    let last = path.trim_end_matches('/').rsplit('/').next()?;
    (resource == "." || resource.ends_with(last)).then(|| denial.to_string())
}

/// The same for an operation on two paths, either of which may be what was denied.
fn two(ctx: &Ctx<'_>, from: &str, to: &str, result: io::Result<()>) -> Result<()> {
    done(ctx, if denial(from).is_some() { from } else { to }, result)
}

/// Opens a file. `how` is of letters: r(ead) w(rite) a(ppend) t(runcate) c(reate) x (create anew).
fn open(ctx: Ctx<'_>, path: Text, how: String) -> Result<u32> {
    let mut options = OpenOptions::new();
    options.read(how.contains('r')).write(how.contains('w')).append(how.contains('a'));
    options.truncate(how.contains('t')).create(how.contains('c')).create_new(how.contains('x'));
    let file = done(&ctx, &path.0, options.open(&path.0))?;
    Ok(OPEN.with_borrow_mut(|open| {
        let descriptor = (3..).find(|number| !open.contains_key(number)).unwrap_or(u32::MAX);
        open.insert(descriptor, file);
        descriptor
    }))
}

fn close(ctx: Ctx<'_>, descriptor: u32) -> Result<()> {
    let file = OPEN.with_borrow_mut(|open| open.remove(&descriptor));
    file.map(drop).ok_or_else(|| failed(&ctx, "EBADF", ""))
}

fn with<T>(ctx: &Ctx<'_>, descriptor: u32, act: impl FnOnce(&mut File) -> io::Result<T>) -> Result<T> {
    let result = OPEN.with_borrow_mut(|open| open.get_mut(&descriptor).map(act));
    done(ctx, "", result.ok_or_else(|| failed(ctx, "EBADF", ""))?)
}

/// Acts at a position, or at the file's own where that is negative, and leaves the file's own as it was.
fn at<T>(file: &mut File, position: f64, act: impl FnOnce(&mut File) -> io::Result<T>) -> io::Result<T> {
    if position < 0.0 {
        return act(file);
    }
    let own = file.stream_position()?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative; beyond 2^53 nothing is")]
    file.seek(SeekFrom::Start(position as u64))?;
    let result = act(file);
    file.seek(SeekFrom::Start(own))?;
    result
}

fn read_at(ctx: Ctx<'_>, descriptor: u32, length: usize, position: f64) -> Result<Bytes> {
    let mut bytes = vec![0; length.min(READ)];
    let read = with(&ctx, descriptor, |file| at(file, position, |file| file.read(&mut bytes)))?;
    bytes.truncate(read);
    Ok(Bytes(bytes))
}

fn write_at(ctx: Ctx<'_>, descriptor: u32, bytes: Bytes, position: f64) -> Result<usize> {
    let length = bytes.0.len();
    with(&ctx, descriptor, |file| at(file, position, |file| file.write_all(&bytes.0)))?;
    Ok(length)
}

fn read_file(ctx: Ctx<'_>, path: Text) -> Result<Bytes> {
    done(&ctx, &path.0, whole(&path.0)).map(Bytes)
}

/// A file's text; what is no UTF-8 in it becomes U+FFFD.
fn read_text(ctx: Ctx<'_>, path: Text) -> Result<String> {
    let bytes = done(&ctx, &path.0, whole(&path.0))?;
    Ok(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

fn whole(path: &str) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut bytes = Vec::new();
    match file.read_to_end(&mut bytes) {
        // WASI opens a directory, and then cannot read it.
        Err(_) if file.metadata().is_ok_and(|about| about.is_dir()) => Err(ErrorKind::IsADirectory.into()),
        Err(error) => Err(error),
        Ok(_) => Ok(bytes),
    }
}

fn write_file(ctx: Ctx<'_>, path: Text, bytes: Bytes, how: String) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).read(how.contains('r')).append(how.contains('a'));
    options.truncate(how.contains('t')).create(how.contains('c')).create_new(how.contains('x'));
    done(&ctx, &path.0, options.open(&path.0).and_then(|mut file| file.write_all(&bytes.0)))
}

/// Kind (0 file, 1 directory, 2 link, 3 else), size, and times of change, use and birth in milliseconds.
fn about(metadata: &Metadata) -> Vec<f64> {
    let kind = kind_of(metadata.file_type());
    let time = |time: io::Result<SystemTime>| {
        let since = time.ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
        since.as_secs_f64() * 1e3
    };
    #[allow(clippy::cast_precision_loss, reason = "sizes below 2^53")]
    let size = metadata.len() as f64;
    vec![f64::from(kind), size, time(metadata.modified()), time(metadata.accessed()), time(metadata.created())]
}

fn kind_of(kind: fs::FileType) -> u8 {
    match kind {
        kind if kind.is_file() => 0,
        kind if kind.is_dir() => 1,
        kind if kind.is_symlink() => 2,
        _ => 3,
    }
}

fn stat(ctx: Ctx<'_>, path: Text, follow: bool) -> Result<Vec<f64>> {
    let metadata = if follow { fs::metadata(&path.0) } else { fs::symlink_metadata(&path.0) };
    done(&ctx, &path.0, metadata).map(|metadata| about(&metadata))
}

fn stat_open(ctx: Ctx<'_>, descriptor: u32) -> Result<Vec<f64>> {
    with(&ctx, descriptor, |file| file.metadata()).map(|metadata| about(&metadata))
}

/// The kind of what is there, as `about` numbers it; -1 where nothing is, or nothing that may be seen.
fn kind(path: Text) -> i8 {
    fs::metadata(path.0).map_or(-1, |metadata| i8::try_from(kind_of(metadata.file_type())).unwrap_or(3))
}

/// Names and kinds, sorted as Node's are.
fn list(ctx: Ctx<'_>, path: Text) -> Result<Vec<List<(String, u8)>>> {
    let mut entries = Vec::new();
    for entry in done(&ctx, &path.0, fs::read_dir(&path.0))? {
        let entry = done(&ctx, &path.0, entry)?;
        let kind = entry.file_type().map_or(3, kind_of);
        entries.push((entry.file_name().to_string_lossy().into_owned(), kind));
    }
    entries.sort();
    Ok(entries.into_iter().map(List).collect())
}

fn read_link(ctx: Ctx<'_>, path: Text) -> Result<String> {
    done(&ctx, &path.0, fs::read_link(&path.0)).map(|path| path.to_string_lossy().into_owned())
}

fn truncate(ctx: Ctx<'_>, path: Text, length: f64) -> Result<()> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast saturates")]
    let length = length as u64;
    done(&ctx, &path.0, OpenOptions::new().write(true).open(&path.0).and_then(|file| file.set_len(length)))
}

fn set_times(ctx: Ctx<'_>, path: Text, accessed: f64, modified: f64) -> Result<()> {
    let time = |seconds: f64| UNIX_EPOCH + Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default();
    let times = FileTimes::new().set_accessed(time(accessed)).set_modified(time(modified));
    // A folder cannot be opened to be written.
    let open = OpenOptions::new().write(true).open(&path.0).or_else(|_| File::open(&path.0));
    done(&ctx, &path.0, open.and_then(|file| file.set_times(times)))
}

fn truncate_open(ctx: Ctx<'_>, descriptor: u32, length: f64) -> Result<()> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast saturates")]
    let length = length as u64;
    with(&ctx, descriptor, |file| file.set_len(length))
}
