//! A client's file of settings: read, and replaced whole or not at all.

use std::{
    io::{self, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use crate::error::{CONFLICT, CommandError, Result};

/// More than any client's settings have.
const MAXIMUM_BYTES: u64 = 64 << 20;

/// For its owner alone, where it is new: settings hold keys.
const MODE: u32 = 0o600;

/// A file as it was read.
pub(super) struct File {
    pub(super) path: PathBuf,
    /// Empty where there is none.
    pub(super) text: String,
    mode: u32,
}

impl File {
    /// Reads it. A link is followed: it stays one.
    ///
    /// # Errors
    /// It is no text, too large, or cannot be read.
    pub(super) fn read(path: PathBuf) -> Result<Self> {
        let path = path.canonicalize().unwrap_or(path);
        let says = |error: io::Error| CommandError::usage(format!("`{}`: {error}", path.display()));
        let file = match std::fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self { path, text: String::new(), mode: MODE });
            }
            file => file.map_err(says)?,
        };
        if !file.is_file() || file.len() > MAXIMUM_BYTES {
            return Err(says(io::Error::other("it is no file of settings")));
        }
        let text = std::fs::read_to_string(&path).map_err(says)?;
        Ok(Self { path, text, mode: file.mode() & 0o777 })
    }

    /// Puts this in its place, unless the client wrote it meanwhile.
    ///
    /// # Errors
    /// It did, or the disk.
    pub(super) fn replace(&self, after: &str) -> Result<()> {
        let says = |error: io::Error| CommandError::internal(format!("`{}`: {error}", self.path.display()));
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        std::fs::create_dir_all(folder).map_err(says)?;
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let fresh = folder.join(format!(".{name}.holm-{}", std::process::id()));
        let written = self.write(&fresh, after);
        if written.is_err() {
            let _ = std::fs::remove_file(&fresh);
        }
        match written.map_err(says)? {
            true => Ok(()),
            false => {
                let _ = std::fs::remove_file(&fresh);
                let message = format!("`{}` was changed meanwhile; it was not written", self.path.display());
                Err(CommandError::new(CONFLICT, message).hint("try again, with the client closed"))
            }
        }
    }

    /// Whether it was as it was read.
    fn write(&self, fresh: &Path, after: &str) -> io::Result<bool> {
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(self.mode).open(fresh)?;
        file.write_all(after.as_bytes())?;
        file.sync_all()?;
        let now = match std::fs::read_to_string(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            now => now?,
        };
        if now != self.text {
            return Ok(false);
        }
        std::fs::rename(fresh, &self.path)?;
        Ok(true)
    }
}
