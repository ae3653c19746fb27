//! The error of tools and agents that need no type of their own.

use std::fmt;

/// `Result` with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Any error, as text for the caller: what `?` makes of every `std::error::Error`.
///
/// ```
/// fn parse(text: &str) -> holm::Result<u32> {
///     let number: u32 = text.parse()?;
///     if number == 0 {
///         return Err(holm::Error::new("zero is no number of apples"));
///     }
///     Ok(number)
/// }
/// # assert!(parse("x").is_err());
/// ```
pub struct Error {
    text: String,
    of_arguments: bool,
}

impl Error {
    /// The tool ran and failed.
    pub fn new(text: impl fmt::Display) -> Self {
        Self { text: text.to_string(), of_arguments: false }
    }

    /// The caller's arguments make no sense; the text says which and why.
    pub fn arguments(text: impl fmt::Display) -> Self {
        Self { text: text.to_string(), of_arguments: true }
    }

    /// Says what was being done: `reading ./data.json: unexpected end`.
    #[must_use]
    pub fn during(mut self, what: impl fmt::Display) -> Self {
        self.text = format!("{what}: {}", self.text);
        self
    }

    /// Whether the caller's arguments are to blame.
    #[must_use]
    pub fn is_of_arguments(&self) -> bool {
        self.of_arguments
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

// `Error` itself is not a `std::error::Error`, so that this covers them all.
impl<E: std::error::Error> From<E> for Error {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            // Many errors print their cause themselves.
            let inner = error.to_string();
            if !text.ends_with(&inner) {
                text = format!("{text}: {inner}");
            }
            cause = error.source();
        }
        Self::new(text)
    }
}
