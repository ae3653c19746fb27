//! TOML that people write: where an error lies, unknown keys, and text that is safe to print.

use std::{fmt, ops::Range};

pub(crate) use holm_kernel::is_hidden;
use serde::de::DeserializeOwned;
use toml::de::DeTable;

/// A place in a file, counted from one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    /// The file, as it was named.
    pub path: String,
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path, self.line, self.column)
    }
}

/// A text is not what its format asks for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// It is no TOML, or a value is of the wrong kind.
    #[error("{at}: {message}")]
    Malformed {
        /// Where.
        at: At,
        /// What is wrong.
        message: String,
    },
    /// A key that means nothing here.
    #[error("{at}: there is no key `{key}` {inside}; {advice}")]
    UnknownKey {
        /// Where.
        at: At,
        /// The key.
        key: String,
        /// The table it stands in, like `in [limits]`.
        inside: String,
        /// The key that was perhaps meant, or those there are.
        advice: String,
    },
}

/// A TOML text and what it is called in messages.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    pub(crate) path: &'a str,
    pub(crate) text: &'a str,
}

impl<'a> Text<'a> {
    /// The place of a span; the beginning if there is none.
    pub(crate) fn at(&self, span: Option<Range<usize>>) -> At {
        let start = span.map_or(0, |span| span.start).min(self.text.len());
        let before = String::from_utf8_lossy(&self.text.as_bytes()[..start]);
        let line = before.rsplit('\n').next().unwrap_or_default();
        At { path: printable(self.path), line: before.matches('\n').count() + 1, column: line.chars().count() + 1 }
    }

    /// The table as it is written. Duplicate keys and tables deeper than 80 are errors.
    pub(crate) fn table(&self) -> Result<DeTable<'a>, TextError> {
        DeTable::parse(self.text).map(toml::Spanned::into_inner).map_err(|error| self.malformed(&error))
    }

    /// The values. Unknown keys have to be looked for before: serde does not say where they are.
    pub(crate) fn values<T: DeserializeOwned>(&self) -> Result<T, TextError> {
        toml::from_str(self.text).map_err(|error| self.malformed(&error))
    }

    fn malformed(&self, error: &toml::de::Error) -> TextError {
        TextError::Malformed { at: self.at(error.span()), message: printable(error.message()) }
    }

    /// Fails at the first key that is not known.
    pub(crate) fn known(&self, table: &DeTable<'_>, known: &[&str], inside: &str) -> Result<(), TextError> {
        let unknown = table.keys().filter(|key| !known.contains(&key.get_ref().as_ref()));
        let Some(key) = unknown.min_by_key(|key| key.span().start) else { return Ok(()) };
        let name: &str = key.get_ref();
        let closest = known
            .iter()
            .map(|candidate| (strsim::jaro_winkler(&name.to_lowercase(), candidate), candidate))
            .filter(|(likeness, _)| *likeness > 0.8)
            .max_by(|one, other| one.0.total_cmp(&other.0));
        let advice = match closest {
            Some((_, candidate)) => format!("did you mean `{candidate}`?"),
            None => format!("there are {}", known.join(", ")),
        };
        Err(TextError::UnknownKey {
            at: self.at(Some(key.span())),
            key: printable(name),
            inside: inside.to_owned(),
            advice,
        })
    }
}

/// The text without what a terminal would act upon, and not endlessly long.
pub fn printable(text: &str) -> String {
    const MAXIMUM_CHARS: usize = 500;
    let mut out = String::new();
    for (index, char) in text.chars().enumerate() {
        if index == MAXIMUM_CHARS {
            out.push('…');
            break;
        }
        if is_hidden(char) { out.extend(char.escape_unicode()) } else { out.push(char) }
    }
    out
}

/// The text without what a terminal would act upon, its lines and tabs as they are, however long it is.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        let kept = !is_hidden(char) || matches!(char, '\n' | '\t');
        if kept { out.push(char) } else { out.extend(char.escape_unicode()) }
    }
    out
}
