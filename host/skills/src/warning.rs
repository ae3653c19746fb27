//! What is said of a skill that is not in order, and of one that is not loaded.

use std::fmt;

use crate::{MAXIMUM_HEAD_BYTES, text::shown};

/// What is not as the standard wants it, and was taken as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// The name is not what the system calls it.
    Renamed {
        /// As it is written; empty where it is missing.
        written: String,
        /// What it is called instead.
        name: String,
    },
    /// The folder has another name.
    Folder(String),
    /// The description is longer than the standard's 1,024 characters.
    LongDescription(usize),
    /// Characters that hide or reorder text, written out in what is shown.
    Hidden(&'static str),
    /// Fields that the standard does not know.
    Unknown(Vec<String>),
    /// A field that is written more than once; the last one counts.
    Twice(String),
    /// A field is of another kind than the standard wants.
    Kind(&'static str),
    /// The YAML was made out only once these values stood in quotes.
    Quoted(Vec<String>),
    /// The file begins with something else than `---`: a byte order mark or empty lines.
    Beginning,
    /// The file is no UTF-8; what could not be read is shown as `\u{fffd}`.
    Encoding,
    /// More than is told here.
    More,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Renamed { written, name } if written.is_empty() => {
                write!(f, "it has no name; it is called `{name}` after its folder")
            }
            Self::Renamed { written, name } => write!(f, "its name `{}` is used as `{name}`", shown(written)),
            Self::Folder(folder) => {
                write!(f, "its folder is called `{}`, and should be called as it is", shown(folder))
            }
            Self::LongDescription(chars) => {
                write!(f, "its description has {chars} characters; 1,024 are the standard's limit")
            }
            Self::Hidden(field) => {
                write!(f, "its {field} has characters that hide or reorder text; they are written out")
            }
            Self::Unknown(fields) => {
                let fields: Vec<String> = fields.iter().map(|field| format!("`{}`", shown(field))).collect();
                write!(f, "the standard knows no {}; put them under `metadata`", fields.join(", "))
            }
            Self::Twice(field) => write!(f, "`{}` is written more than once; the last one counts", shown(field)),
            Self::Kind(field) => write!(f, "`{field}` should be one text"),
            Self::Quoted(fields) => {
                let fields: Vec<String> = fields.iter().map(|field| format!("`{}`", shown(field))).collect();
                write!(
                    f,
                    "the head is YAML only with quotes around what stands under {}: write them",
                    fields.join(", ")
                )
            }
            Self::Beginning => f.write_str("the file should begin with `---`, without anything before it"),
            Self::Encoding => f.write_str("the file should be UTF-8; parts of it cannot be read"),
            Self::More => f.write_str("and more"),
        }
    }
}

/// Why a skill is not loaded, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// There is no head.
    #[error("it has no head: begin the file with a line `---`, `name:` and `description:`, and another line `---`")]
    NoHead,
    /// The head does not end.
    #[error("its head does not end: put a line `---` behind the last field")]
    Unclosed,
    /// The head is too long.
    #[error("its head has more than {MAXIMUM_HEAD_BYTES} bytes: move what is long below it")]
    LongHead,
    /// The head is no YAML.
    #[error("line {line} of its head: {message}; put values with `:` or other signs in quotes")]
    Yaml {
        /// Of the file, counted from one.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// The head is a list or a text.
    #[error("its head has no fields: write `name: …` and `description: …`")]
    NoFields,
    /// It does not say what it is for.
    #[error("it has no description: say in `description:` what it does and when to use it")]
    NoDescription,
}
