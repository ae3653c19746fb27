//! The files of a plugin: which belong to it, read without ever leaving its folder.
//!
//! What belongs to a plugin: `plugin.toml`, the component, `SKILL.md`, README, LICENSE, NOTICE
//! and COPYING files, `scripts/`, `references/`, `assets/`, and what the manifest's `include`
//! names. Sources, `target/` and `.git/` stay where they are.

use std::{io, path::Path};

use cap_fs_ext::{DirExt, FollowSymlinks, OpenOptionsFollowExt, OpenOptionsSyncExt};
use cap_std::fs::{Dir, OpenOptions};
use holm_kernel::program::Digest;

use crate::{
    digest::FolderDigest,
    files,
    manifest::{self, Manifest},
    signatures::SIGNATURE_FILE,
    text::{is_hidden, printable},
};

/// Files and folders in a plugin. Stops folders that take for ever to read.
pub const MAXIMUM_FILES: usize = 10_000;
/// Bytes of a plugin. Stops filling the disk.
pub const MAXIMUM_BYTES: u64 = 512 << 20;
/// Folders within folders. Stops exhausting stack and open files.
pub const MAXIMUM_DEPTH: usize = 32;
/// Bytes of a path within the plugin, so that it fits below any home.
pub const MAXIMUM_PATH_BYTES: usize = 1024;

const FILES: &[&str] = &[manifest::FILE, "SKILL.md"];
const STEMS: &[&str] = &["README", "LICENSE", "LICENCE", "NOTICE", "COPYING"];
const FOLDERS: &[&str] = &["scripts", "references", "assets"];
/// What lies beside a skill's files and is none of them.
const BESIDE: &[&str] = &[".git", ".DS_Store", "__pycache__", ".venv"];

/// Why a folder's files are not accepted.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It holds something that is neither a file nor a folder.
    #[error("`{path}` is {what}; a plugin holds only files and folders: replace it by a copy, or remove it")]
    Irregular {
        /// Where, within the folder.
        path: String,
        /// What it is.
        what: &'static str,
    },
    /// A name that cannot be written down everywhere.
    #[error("`{0}` is no name for a plugin's file: use UTF-8 without control characters, at most 1,024 bytes in all")]
    Name(String),
    /// It is larger than a plugin may be.
    #[error("the folder has {what}; a plugin has at most {maximum}")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How much is allowed.
        maximum: u64,
    },
    /// A file is not what it was a moment ago.
    #[error("`{0}` changed while it was read; try again when nothing writes to the folder")]
    Changed(String),
    /// It cannot be read.
    #[error("`{path}` cannot be read: {source}")]
    Io {
        /// Where, within the folder.
        path: String,
        /// Why.
        source: io::Error,
    },
}

fn io_at(path: &str) -> impl FnOnce(io::Error) -> FolderError {
    move |source| FolderError::Io { path: printable(path), source }
}

/// One file of a plugin.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct File {
    /// Its path within the folder, with `/` between names.
    pub path: String,
    /// Its size.
    pub bytes: u64,
}

/// A folder and its files, in the order of their paths' bytes.
#[derive(Debug)]
pub(crate) struct Folder {
    dir: Dir,
    pub(crate) files: Vec<File>,
    /// Names at the top that do not belong to the plugin.
    pub(crate) left_out: Vec<String>,
}

/// Which files of a folder count.
#[derive(Clone, Copy)]
pub(crate) enum Keep<'a> {
    /// What belongs to the plugin of this manifest.
    Plugin(&'a Manifest),
    /// What belongs to a community skill: everything, but for what tools keep beside it.
    Skill,
    /// Everything: the folder is an installed one.
    All,
}

impl Keep<'_> {
    fn top(&self, name: &str, is_folder: bool) -> bool {
        let manifest = match self {
            Keep::Plugin(manifest) => manifest,
            Keep::Skill => return !BESIDE.contains(&name),
            Keep::All => return true,
        };
        let stem = name.split(['.', '-', '_']).next().unwrap_or_default();
        manifest.include.iter().any(|included| included == name)
            || if is_folder {
                FOLDERS.contains(&name)
            } else {
                name == manifest.component || FILES.contains(&name) || STEMS.contains(&stem)
            }
    }
}

