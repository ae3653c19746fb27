//! Mounts: folders that a process finds under paths of its own, whatever the host has there.

use std::{
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::FsWant;
use crate::{
    program::{LiveGrants, Mount, Source},
    syscall::grant::{Access, Rule},
};

/// What a process finds mounted.
#[derive(Default)]
pub(crate) struct Mounts {
    mounted: Vec<Mounted>,
    granted: Arc<LiveGrants>,
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
    pub(crate) fn new(mounts: &[Mount], scratch: &Path, granted: Arc<LiveGrants>) -> Self {
        let mounted = |mount: &Mount| {
            let (folder, access, of_run) = match &mount.from {
                Source::Folder(folder) => (folder.clone(), Access::Read, false),
                Source::Writable(folder) => (folder.clone(), Access::Write, false),
                Source::Scratch => (scratch.join(mount.at.file_name().unwrap_or_default()), Access::Write, true),
            };
            Mounted { at: mount.at.clone(), folder, access, scratch: of_run }
        };
        Self { mounted: mounts.iter().map(mounted).collect(), granted }
    }

    /// The mount that a path lies in. A place of the host's below it, which its user granted, is that place:
    /// what a guest passes on to its child does not decide.
    pub(crate) fn of(&self, want: &FsWant) -> Option<&Mounted> {
        let within = self.mounted.iter().filter(|mounted| want.path.starts_with(&mounted.at));
        let mounted = within.max_by_key(|mounted| mounted.at.as_os_str().len())?;
        let granted = self.granted.get();
        let below = |path: &Path| path != mounted.at && path.starts_with(&mounted.at);
        let is_hosts = granted.fs.iter().any(|rule| rule.path().is_some_and(below) && rule.admits(want));
        (!is_hosts).then_some(mounted)
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
