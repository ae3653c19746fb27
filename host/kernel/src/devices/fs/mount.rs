//! Mounts: folders that a process finds under paths of its own, whatever the host has there.

use std::{
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use crate::{
    program::{Mount, Source},
    syscall::grant::Access,
};

/// What a process finds mounted.
#[derive(Default)]
pub(crate) struct Mounts {
    mounted: Vec<Mounted>,
}

/// One folder.
#[derive(Clone)]
pub(crate) struct Mounted {
    /// Where it is found.
    at: PathBuf,
    /// What it is, by its real path.
    folder: PathBuf,
    access: Access,
    /// It is made when it is first looked for.
    scratch: bool,
}

impl Mounts {
    /// A program's mounts; `scratch` is where its run has folders of its own.
    pub(crate) fn new(mounts: &[Mount], scratch: &Path) -> Self {
        let mounted = |mount: &Mount| {
            let (folder, access, of_run) = match &mount.from {
                Source::Folder(folder) => (folder.clone(), Access::Read, false),
                Source::Writable(folder) => (folder.clone(), Access::Write, false),
                Source::Scratch => (scratch.join(mount.at.file_name().unwrap_or_default()), Access::Write, true),
            };
            Mounted { at: mount.at.clone(), folder, access, scratch: of_run }
        };
        Self { mounted: mounts.iter().map(mounted).collect() }
    }

    /// The mount that a path lies in. What is below one is never the host's: no grant, and nothing that a guest
    /// passes on, says otherwise.
    pub(crate) fn of(&self, path: &Path) -> Option<&Mounted> {
        let within = self.mounted.iter().filter(|mounted| path.starts_with(&mounted.at));
        within.max_by_key(|mounted| mounted.at.as_os_str().len())
    }

    /// Whether a path of the host's lies in one of them.
    pub(crate) fn hold(&self, path: &Path) -> bool {
        self.mounted.iter().any(|mounted| path.starts_with(&mounted.folder))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.mounted.is_empty()
    }
}

impl Mounted {
    /// Whether it may be written to.
    pub(crate) fn allows(&self, access: Access) -> bool {
        access <= self.access
    }

    /// What lies there, of the host's.
    pub(crate) fn host(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.at).map_or_else(|_| self.folder.clone(), |below| self.folder.join(below))
    }

    /// Where it is found.
    pub(crate) fn at(&self) -> &Path {
        &self.at
    }

    /// Whether it has something of that name, looked up within it: no link leads out.
    pub(crate) fn has(&self, path: &Path) -> bool {
        let Ok(below) = path.strip_prefix(&self.at) else { return false };
        let folder = cap_std::fs::Dir::open_ambient_dir(&self.folder, cap_std::ambient_authority());
        folder.is_ok_and(|folder| folder.symlink_metadata(below).is_ok())
    }

    /// Makes it, where it is the run's own. For its user alone.
    pub(crate) fn make(&self) -> io::Result<()> {
        match self.scratch {
            true => std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder),
            false => Ok(()),
        }
    }
}

/// The rights that come with mounts, as a grant spells them.
pub(crate) fn rules(mounts: &[Mount]) -> impl Iterator<Item = String> {
    mounts.iter().map(|mount| {
        let access = if matches!(mount.from, Source::Folder(_)) { Access::Read } else { Access::Write };
        format!("fs={}:{access}", mount.at.display())
    })
}
