//! A cheap answer to "did anything in this folder change since it was digested?".

use std::{
    collections::BTreeSet,
    fs::Metadata,
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use crate::folder::File;

/// A file system's clock ticks at least this often. What changed within one tick of being
/// looked at could change again unseen, so such a look is not relied on.
const TICK: Duration = Duration::from_millis(50);

/// What the file system says of each file and folder.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stamp(Vec<(PathBuf, Look)>);

#[derive(Debug, PartialEq, Eq)]
struct Look {
    device: u64,
    inode: u64,
    mode: u32,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Look {
    fn at(path: &Path) -> io::Result<Self> {
        let metadata: Metadata = path.symlink_metadata()?;
        Ok(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            mode: metadata.mode(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    fn is_settled(&self, started: SystemTime) -> bool {
        let changed = u64::try_from(self.changed.0).map(Duration::from_secs).unwrap_or_default()
            + Duration::from_nanos(u64::try_from(self.changed.1).unwrap_or_default());
        started.duration_since(SystemTime::UNIX_EPOCH + changed).is_ok_and(|age| age > TICK)
    }
}

impl Stamp {
    /// Looks at a folder, its files and the folders between.
    pub(crate) fn take(folder: &Path, files: &[File]) -> io::Result<Self> {
        let mut paths: BTreeSet<&Path> = BTreeSet::new();
        for file in files {
            // The last of a path's ancestors is the empty path: the folder itself.
            paths.extend(Path::new(&file.path).ancestors());
        }
        paths.insert(Path::new(""));
        let look = |path: &Path| Ok((path.to_owned(), Look::at(&below(folder, path))?));
        paths.into_iter().map(look).collect::<io::Result<_>>().map(Self)
    }

    /// The first path that is not as it was.
    pub(crate) fn changed(&self, folder: &Path) -> Option<&Path> {
        let differs = |(path, look): &&(PathBuf, Look)| Look::at(&below(folder, path)).ok().as_ref() != Some(look);
        // Files first: a folder changes with each of them, and says less.
        self.0.iter().rev().find(differs).map(|(path, _)| path.as_path())
    }

    /// Whether nothing changed after `started`, nor so shortly before that it could have gone
    /// unseen. `started` is when the digest was begun.
    pub(crate) fn is_settled(&self, started: SystemTime) -> bool {
        self.0.iter().all(|(_, look)| look.is_settled(started))
    }
}

/// `join` would put a slash behind the folder.
fn below(folder: &Path, path: &Path) -> PathBuf {
    if path.as_os_str().is_empty() { folder.to_owned() } else { folder.join(path) }
}
