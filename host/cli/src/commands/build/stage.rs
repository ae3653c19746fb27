//! A folder of its own for each build: a copy of what the skill's author wrote, and what it is built with.
//!
//! A skill's folder may hold links, and files that look like what an earlier build left. So nothing there is written
//! but the component, and nothing from there is taken for ours.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use crate::error::{CommandError, Result};

/// Files of a skill, and bytes of all of them. Stops folders that fill the disk.
const MAXIMUM_FILES: usize = 4096;
const MAXIMUM_BYTES: u64 = 64 << 20;

/// Folders within folders. Stops those that never end.
const DEPTH: usize = 32;

/// The build's folder; gone with it.
pub(super) struct Stage(tempfile::TempDir);

impl Stage {
    /// Makes one.
    ///
    /// # Errors
    /// The disk takes no more.
    pub(super) fn new() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("holm-build-").tempdir().map_err(CommandError::internal)?;
        let stage = Self(folder);
        std::fs::create_dir(stage.written()).map_err(CommandError::internal)?;
        Ok(stage)
    }

    /// A place in it.
    pub(super) fn at(&self, part: &str) -> PathBuf {
        self.0.path().join(part)
    }

    /// All of it, to read.
    pub(super) fn all(&self) -> PathBuf {
        self.0.path().to_owned()
    }

    /// The one place that the build's tools write to.
    pub(super) fn written(&self) -> PathBuf {
        self.at("written")
    }

    /// Lays a file of ours.
    pub(super) fn lay(&self, path: &str, contents: impl AsRef<[u8]>) -> Result<()> {
        write(&self.at(path), contents.as_ref())
    }

    /// Copies a folder's files, except what begins with a dot, what other builds left, components, and links.
    ///
    /// # Errors
    /// There is too much of it.
    pub(super) fn copy(&self, from: &Path, to: &str) -> Result<()> {
        let mut room = Room { files: MAXIMUM_FILES, bytes: MAXIMUM_BYTES };
        copy(from, &self.at(to), DEPTH, &mut room)
    }
}

/// What may still be copied.
struct Room {
    files: usize,
    bytes: u64,
}

fn copy(from: &Path, to: &Path, depth: usize, room: &mut Room) -> Result<()> {
    let failed = |error: std::io::Error| CommandError::internal(format!("`{}`: {error}", from.display()));
    let much = || {
        let error = format!("`{}` is larger than a skill has to be", from.display());
        CommandError::usage(error).hint("at most 4096 files, 64 MiB and 32 folders deep are built")
    };
    std::fs::create_dir_all(to).map_err(failed)?;
    for entry in from.read_dir().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let (name, kind) = (entry.file_name(), entry.file_type().map_err(failed)?);
        let text = name.to_string_lossy();
        if text.starts_with('.')
            || text.ends_with(".wasm")
            || ["target", "node_modules", "__pycache__"].contains(&&*text)
        {
            continue;
        }
        if kind.is_dir() {
            copy(&entry.path(), &to.join(&name), depth.checked_sub(1).ok_or_else(much)?, room)?;
        } else if kind.is_file() {
            room.files = room.files.checked_sub(1).ok_or_else(much)?;
            let mut contents = Vec::new();
            let file = File::open(entry.path()).map_err(failed)?;
            let read = file.take(room.bytes + 1).read_to_end(&mut contents).map_err(failed)?;
            room.bytes = room.bytes.checked_sub(read as u64).ok_or_else(much)?;
            write(&to.join(&name), &contents)?;
        }
    }
    Ok(())
}

/// Writes a file, and the folders above it.
pub(super) fn write(path: &Path, contents: &[u8]) -> Result<()> {
    let failed = |error: std::io::Error| CommandError::internal(format!("`{}`: {error}", path.display()));
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(failed)?;
    }
    std::fs::write(path, contents).map_err(failed)
}
