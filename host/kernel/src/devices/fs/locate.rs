//! From a path that a guest names to a directory that is held open and a path below it.

use std::{
    fs::File,
    os::fd::AsRawFd,
    path::{Path, PathBuf},
    sync::Arc,
};

use wasmtime::component::Resource;
use wasmtime_wasi::{
    FsPerms, OpenMode,
    filesystem::{Descriptor, Dir},
    p2::{FsError, bindings::filesystem::types::ErrorCode},
};

use super::{FsRule, FsWant, host::Files, normalise};
use crate::syscall::{
    Entered, Refusal,
    authority::Denier,
    door::Granted,
    grant::{Access, Rule},
};

/// Longer paths are no file's. Stops names that are looked up for minutes.
const PATH_BYTES: usize = 4_096;

/// What lies at the root of most hosts: a path that begins so is meant from there.
const USUAL: &[&str] = &[
    "Users", "bin", "boot", "dev", "etc", "home", "lib", "media", "mnt", "opt", "private", "proc", "root", "run",
    "sbin", "srv", "sys", "usr", "var",
];

/// Those of them that no program makes in a folder of its own without meaning the host's.
const SYSTEM: &[&str] = &["Users", "boot", "dev", "etc", "home", "proc", "root", "sys", "usr", "var"];

/// Fuel for each byte of a path: every second may begin a part, and each part is looked up, twice.
const LOOK_UP: u64 = 64;

/// A place that was admitted.
pub(crate) struct Place {
    /// The directory to work in.
    pub(crate) directory: Arc<File>,
    /// The path below it; never empty.
    pub(crate) path: String,
    /// Whether the grant names this very file: its name must not be a symlink.
    pub(crate) exact: bool,
    /// The right by which it was found.
    pub(crate) right: Granted<FsRule>,
    /// The mount that it lies in; none of the host's own places.
    pub(crate) mount: Option<PathBuf>,
}

impl Place {
    /// The directory, for wasmtime-wasi.
    pub(crate) fn dir(&self) -> Dir {
        directory(self.directory.clone(), self.right.want().access)
    }
}

/// A directory as wasmtime-wasi holds it. The door asks for each change below it anew, so
/// what it may do itself is as wide as the device.
pub(crate) fn directory(file: Arc<File>, access: Access) -> Dir {
    let (perms, mode) = match access {
        Access::Read => (FsPerms::ReadOnly, OpenMode::READ),
        Access::Write => (FsPerms::ReadWrite, OpenMode::READ | OpenMode::WRITE),
    };
    let mut dir = super::empty_root();
    (dir.dir, dir.perms, dir.open_mode) = (file, perms, mode);
    dir
}

/// WASI's error for a refusal. Its reason is in the record and in `log.last-denial`.
pub(crate) fn failed(refusal: Refusal) -> FsError {
    match refusal {
        Refusal::Fault(fault) => FsError::trap(fault),
        Refusal::Errno(crate::syscall::Errno::Denied(_)) => ErrorCode::Access.into(),
        Refusal::Errno(crate::syscall::Errno::Quota(_)) => ErrorCode::Quota.into(),
        Refusal::Errno(crate::syscall::Errno::NotFound) => ErrorCode::NoEntry.into(),
        Refusal::Errno(_) => ErrorCode::Io.into(),
    }
}

