//! The directory that is extracted into. Nothing is ever written through a link.
//!
//! The kernel confines a process to the directories it was granted; this keeps an archive to the
//! one directory that the caller named, which may lie beside others.

use crate::name::Name;
use crate::refusal::Refusal;
use holm::{Result, files};
use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

pub(crate) struct Destination {
    root: PathBuf,
    overwrite: bool,
}

impl Destination {
    /// Opens the directory, or makes it.
    pub(crate) fn open(path: &str, overwrite: bool) -> Result<Self> {
        let root = PathBuf::from(path);
        if !root.is_dir() {
            fs::create_dir_all(&root).map_err(|error| files::failure("write", &root, &error))?;
        }
        Ok(Self { root, overwrite })
    }

    /// Makes a directory and those above it.
    pub(crate) fn directory(&self, name: &Name) -> Result<(), Refusal> {
        self.enter(name.components()).map(drop)
    }

    /// Creates a file, never through a link and never over another file unasked.
    pub(crate) fn create(&self, name: &Name) -> Result<File, Refusal> {
        let (file, parents) = name.components().split_last().ok_or(Refusal::Blocked)?;
        let path = self.enter(parents)?.join(file);
        match fs::symlink_metadata(&path) {
            Ok(there) if there.is_dir() => return Err(Refusal::Blocked),
            Ok(_) if !self.overwrite => return Err(Refusal::Exists),
            // Removed rather than opened: it may be a link.
            Ok(_) => fs::remove_file(&path).map_err(|error| failure(&path, &error))?,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(failure(&path, &error)),
        }
        OpenOptions::new().write(true).create_new(true).open(&path).map_err(|error| failure(&path, &error))
    }

    /// Goes down from the root, making what is missing; each step is a real directory.
    fn enter(&self, components: &[String]) -> Result<PathBuf, Refusal> {
        let mut path = self.root.clone();
        for component in components {
            path.push(component);
            match fs::symlink_metadata(&path) {
                Ok(there) if there.is_dir() => {}
                Ok(_) => return Err(Refusal::Blocked),
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    fs::create_dir(&path).map_err(|error| failure(&path, &error))?;
                }
                Err(error) => return Err(failure(&path, &error)),
            }
        }
        Ok(path)
    }
}

fn failure(path: &Path, error: &std::io::Error) -> Refusal {
    Refusal::Io(files::failure("write", path, error).to_string())
}
