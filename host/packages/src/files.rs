//! Files of Holm's own: read without following links, written whole or not at all.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use rustix::fs::OFlags;

/// Not through a link, and not waiting for the other end of a pipe.
fn flags() -> i32 {
    (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed()
}

/// The bytes of a regular file of at most `maximum` bytes.
pub(crate) fn read(path: &Path, maximum: u64) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    match file.metadata()?.len() > maximum {
        true => Err(too_large(maximum)),
        false => read_from(file, maximum),
    }
}

/// Opens a regular file that is no link.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).custom_flags(flags()).open(path).map_err(explained)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::other("not a regular file")),
    }
}

pub(crate) fn read_from(file: impl Read, maximum: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(maximum + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > maximum {
        true => Err(too_large(maximum)),
        false => Ok(bytes),
    }
}

fn too_large(maximum: u64) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, format!("larger than {maximum} bytes"))
}

fn explained(error: io::Error) -> io::Error {
    match error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) {
        true => io::Error::other("it is a symbolic link, and those are not followed here"),
        false => error,
    }
}

/// Puts a file there whole: after a crash it has the old bytes or the new ones.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let parent = path.parent().ok_or_else(|| io::Error::other("it has no folder"))?;
    if path.symlink_metadata().is_ok_and(|found| !found.is_file()) {
        return Err(io::Error::other("it is a link or no regular file, and is not replaced"));
    }
    let fresh = unique(parent, "incoming");
    let written = write_new(&fresh, bytes).and_then(|()| std::fs::rename(&fresh, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&fresh);
    }
    written.and_then(|()| sync_folder(parent))
}

/// Makes a new file, for its owner alone.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).custom_flags(flags()).open(path)
}

/// Makes a new file of these bytes, durable.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes the folder and those above it, for their owner alone.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Makes the names in a folder and all those below it durable.
pub(crate) fn sync_folders(path: &Path) -> io::Result<()> {
    for entry in path.read_dir()? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    sync_folder(path)
}

/// A name in the folder that nothing has.
pub(crate) fn unique(folder: &Path, word: &str) -> PathBuf {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let nanos = std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.subsec_nanos());
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    folder.join(format!(".{word}-{}-{nanos}-{next}", std::process::id()))
}

/// Whether a name was made by [`unique`].
pub(crate) fn is_unfinished(name: &str) -> bool {
    name.starts_with(".incoming-") || name.starts_with(".outgoing-")
}