impl Entered<'_, Files> {
    /// Finds the place that `path` names below `descriptor`, if it is granted.
    pub(crate) async fn locate(
        &mut self,
        descriptor: &Resource<Descriptor>,
        path: &str,
        access: Access,
    ) -> Result<Place, FsError> {
        self.charge(LOOK_UP * path.len() as u64);
        if path.contains('\0') || path.len() > PATH_BYTES {
            return Err(ErrorCode::Invalid.into());
        }
        match self.origin(descriptor.rep()).map(|right| right.want().path.clone()) {
            Some(below) => self.locate_below(descriptor, &below, path, access).await,
            None => self.locate_from_root(path, access).await,
        }
    }

    /// Below a directory that the guest holds open: that directory confines it.
    async fn locate_below(
        &mut self,
        descriptor: &Resource<Descriptor>,
        below: &Path,
        path: &str,
        access: Access,
    ) -> Result<Place, FsError> {
        self.check_origin(descriptor.rep()).map_err(failed)?;
        let directory = match self.wasi().1.get(descriptor)? {
            Descriptor::Dir(dir) => dir.dir.clone(),
            Descriptor::File(_) => return Err(ErrorCode::NotDirectory.into()),
        };
        // What leaves the directory is asked for by the path it comes to, and then refused by the directory.
        let path_there = normalise(&below.join(path)).ok_or(ErrorCode::NotPermitted)?;
        // Pieces add up: each part of the whole is looked at.
        if path_there.as_os_str().len() > PATH_BYTES {
            return Err(ErrorCode::NameTooLong.into());
        }
        let right = self.admit_file(FsWant { path: path_there, access }).await.map_err(failed)?;
        // A narrower place that allows it confines it too: a symlink made there must not lead to
        // what the wider one allows less of.
        match deepest(&right).filter(|anchor| *anchor != below && anchor.starts_with(below)) {
            Some(anchor) => {
                let anchor = anchor.to_path_buf();
                self.anchored(right, anchor).await
            }
            None => {
                let protected = self.session.protected.clone();
                let (held, wanted, path) = (directory.clone(), right.want().path.clone(), named(path));
                let below = path.clone();
                let looked = move || protected(&wanted) || comes_to(&held, &below).is_some_and(|real| protected(&real));
                match tokio::task::spawn_blocking(looked).await {
                    Ok(false) => {
                        let mount = self.session.mounts.of(&right.want().path).map(|mounted| mounted.at().to_owned());
                        Ok(Place { directory, path, exact: false, right, mount })
                    }
                    Ok(true) => Err(self.refuse(&right, Anchor::Protected)),
                    Err(_) => Err(ErrorCode::Io.into()),
                }
            }
        }
    }

    /// From the root: the deepest granted place confines it.
    async fn locate_from_root(&mut self, path: &str, access: Access) -> Result<Place, FsError> {
        let right = match self.elsewhere(path, access) {
            // The operator is told of it, and may allow it. Until then nothing of that name is there.
            Some(absolute) => self.admit_file(absolute).await.map_err(|refusal| match refusal {
                Refusal::Errno(_) if access == Access::Write || !self.is_in_mount() => ErrorCode::NoEntry.into(),
                fault => failed(fault),
            })?,
            None => {
                let want = self.want(path, access).ok_or(ErrorCode::NotPermitted)?;
                self.admit_file(want).await.map_err(failed)?
            }
        };
        let anchor = deepest(&right).map_or_else(|| PathBuf::from("/"), Path::to_path_buf);
        self.anchored(right, anchor).await
    }

    /// Admits a path. What is mounted to be read is never written to, whoever would allow it.
    async fn admit_file(&mut self, want: FsWant) -> Result<Granted<FsRule>, Refusal> {
        if self.session.mounts.of(&want.path).is_some_and(|mounted| !mounted.allows(want.access)) {
            return Err(self.deny("fs", want.to_string(), "a skill does not change its own files"));
        }
        self.admit::<FsRule>(want).await
    }

    /// Below a granted place, which confines it.
    async fn anchored(&mut self, right: Granted<FsRule>, anchor: PathBuf) -> Result<Place, FsError> {
        let mut want = right.want().clone();
        let mounted = self.session.mounts.of(&want.path).cloned();
        let mount = mounted.as_ref().map(|mounted| mounted.at().to_owned());
        let mut anchor = anchor;
        if let Some(mounted) = &mounted {
            (anchor, want.path) = (mounted.host(&anchor), mounted.host(&want.path));
        }
        let exact = mounted.is_none() && anchor == want.path && !anchor.is_dir();
        let (anchor, path) = match (exact, anchor.parent(), anchor.file_name()) {
            (true, Some(parent), Some(name)) => (parent.to_path_buf(), PathBuf::from(name)),
            _ => {
                let below = want.path.strip_prefix(&anchor).map(Path::to_path_buf).unwrap_or_default();
                (anchor, below)
            }
        };
        let path = named(path.to_str().ok_or(ErrorCode::IllegalByteSequence)?);
        let (protected, wanted, below) = (self.session.protected.clone(), want.path, path.clone());
        let opened = move || {
            if let Some(mounted) = mounted {
                mounted.make().map_err(Anchor::Io)?;
            }
            open_anchor(&anchor, &wanted, &below, protected.as_ref())
        };
        match tokio::task::spawn_blocking(opened).await.map_err(|_| ErrorCode::Io)? {
            Ok(directory) => Ok(Place { directory: Arc::new(directory), path, exact, right, mount }),
            Err(anchor) => Err(self.refuse(&right, anchor)),
        }
    }

    fn refuse(&mut self, right: &Granted<FsRule>, anchor: Anchor) -> FsError {
        let rule = match anchor {
            Anchor::Moved => "the granted place was moved or replaced",
            Anchor::Protected => "Holm's own files are never granted",
            Anchor::Io(error) => return ErrorCode::from(&error).into(),
        };
        failed(self.deny("fs", right.want().to_string(), rule))
    }

    /// What a path below the root means. The C library strips the leading slash, so that `/a/b` and
    /// `a/b` arrive alike: the reading that is granted is meant, and where neither is, the one
    /// that its operator would more likely recognise is named in the denial.
    fn want(&self, path: &str, access: Access) -> Option<FsWant> {
        let want = |from: &Path| normalise(&from.join(path)).map(|path| FsWant { path, access });
        let absolute = want(Path::new("/"))?;
        let Some(relative) = want(&self.session.directory) else { return Some(absolute) };
        // What is mounted is meant, also where it may not be written to.
        if self.granted(&absolute) || self.session.mounts.of(&absolute.path).is_some() {
            return Some(absolute);
        }
        // Neither is granted: only what its operator is told depends on it.
        let meant = match self.control().parent {
            None => self.is_foreign(path),
            Some(_) => is_usual(path),
        };
        Some(if meant && !self.granted(&relative) { absolute } else { relative })
    }

    /// The absolute reading of what is to be read, where only the relative one is granted and nothing
    /// begins like it there: `/etc/x` where the working directory is granted. Says no more of the
    /// host than the denial of a path that neither reading is granted for. What is to be made is
    /// left out, since a program that makes `tmp/x` step by step means its own directory; but where a run
    /// has its own, what lies below `etc` cannot be made there before `etc` is, and is an attack on record.
    fn elsewhere(&self, path: &str, access: Access) -> Option<FsWant> {
        let want = |from: &Path| normalise(&from.join(path)).map(|path| FsWant { path, access });
        let (absolute, relative) = (want(Path::new("/"))?, want(&self.session.directory)?);
        let denier = self.authority().admit::<FsRule>(&absolute).err()?;
        let meant = match access {
            Access::Read => true,
            Access::Write => self.is_in_mount() && is_below_system(path),
        };
        let denied = denier == Denier::Grant && self.granted(&relative);
        (meant && denied && self.is_foreign(path)).then_some(absolute)
    }

    fn granted(&self, want: &FsWant) -> bool {
        self.authority().admit::<FsRule>(want).is_ok()
    }

    /// Whether the working directory is a folder of the process's own.
    fn is_in_mount(&self) -> bool {
        self.session.mounts.of(&self.session.directory).is_some()
    }

    /// Whether a path begins like one of the host's and like nothing in the working directory.
    fn is_foreign(&self, path: &str) -> bool {
        let first = Path::new(path).components().next();
        let begins_in = |from: &Path| {
            first.map(|first| from.join(first)).is_some_and(|path| match self.session.mounts.of(&path) {
                Some(mounted) => mounted.has(&path),
                None => path.exists(),
            })
        };
        if self.is_in_mount() {
            // Where it looks by name alone, it learns nothing of what this host has.
            return is_usual(path) && !begins_in(&self.session.directory);
        }
        // Only a root process's directory is its operator's own: what a child was started in may be a probe.
        let root = self.control().parent.is_none();
        root && begins_in(Path::new("/")) && !begins_in(&self.session.directory)
    }
}

