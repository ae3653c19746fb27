//! Why a package is refused: one case for each attack, with a code that programs can read.

use std::fmt;
use std::io;
use zip::result::ZipError;

/// Why a package is refused.
#[derive(Debug)]
#[non_exhaustive]
pub enum Refusal {
    /// The file itself is too large to be held.
    File {
        /// The bound.
        maximum: u64,
    },
    /// More parts than the bound.
    Parts {
        /// The bound.
        maximum: usize,
    },
    /// More bytes than the bound.
    Bytes {
        /// The bound.
        maximum: u64,
    },
    /// A few bytes that become very many.
    Bomb {
        /// The bound.
        ratio: u64,
    },
    /// A name comes twice: which one is read differs by program.
    Duplicate,
    /// A part needs a password.
    Encrypted,
    /// A part's XML is broken, too deep, or declares entities.
    Xml {
        /// The part's name.
        part: String,
        /// What is wrong with it.
        text: String,
    },
    /// A file of before 2007, or one with a password: both are of another format.
    Old(String),
    /// No zip file.
    Foreign(String),
    /// A part that has to be there is not.
    Missing(String),
    /// The zip is broken.
    Broken(String),
}

impl Refusal {
    /// A word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::File { .. } => "too-large",
            Self::Parts { .. } => "too-many-parts",
            Self::Bytes { .. } => "too-many-bytes",
            Self::Bomb { .. } => "bomb",
            Self::Duplicate => "duplicate",
            Self::Encrypted => "encrypted",
            Self::Xml { .. } => "xml",
            Self::Old(_) | Self::Foreign(_) => "unsupported",
            Self::Missing(_) => "missing-part",
            Self::Broken(_) => "broken",
        }
    }

    /// As an error about this file.
    #[must_use]
    pub fn of(self, path: &str) -> holm::Error {
        holm::Error::new(format!("refused ({}): {path:?}: {self}", self.code()))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { maximum } => write!(f, "the file has over {maximum} bytes"),
            Self::Parts { maximum } => write!(f, "over {maximum} parts"),
            Self::Bytes { maximum } => write!(f, "it inflates to over {maximum} bytes"),
            Self::Bomb { ratio } => write!(f, "it inflates to over {ratio} times its own size"),
            Self::Duplicate => f.write_str("a part comes twice"),
            Self::Encrypted => f.write_str("a part is encrypted; save it without a password"),
            Self::Xml { part, text } => write!(f, "{part:?}: {text}"),
            Self::Old(kind) => write!(f, "a file of before 2007, or with a password; save it as {kind} without one"),
            Self::Foreign(kind) => write!(f, "it is no {kind} file, which is a zip"),
            Self::Missing(part) => write!(f, "it has no part {part:?}"),
            Self::Broken(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Refusal {}

impl From<ZipError> for Refusal {
    fn from(error: ZipError) -> Self {
        Self::Broken(error.to_string())
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Broken(error.to_string())
    }
}