/// Opens a folder that a person named: links on the way to it are followed, none within.
pub(crate) fn open(path: &Path) -> io::Result<Dir> {
    Dir::open_ambient_dir(path, cap_std::ambient_authority())
}

/// Reads one file at the top of a folder.
pub(crate) fn read(dir: &Dir, name: &str, maximum: u64) -> Result<Vec<u8>, FolderError> {
    files::read_from(open_file(dir, name)?, maximum).map_err(io_at(name))
}

fn open_file(dir: &Dir, path: &str) -> Result<cap_std::fs::File, FolderError> {
    let metadata = dir.symlink_metadata(path).map_err(io_at(path))?;
    regular(path, metadata.file_type())?;
    let mut options = OpenOptions::new();
    // A pipe put in its place meanwhile is opened without waiting for its writer.
    options.read(true).follow(FollowSymlinks::No).nonblock(true);
    let file = dir.open_with(path, &options).map_err(io_at(path))?;
    regular(path, file.metadata().map_err(io_at(path))?.file_type())?;
    Ok(file)
}

fn regular(path: &str, kind: cap_std::fs::FileType) -> Result<(), FolderError> {
    let what = match kind {
        _ if kind.is_file() || kind.is_dir() => return Ok(()),
        _ if kind.is_symlink() => "a symbolic link",
        _ => "a pipe, socket or device",
    };
    Err(FolderError::Irregular { path: printable(path), what })
}

impl Folder {
    /// Lists the files that count.
    pub(crate) fn list(dir: Dir, keep: Keep<'_>) -> Result<Self, FolderError> {
        let mut listing = Listing::default();
        listing.folder(&dir, "", 0, keep)?;
        let Listing { mut files, mut left_out, .. } = listing;
        files.sort();
        left_out.sort();
        Ok(Self { dir, files, left_out })
    }

    /// The digest of all files, and the bytes of those two that decide, just as they were digested.
    pub(crate) fn digest(&self, wanted: [&str; 2]) -> Result<(Digest, [Vec<u8>; 2]), FolderError> {
        let mut captured = [Vec::new(), Vec::new()];
        let digest = self.each(
            |_| Ok(None),
            |file, part| {
                if let Some(index) = wanted.iter().position(|path| *path == file.path) {
                    captured[index].extend_from_slice(part);
                }
            },
        )?;
        Ok((digest, captured))
    }

    pub(crate) fn dir(&self) -> &Dir {
        &self.dir
    }

    /// The size of one of its files.
    pub(crate) fn size(&self, path: &str) -> Option<u64> {
        self.files.iter().find(|file| file.path == path).map(|file| file.bytes)
    }

    /// Copies all files into an empty folder of Holm's own and makes them durable; the digest of
    /// what was copied.
    pub(crate) fn copy_to(&self, target: &Path) -> Result<Digest, FolderError> {
        let make = |file: &File| {
            let copy = target.join(&file.path);
            files::make_folder(copy.parent().unwrap_or(target)).and_then(|()| files::create(&copy))
        };
        let digest = self.each(|file| make(file).map(Some).map_err(io_at(&file.path)), |_, _| {})?;
        files::sync_folders(target).map_err(io_at("the store"))?;
        Ok(digest)
    }

