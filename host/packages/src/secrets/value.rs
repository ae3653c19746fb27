//! A secret's text: wiped when it is dropped, and never printed.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// The text of a secret.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Value(Zeroizing<String>);

impl Value {
    /// A secret of this text.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Its text. Whoever asks keeps it from being printed.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Value([hidden])")
    }
}
