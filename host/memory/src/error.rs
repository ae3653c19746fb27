//! What goes wrong, and what to do about it.

use std::path::PathBuf;

use crate::record::RecordId;

/// Why a call of memory failed.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// Something is longer, or more, than it may be.
    #[error("{what} may be {limit} at most, and is {found}; say less, or in more calls")]
    TooMuch {
        /// What, with its unit.
        what: &'static str,
        /// How much of it there may be.
        limit: usize,
        /// How much there is.
        found: usize,
    },
    /// Something has to be said.
    #[error("{what} is empty; give it at least a letter")]
    Empty {
        /// What.
        what: &'static str,
    },
    /// No such record stands in the space.
    #[error("there is no record {} in this space: it was never there, or it was forgotten or has expired", .0.0)]
    NoSuchRecord(RecordId),
    /// The space was dropped while it was used.
    #[error("the space was dropped meanwhile; begin it anew")]
    NoSuchSpace,
    /// There is nothing to go back to.
    #[error("record {} has no version before this one", .0.0)]
    NoEarlierVersion(RecordId),
    /// The record's bytes were changed on disk.
    #[error("record {} cannot be read: its bytes on disk were changed. Forget it, or restore the folder from a backup", .0.0)]
    DamagedRecord(RecordId),
    /// A note's bytes were changed on disk.
    #[error(
        "the note {0:?} cannot be read: its bytes on disk were changed. Set it anew, or restore the folder from a backup"
    )]
    DamagedNote(String),
    /// It would be more than the quota.
    #[error("this needs {needed} bytes and {left} of the quota of {quota} are left; forget something, or ask for more")]
    Quota {
        /// What the call would add.
        needed: u64,
        /// What may be added.
        left: u64,
        /// The quota.
        quota: u64,
    },
    /// Another process has the folder open.
    #[error("the memory at {} is in use by another process; end that process first", .0.display())]
    Locked(PathBuf),
    /// It was written by a version that lays it out otherwise.
    #[error("the memory at {} has a format that this version of Holm does not read; use the version that wrote it", .0.display())]
    OtherFormat(PathBuf),
    /// The store itself cannot be read.
    #[error("the memory at {} is damaged ({reason}); restore it from a backup, or move it away to start with an empty one", path.display())]
    Damaged {
        /// The folder.
        path: PathBuf,
        /// What its engine says.
        reason: String,
    },
    /// A write failed: what reached the disk is not known, so nothing more is written.
    #[error("memory stopped writing ({0}); look at the disk, then restart Holm")]
    Stopped(String),
    /// The disk, or the rights to it.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}