    /// Reads each file once: into the digest, the copy that `copy` opens for it, and to `see`.
    fn each(
        &self,
        mut copy: impl FnMut(&File) -> Result<Option<std::fs::File>, FolderError>,
        mut see: impl FnMut(&File, &[u8]),
    ) -> Result<Digest, FolderError> {
        let mut digest = FolderDigest::new(self.files.len());
        let mut buffer = vec![0; 64 << 10];
        for file in &self.files {
            let mut source = open_file(&self.dir, &file.path)?;
            let mut copied = copy(file)?;
            digest.file(&file.path, file.bytes);
            let mut left = file.bytes;
            loop {
                let read = io::Read::read(&mut source, &mut buffer).map_err(io_at(&file.path))?;
                let part = &buffer[..read];
                left = left.checked_sub(read as u64).ok_or_else(|| FolderError::Changed(printable(&file.path)))?;
                if part.is_empty() {
                    break;
                }
                digest.content(part);
                see(file, part);
                if let Some(copied) = &mut copied {
                    io::Write::write_all(copied, part).map_err(io_at(&file.path))?;
                }
            }
            if left != 0 {
                return Err(FolderError::Changed(printable(&file.path)));
            }
            if let Some(copied) = copied {
                copied.sync_all().map_err(io_at(&file.path))?;
            }
        }
        Ok(digest.finish())
    }

    /// The bytes of one of its files.
    pub(crate) fn read(&self, path: &str, maximum: u64) -> Result<Vec<u8>, FolderError> {
        read(&self.dir, path, maximum)
    }
}

#[derive(Default)]
struct Listing {
    files: Vec<File>,
    left_out: Vec<String>,
    entries: usize,
    bytes: u64,
}

impl Listing {
    fn folder(&mut self, dir: &Dir, above: &str, depth: usize, keep: Keep<'_>) -> Result<(), FolderError> {
        if depth > MAXIMUM_DEPTH {
            return Err(FolderError::TooMuch {
                what: "folders too deep within folders",
                maximum: MAXIMUM_DEPTH as u64,
            });
        }
        for entry in dir.entries().map_err(io_at(above))? {
            let name = entry.map_err(io_at(above))?.file_name();
            let Some(name) = name.to_str() else {
                if depth == 0 && !matches!(keep, Keep::All) {
                    self.leave_out(&name.to_string_lossy());
                    continue;
                }
                return Err(FolderError::Name(printable(&format!("{above}{}", name.to_string_lossy()))));
            };
            let path = format!("{above}{name}");
            let metadata = dir.symlink_metadata(name).map_err(io_at(&path))?;
            let counts = match metadata.is_dir() || metadata.is_file() {
                true => keep.top(name, metadata.is_dir()),
                // A link in the place of what would count is refused below, not passed over.
                false => keep.top(name, true) || keep.top(name, false),
            };
            if depth == 0 && !counts {
                self.leave_out(name);
                continue;
            }
            self.entry(dir, name, path, &metadata, depth, keep)?;
        }
        Ok(())
    }

    fn entry(
        &mut self,
        dir: &Dir,
        name: &str,
        path: String,
        metadata: &cap_std::fs::Metadata,
        depth: usize,
        keep: Keep<'_>,
    ) -> Result<(), FolderError> {
        if path.len() > MAXIMUM_PATH_BYTES || path.chars().any(is_hidden) {
            return Err(FolderError::Name(printable(&path)));
        }
        self.entries += 1;
        if self.entries > MAXIMUM_FILES {
            return Err(FolderError::TooMuch { what: "too many files", maximum: MAXIMUM_FILES as u64 });
        }
        regular(&path, metadata.file_type())?;
        if metadata.is_dir() {
            let inner = dir.open_dir_nofollow(name).map_err(io_at(&path))?;
            return self.folder(&inner, &format!("{path}/"), depth + 1, keep);
        }
        self.bytes = self.bytes.saturating_add(metadata.len());
        if self.bytes > MAXIMUM_BYTES {
            return Err(FolderError::TooMuch { what: "too many bytes", maximum: MAXIMUM_BYTES });
        }
        self.files.push(File { path, bytes: metadata.len() });
        Ok(())
    }

    fn leave_out(&mut self, name: &str) {
        // For people to read: a hundred are enough. A signature is of what belongs to it, and no part of it.
        if name != SIGNATURE_FILE && self.left_out.len() < 100 {
            self.left_out.push(printable(name));
        }
    }
}
