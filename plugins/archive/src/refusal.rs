//! Why an archive is refused: one case for each attack, with a code that programs can read.

use std::fmt;
use std::io;

/// Why an archive, or one entry of it, is refused.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// `..`: it would leave the directory.
    ParentDirectory,
    /// `/etc/passwd`, `C:\x`: it would not start from the directory.
    Absolute,
    /// Bytes that are no UTF-8, control characters, backslashes: each system reads them otherwise.
    UnreadableName,
    /// Over 1,024 bytes or 64 levels.
    LongName,
    /// A symbolic or hard link: a later entry would be written through it.
    Link,
    /// A device, pipe or socket, or a kind nobody knows.
    Special,
    /// A name comes twice, or is both a file and a directory: which one wins differs by program.
    Duplicate,
    /// The zip's two lists of its entries disagree, or its entries overlap.
    Inconsistent(String),
    /// The entry has more bytes than the archive says.
    Lies { declared: u64 },
    /// More entries than the limit.
    Entries { maximum: u64 },
    /// More bytes than the limit.
    Bytes { maximum: u64 },
    /// A few bytes that become very many.
    Bomb { ratio: u64 },
    /// An entry's header is itself huge, or there is much after the last entry.
    Header,
    /// The file is there already.
    Exists,
    /// A directory on the way is a link or a file: it leads elsewhere.
    Blocked,
    /// Encrypted, compressed in a way we do not read, or no archive we know.
    Unsupported(String),
    /// The archive is broken, or a file could not be read or written.
    Io(String),
}

impl Refusal {
    /// A word for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::ParentDirectory => "parent-directory",
            Self::Absolute => "absolute-name",
            Self::UnreadableName => "unreadable-name",
            Self::LongName => "long-name",
            Self::Link => "link",
            Self::Special => "special-file",
            Self::Duplicate => "duplicate",
            Self::Inconsistent(_) => "inconsistent",
            Self::Lies { .. } => "lying-size",
            Self::Entries { .. } => "too-many-entries",
            Self::Bytes { .. } => "too-many-bytes",
            Self::Bomb { .. } => "bomb",
            Self::Header => "huge-header",
            Self::Exists => "exists",
            Self::Blocked => "blocked",
            Self::Unsupported(_) => "unsupported",
            Self::Io(_) => "io",
        }
    }

    /// Whether only this entry is unfit, so that a listing can go on after it.
    pub(crate) fn is_of_entry(&self) -> bool {
        matches!(
            self,
            Self::ParentDirectory
                | Self::Absolute
                | Self::UnreadableName
                | Self::LongName
                | Self::Link
                | Self::Special
                | Self::Duplicate
        )
    }

    /// As an error about this entry.
    pub(crate) fn of(self, entry: &str) -> holm::Error {
        // The entry's name is the archive's: escaped, it cannot play with a terminal.
        holm::Error::new(format!("refused ({}): {entry:?}: {self}", self.code()))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ParentDirectory => f.write_str("the name leads out of the directory"),
            Self::Absolute => f.write_str("the name is absolute"),
            Self::UnreadableName => f.write_str("the name holds backslashes, control characters or no UTF-8"),
            Self::LongName => f.write_str("the name is too long or too deep"),
            Self::Link => f.write_str("it is a link; skip_links leaves it out"),
            Self::Special => f.write_str("it is no file or directory; skip_links leaves it out"),
            Self::Duplicate => f.write_str("the name comes twice"),
            Self::Inconsistent(text) | Self::Unsupported(text) | Self::Io(text) => f.write_str(text),
            Self::Lies { declared } => write!(f, "it has more than its declared {declared} bytes"),
            Self::Entries { maximum } => write!(f, "over {maximum} entries (limits.entries)"),
            Self::Bytes { maximum } => write!(f, "over {maximum} bytes (limits.bytes)"),
            Self::Bomb { ratio } => {
                write!(f, "over {ratio} times the archive's own size (limits.ratio)")
            }
            Self::Header => f.write_str("a header, or what follows the last entry, is huge"),
            Self::Exists => f.write_str("the file is there already; overwrite replaces it"),
            Self::Blocked => f.write_str("a directory on the way is a link or a file"),
        }
    }
}

impl std::error::Error for Refusal {}

/// A refusal may pass through a reader of a library; here it comes out again.
impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        let text = error.to_string();
        match error.into_inner().map(|inner| inner.downcast::<Self>()) {
            Some(Ok(refusal)) => *refusal,
            _ => Self::Io(text),
        }
    }
}

impl From<Refusal> for io::Error {
    fn from(refusal: Refusal) -> Self {
        Self::other(refusal)
    }
}