/// Whether a path begins as paths from the root of a host do.
fn is_usual(path: &str) -> bool {
    let first = Path::new(path).components().next();
    first.is_some_and(|first| USUAL.iter().any(|name| first.as_os_str() == *name))
}

/// Whether a path lies below what only a host has: nothing that programs make by the dozen is called so.
fn is_below_system(path: &str) -> bool {
    let mut parts = Path::new(path).components();
    let first = parts.next();
    parts.next().is_some() && first.is_some_and(|first| SYSTEM.iter().any(|name| first.as_os_str() == *name))
}

/// The deepest place among the rules that admitted it.
fn deepest(right: &Granted<FsRule>) -> Option<&Path> {
    right.rules().iter().filter_map(FsRule::path).max_by_key(|path| path.as_os_str().len())
}

/// An empty path names the directory itself.
fn named(path: &str) -> String {
    if path.is_empty() { ".".to_owned() } else { path.to_owned() }
}

enum Anchor {
    /// It is not where it was when it was granted.
    Moved,
    /// It is Holm's own.
    Protected,
    Io(std::io::Error),
}

/// Opens the granted directory, and makes sure that it still is the one that was granted: no
/// symlink on the way, none of Holm's own files.
fn open_anchor(
    anchor: &Path,
    wanted: &Path,
    below: &str,
    protected: &(dyn Fn(&Path) -> bool + Send + Sync),
) -> Result<File, Anchor> {
    use rustix::fs::{Mode, OFlags};
    if protected(wanted) {
        return Err(Anchor::Protected);
    }
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY | OFlags::NONBLOCK;
    let file = File::from(rustix::fs::open(anchor, flags, Mode::empty()).map_err(|error| match error {
        // A symlink is no directory, and is not followed.
        rustix::io::Errno::LOOP => Anchor::Moved,
        rustix::io::Errno::NOTDIR if anchor.is_symlink() => Anchor::Moved,
        error => Anchor::Io(error.into()),
    })?);
    match real_path(&file) {
        Ok(real) if protected(&real) => Err(Anchor::Protected),
        Ok(real) if real != anchor => Err(Anchor::Moved),
        _ if comes_to(&file, below).is_some_and(|real| protected(&real)) => Err(Anchor::Protected),
        _ => Ok(file),
    }
}

/// Where an open file lies now.
pub(crate) fn real_path(file: &File) -> std::io::Result<PathBuf> {
    std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

/// Where a path below a directory comes out, its symlinks followed; none if it does not exist.
fn comes_to(directory: &File, path: &str) -> Option<PathBuf> {
    let (real, path) = (real_path(directory).ok()?, Path::new(path));
    let directory = cap_std::fs::Dir::from_std_file(directory.try_clone().ok()?);
    let below = directory.canonicalize(path).or_else(|_| {
        let parent = path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
        directory.canonicalize(parent).map(|parent| parent.join(path.file_name().unwrap_or_default()))
    });
    Some(real.join(below.ok()?))
}

/// Whether a rule of the right allows writing here.
pub(crate) fn writable(right: &Granted<FsRule>, entered: &Entered<'_, Files>) -> bool {
    let want = FsWant { path: right.want().path.clone(), access: Access::Write };
    right.rules().iter().any(|rule| rule.admits(&want)) && entered.authority().admit::<FsRule>(&want).is_ok()
}
