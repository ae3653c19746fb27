//! What a provider is paid by. It is read by the host, sent in one header, and shown nowhere.

use std::{fmt, os::unix::fs::MetadataExt, path::Path};

use secrecy::{ExposeSecret, SecretString};

/// A key. Its text is wiped from memory when it is dropped, and never printed.
#[derive(Clone)]
pub struct Key(SecretString);

/// There is no key where the configuration says.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The variable is not set.
    #[error("the environment has no `{0}`; set it where the kernel is started, then `holm shutdown`")]
    Variable(String),
    /// The file cannot be read.
    #[error("the key cannot be read from `{path}`: {error}")]
    File {
        /// Which file.
        path: String,
        /// Why not.
        error: std::io::Error,
    },
    /// Others can read the file.
    #[error("others can read the key in `{0}`; run `chmod 600 {0}`")]
    Mode(String),
    /// There is nothing in it.
    #[error("the key in {0} is empty")]
    Empty(String),
}

/// No provider's key is longer.
const KEY_BYTES: u64 = 16 << 10;

impl Key {
    /// A key as it is.
    pub fn new(text: &str) -> Self {
        Self(SecretString::from(text.trim().to_owned()))
    }

    /// The key in a variable of the environment.
    ///
    /// # Errors
    /// It is not set, or empty.
    pub fn from_environment(variable: &str) -> Result<Self, KeyError> {
        let text = std::env::var(variable).map_err(|_| KeyError::Variable(variable.to_owned()))?;
        Self::filled(&text, || format!("the variable `{variable}`"))
    }

    /// The key in a file that its owner alone may read.
    ///
    /// # Errors
    /// It cannot be read, others can read it, or it is empty.
    pub fn from_file(path: &Path) -> Result<Self, KeyError> {
        let shown = path.display().to_string();
        let failed = |error| KeyError::File { path: shown.clone(), error };
        let found = std::fs::metadata(path).map_err(failed)?;
        if found.mode() & 0o077 != 0 {
            return Err(KeyError::Mode(shown));
        }
        if !found.is_file() || found.len() > KEY_BYTES {
            return Err(failed(std::io::Error::other("it is not a file of at most 16 KiB")));
        }
        let text = std::fs::read_to_string(path).map_err(failed)?;
        Self::filled(&text, || format!("`{shown}`"))
    }

    fn filled(text: &str, place: impl FnOnce() -> String) -> Result<Self, KeyError> {
        if text.trim().is_empty() {
            return Err(KeyError::Empty(place()));
        }
        Ok(Self::new(text))
    }

    /// Its text, for the header it is sent in and nothing else.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key([hidden])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_file_is_its_owners_alone() {
        let directory = tempfile::tempdir().expect("works");
        let path = directory.path().join("key");
        std::fs::write(&path, "sk-secret\n").expect("works");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("works");
        let refused = Key::from_file(&path).expect_err("refused");
        assert!(refused.to_string().contains("chmod 600"), "{refused}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("works");
        let key = Key::from_file(&path).expect("works");
        assert_eq!(key.expose(), "sk-secret");
        assert!(!format!("{key:?}").contains("secret"));
    }
}
