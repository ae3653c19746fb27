//! Opening files: confined below a directory, never waiting, regular files and directories only.

use std::{path::Path, sync::Arc};

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt, OpenOptionsMaybeDirExt, OpenOptionsSyncExt};
use cap_std::fs::{Dir, OpenOptions};
use wasmtime_wasi::{
    FsPerms, OpenMode,
    filesystem::{Descriptor, File},
    p2::bindings::filesystem::types::{DescriptorFlags, ErrorCode, OpenFlags},
};

use super::locate::{directory, real_path};
use crate::syscall::grant::Access;

/// How a guest wants a file opened.
#[derive(Clone, Copy)]
pub(crate) struct Mode {
    pub(crate) follow: bool,
    pub(crate) open: OpenFlags,
    pub(crate) flags: DescriptorFlags,
}

impl Mode {
    /// Whether opening may change something, or what is opened may be written to.
    pub(crate) fn access(self) -> Access {
        let open = OpenFlags::CREATE | OpenFlags::TRUNCATE;
        let flags = DescriptorFlags::WRITE | DescriptorFlags::MUTATE_DIRECTORY;
        if self.open.intersects(open) || self.flags.intersects(flags) { Access::Write } else { Access::Read }
    }
}

/// Opens `path` below `parent`. Also tells whether a file was made.
///
/// cap-std resolves each part of the path below the directory, so that neither `..` nor a
/// symlink leaves it, whatever is renamed meanwhile.
pub(crate) fn open(
    parent: &Arc<std::fs::File>,
    path: &str,
    mode: Mode,
    below: Access,
    protected: &(dyn Fn(&Path) -> bool + Send + Sync),
) -> Result<(Descriptor, bool), ErrorCode> {
    let parent = Dir::from_std_file(parent.try_clone().map_err(|error| ErrorCode::from(&error))?);
    let read = mode.flags.contains(DescriptorFlags::READ);
    let write = mode.flags.contains(DescriptorFlags::WRITE);
    if mode.open.contains(OpenFlags::DIRECTORY)
        && mode.open.intersects(OpenFlags::CREATE | OpenFlags::EXCLUSIVE | OpenFlags::TRUNCATE)
    {
        return Err(ErrorCode::Invalid);
    }
    let mut options = OpenOptions::new();
    options.read(read || !write).write(write || mode.open.contains(OpenFlags::TRUNCATE));
    options.truncate(mode.open.contains(OpenFlags::TRUNCATE));
    options.maybe_dir(true).nonblock(true);
    options.follow(if mode.follow { FollowSymlinks::Yes } else { FollowSymlinks::No });
    let (file, made) = create_or_open(&parent, path, &mut options, mode).map_err(|error| ErrorCode::from(&error))?;
    let kind = file.metadata().map_err(|error| ErrorCode::from(&error))?;
    let file = file.into_std();
    if real_path(&file).is_ok_and(|real| protected(&real)) {
        // Somebody moved it there since its path was looked at.
        return Err(ErrorCode::Access);
    }
    if kind.is_dir() {
        return match write {
            true => Err(ErrorCode::IsDirectory),
            false => Ok((Descriptor::Dir(directory(Arc::new(file), below)), made)),
        };
    }
    if !kind.is_file() {
        // A pipe or a device could block its reader or act on being opened.
        return Err(ErrorCode::NotPermitted);
    }
    if mode.open.contains(OpenFlags::DIRECTORY) {
        return Err(ErrorCode::NotDirectory);
    }
    let (perms, open_mode) = match (read, write) {
        (true, true) => (FsPerms::ReadWrite, OpenMode::READ | OpenMode::WRITE),
        (false, true) => (FsPerms::ReadWrite, OpenMode::WRITE),
        _ => (FsPerms::ReadOnly, OpenMode::READ),
    };
    Ok((Descriptor::File(File::new(file, perms, open_mode, false)), made))
}

fn create_or_open(
    parent: &Dir,
    path: &str,
    options: &mut OpenOptions,
    mode: Mode,
) -> std::io::Result<(cap_std::fs::File, bool)> {
    if mode.open.contains(OpenFlags::CREATE) {
        // Made and opened are told apart, since files that are made are counted.
        match parent.open_with(path, options.clone().write(true).create_new(true).truncate(false).maybe_dir(false)) {
            Err(error)
                if error.kind() == std::io::ErrorKind::AlreadyExists && !mode.open.contains(OpenFlags::EXCLUSIVE) => {}
            made => return made.map(|file| (file, true)),
        }
    }
    parent.open_with(path, options).map(|file| (file, false))
}
