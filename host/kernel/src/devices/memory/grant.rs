//! Rights to spaces: `notes:rw`, `diary:append`, `shared/team:ro`.

use std::fmt;

use crate::syscall::kept::{Degree, KeptRule, KeptWant};

/// What may be done with a space. Each allows what the ones before it allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SpaceAccess {
    /// `ro`
    Read,
    /// `append`: nothing that is there changes.
    Append,
    /// `rw`
    Write,
}

/// Spaces whose names match.
pub type MemoryRule = KeptRule<SpaceAccess>;

/// A space that a call wants to open.
pub type MemoryWant = KeptWant<SpaceAccess>;

impl Degree for SpaceAccess {
    const EXPECTED: &'static str = "a space and `:ro`, `:append` or `:rw`, like `notes:rw`";

    fn split(text: &str) -> (&str, Self) {
        match text.rsplit_once(':') {
            Some((name, "rw")) => (name, SpaceAccess::Write),
            Some((name, "append")) => (name, SpaceAccess::Append),
            Some((name, "ro")) => (name, SpaceAccess::Read),
            _ => (text, SpaceAccess::Read),
        }
    }
}

impl fmt::Display for SpaceAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SpaceAccess::Read => "ro",
            SpaceAccess::Append => "append",
            SpaceAccess::Write => "rw",
        })
    }
}
