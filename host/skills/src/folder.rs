//! A skill's folder: its `SKILL.md` and its files, read without ever leaving it.

use std::io::{self, Read};

use cap_fs_ext::{DirExt, FollowSymlinks, OpenOptionsFollowExt, OpenOptionsSyncExt};
use cap_std::fs::{Dir, OpenOptions};

use crate::text::{is_hidden, shown};

/// What the file is called; the second only where there is none of the first.
pub(crate) const NAMES: [&str; 2] = ["SKILL.md", "skill.md"];
/// Bytes of a `SKILL.md`. Stops files that take for ever to read.
pub const MAXIMUM_FILE_BYTES: u64 = 1 << 20;
/// Files and folders of a skill that are looked at.
pub const MAXIMUM_FILES: usize = 10_000;
/// Folders within folders. Stops exhausting stack and open files.
const MAXIMUM_DEPTH: usize = 32;
/// Bytes of a path.
const MAXIMUM_PATH_BYTES: usize = 1024;
/// What is no part of a skill, though it lies in its folder.
pub(crate) const PASSED_OVER: [&str; 2] = [".git", "node_modules"];

/// Why a `SKILL.md` is not read, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is none.
    #[error("there is no SKILL.md in the folder: a skill begins with one")]
    Missing,
    /// It is a link or a device.
    #[error("its SKILL.md is {0}, and those are not followed: put a copy in its place")]
    Irregular(&'static str),
    /// It is too long.
    #[error("its SKILL.md has more than 1 MiB: move what is long to files of their own")]
    Large,
    /// It cannot be read.
    #[error("its SKILL.md cannot be read: {0}")]
    Io(#[from] io::Error),
}

/// The bytes of a skill's `SKILL.md`.
#[derive(Clone, Debug)]
pub struct SkillFile {
    /// What it is called: `SKILL.md`, or `skill.md`.
    pub name: &'static str,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl SkillFile {
    /// Finds and reads it.
    pub fn read(dir: &Dir) -> Result<Self, ReadError> {
        for name in NAMES {
            match open(dir, name) {
                Ok(file) => {
                    let bytes = limited(file, MAXIMUM_FILE_BYTES)?.ok_or(ReadError::Large)?;
                    return Ok(Self { name, bytes });
                }
                Err(ReadError::Missing) => {}
                Err(error) => return Err(error),
            }
        }
        Err(ReadError::Missing)
    }

    /// Its text; parts that are no UTF-8 are replaced.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }

    /// Whether it is UTF-8. The reference validator fails where it is not.
    pub fn is_text(&self) -> bool {
        std::str::from_utf8(&self.bytes).is_ok()
    }
}

/// Opens a regular file that is no link.
fn open(dir: &Dir, path: &str) -> Result<cap_std::fs::File, ReadError> {
    let metadata = match dir.symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(ReadError::Missing),
        metadata => metadata?,
    };
    let regular = |kind: cap_std::fs::FileType| match kind {
        _ if kind.is_file() => Ok(()),
        _ if kind.is_symlink() => Err(ReadError::Irregular("a symbolic link")),
        _ if kind.is_dir() => Err(ReadError::Irregular("a folder")),
        _ => Err(ReadError::Irregular("a pipe, socket or device")),
    };
    regular(metadata.file_type())?;
    let mut options = OpenOptions::new();
    // A pipe put in its place meanwhile is opened without waiting for its writer.
    options.read(true).follow(FollowSymlinks::No).nonblock(true);
    let file = dir.open_with(path, &options)?;
    regular(file.metadata()?.file_type())?;
    Ok(file)
}

/// The bytes of a file; none if there are more than that.
fn limited(file: impl Read, maximum: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    file.take(maximum + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= maximum).then_some(bytes))
}

/// The regular files of a skill, by their paths, and whether there are more than are looked at.
#[derive(Debug, Default)]
pub struct Files {
    /// Each path, with `/` between names, in order.
    pub paths: Vec<String>,
    /// Whether some were left out: too many, too deep, links, or of names that cannot be shown.
    pub left_out: bool,
    entries: usize,
}

impl Files {
    /// Lists them.
    pub fn list(dir: &Dir) -> io::Result<Self> {
        let mut files = Self::default();
        files.folder(dir, "", 0)?;
        files.paths.sort_unstable();
        Ok(files)
    }

    /// Reads one of them. None if it is longer than `maximum`, or no longer a regular file.
    pub fn read(dir: &Dir, path: &str, maximum: u64) -> io::Result<Option<Vec<u8>>> {
        match open(dir, path) {
            Ok(file) => limited(file, maximum),
            Err(ReadError::Io(error)) => Err(error),
            Err(_) => Ok(None),
        }
    }

    fn folder(&mut self, dir: &Dir, above: &str, depth: usize) -> io::Result<()> {
        for entry in dir.entries()? {
            let entry = entry?;
            self.entries += 1;
            if self.entries > MAXIMUM_FILES {
                self.left_out = true;
                return Ok(());
            }
            let (name, kind) = (entry.file_name(), entry.file_type()?);
            let path = name.to_str().map(|name| format!("{above}{name}"));
            let showable = |path: &String| path.len() <= MAXIMUM_PATH_BYTES && !path.chars().any(is_hidden);
            let Some(path) = path.filter(showable) else {
                self.left_out = true;
                continue;
            };
            if kind.is_file() {
                self.paths.push(path);
            } else if !kind.is_dir() || depth == MAXIMUM_DEPTH {
                self.left_out = true;
            } else if !PASSED_OVER.iter().any(|passed| name == *passed) {
                let inner =
                    dir.open_dir_nofollow(&name).and_then(|inner| self.folder(&inner, &format!("{path}/"), depth + 1));
                self.left_out |= inner.is_err();
            }
        }
        Ok(())
    }
}

/// For messages.
pub(crate) fn shown_path(path: &str) -> String {
    if path.is_empty() { ".".to_owned() } else { shown(path) }
}
