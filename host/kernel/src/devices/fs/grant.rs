//! Rights to files: `./data:ro`, `/home/ada/notes.txt:rw`, and `*` in ceilings.

use std::{
    fmt,
    path::{Component, Path, PathBuf},
    str::FromStr,
};

use crate::syscall::grant::{Access, Rule, RuleError};

/// A file, or a directory and all below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FsRule {
    /// None stands for `*`: any path.
    path: Option<PathBuf>,
    access: Access,
}

/// A path that a call wants to reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FsWant {
    /// Absolute, without `.` and `..`.
    pub path: PathBuf,
    /// Whether it would write.
    pub access: Access,
}

impl FsRule {
    /// The file or directory; none for `*`.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Read, or write too.
    pub fn access(&self) -> Access {
        self.access
    }

    /// The same rule with its path made absolute from `directory`, by name alone.
    ///
    /// # Errors
    /// The path climbs above the root.
    pub fn joined(&self, directory: &Path) -> Result<FsRule, RuleError> {
        let Some(path) = &self.path else { return Ok(self.clone()) };
        let joined = normalise(&directory.join(path))
            .ok_or_else(|| RuleError::new(&path.display().to_string(), "a path below the root"))?;
        Ok(FsRule { path: Some(joined), access: self.access })
    }

    /// The same rule with its path made absolute from `directory` and symlinks resolved where
    /// it exists: what is granted is the place, not whatever the name comes to mean later.
    ///
    /// # Errors
    /// The path climbs above the root.
    pub fn anchored(&self, directory: &Path) -> Result<FsRule, RuleError> {
        let FsRule { path: Some(joined), access } = self.joined(directory)? else { return Ok(self.clone()) };
        let path = joined.canonicalize().unwrap_or_else(|_| {
            // A file that is yet to be made: resolve the directory it will lie in.
            match (joined.parent().and_then(|parent| parent.canonicalize().ok()), joined.file_name()) {
                (Some(parent), Some(name)) => parent.join(name),
                _ => joined.clone(),
            }
        });
        Ok(FsRule { path: Some(path), access })
    }
}

/// The path without `.` and `..`; none if it climbs above its start.
pub fn normalise(path: &Path) -> Option<PathBuf> {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                if !normal.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) | Component::Normal(_) => normal.push(component),
        }
    }
    Some(normal)
}

impl Rule for FsRule {
    type Want = FsWant;

    fn admits(&self, want: &FsWant) -> bool {
        want.access <= self.access && self.path.as_ref().is_none_or(|path| want.path.starts_with(path))
    }

    fn covers(&self, other: &Self) -> bool {
        other.access <= self.access
            && match (&self.path, &other.path) {
                (None, _) => true,
                (Some(own), Some(other)) => other.starts_with(own),
                (Some(_), None) => false,
            }
    }
}

impl FromStr for FsRule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (path, access) = Access::split(text);
        if path.is_empty() || path.len() > 4096 || path.chars().any(char::is_control) {
            return Err(RuleError::new(text, "a path and `:ro` or `:rw`, like `./data:ro`"));
        }
        if path == "*" {
            return Ok(FsRule { path: None, access });
        }
        let path = normalise(Path::new(path)).filter(|path| path.is_absolute()).unwrap_or_else(|| path.into());
        Ok(FsRule { path: Some(path), access })
    }
}

impl fmt::Display for FsRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            None => write!(f, "*:{}", self.access),
            Some(path) => write!(f, "{}:{}", path.display(), self.access),
        }
    }
}

impl fmt::Display for FsWant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path.display(), self.access)
    }
}
