//! `$HOLM_HOME/mcp-tokens.toml`: who may call tools over HTTP. A token is told once, when it is made; what
//! is kept of it is its hash. Written by operator commands only.

use std::{
    collections::BTreeMap,
    fs::File,
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::SystemTime,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::files;

/// How a token begins: whoever finds one knows what it is.
const PREFIX: &str = "holm_";

/// Random bytes in a token. Nobody guesses them, so a plain hash of them tells nothing.
const BYTES: usize = 32;

/// Clients of one home. Each request is compared with all.
const MAXIMUM_TOKENS: usize = 256;

/// More than they take.
const MAXIMUM_FILE_BYTES: u64 = 1 << 20;

const HEAD: &str = "# Who may call tools over HTTP: hashes of their tokens. `holm mcp token` writes this file.\n";

/// Why a token was not made, found or taken away.
#[derive(Debug, thiserror::Error)]
pub enum TokensError {
    /// There is one of this name.
    #[error("there is a token `{0}` already; `holm mcp token revoke {0}` ends it")]
    Taken(String),
    /// There is none of this name.
    #[error("there is no token `{0}`; `holm mcp token list` shows which there are")]
    NotFound(String),
    /// The name cannot be one.
    #[error("a token's name is 1 to 64 of a-z, A-Z, 0-9, `_`, `.` and `-`")]
    Name,
    /// There would be too many.
    #[error("at most {MAXIMUM_TOKENS} tokens")]
    TooMany,
    /// The file is not of this shape.
    #[error("`{path}`: {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Others could write to it, or read it.
    #[error("`{0}` can be read or written to by others: `chmod 600` it, and look whether its tokens are yours")]
    Exposed(PathBuf),
    /// The disk, or the rights to it, or the machine has no random numbers.
    #[error("`{path}`: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A token, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Token {
    /// The hash of its text.
    sha256: String,
    /// What its holder is offered; the default where none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// When it was made.
    pub made: String,
}

/// The file of tokens.
#[derive(Clone, Debug)]
pub struct Tokens(PathBuf);

impl Tokens {
    /// Those of a home. The file need not exist: nobody is let in then.
    pub fn new(home: &Path) -> Self {
        Self(home.join("mcp-tokens.toml"))
    }

    /// The tokens by name.
    ///
    /// # Errors
    /// The file cannot be read, is exposed or malformed.
    pub fn list(&self) -> Result<BTreeMap<String, Token>, TokensError> {
        let file = match files::open(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            file => file.map_err(|error| self.io(error))?,
        };
        if file.metadata().map_err(|error| self.io(error))?.mode() & 0o077 != 0 {
            return Err(TokensError::Exposed(self.0.clone()));
        }
        let bytes = files::read_from(file, MAXIMUM_FILE_BYTES).map_err(|error| self.io(error))?;
        let malformed = |reason: String| TokensError::Malformed { path: self.0.clone(), reason };
        let text = String::from_utf8(bytes).map_err(|error| malformed(error.to_string()))?;
        let tokens: BTreeMap<String, Token> = toml::from_str(&text).map_err(|error| malformed(error.to_string()))?;
        match tokens.iter().find(|(name, token)| !is_name(name) || digest_of(&token.sha256).is_none()) {
            Some((name, _)) => Err(malformed(format!("`{}` is no token", crate::printable(name)))),
            None => Ok(tokens),
        }
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Makes a token: its text, which is not kept.
    ///
    /// # Errors
    /// The name is taken or cannot be one, or the file cannot be written.
    pub fn make(&self, name: &str, profile: Option<String>) -> Result<Zeroizing<String>, TokensError> {
        if !is_name(name) {
            return Err(TokensError::Name);
        }
        let _alone = self.lock()?;
        let mut tokens = self.list()?;
        if tokens.contains_key(name) {
            return Err(TokensError::Taken(name.to_owned()));
        }
        if tokens.len() >= MAXIMUM_TOKENS {
            return Err(TokensError::TooMany);
        }
        let mut bytes = Zeroizing::new([0; BYTES]);
        SystemRandom::new().fill(&mut *bytes).map_err(|_| self.io(io::Error::other("no random numbers")))?;
        let text = Zeroizing::new(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(*bytes)));
        let made = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        tokens.insert(name.to_owned(), Token { sha256: hex(&hash(&text)), profile, made });
        self.write(&tokens)?;
        Ok(text)
    }

    /// Takes a token away. Requests with it are refused from now on.
    ///
    /// # Errors
    /// There is none, or the file cannot be written.
    pub fn revoke(&self, name: &str) -> Result<(), TokensError> {
        let _alone = self.lock()?;
        let mut tokens = self.list()?;
        tokens.remove(name).ok_or_else(|| TokensError::NotFound(crate::printable(name)))?;
        self.write(&tokens)
    }

    fn write(&self, tokens: &BTreeMap<String, Token>) -> Result<(), TokensError> {
        let text = toml::to_string(tokens).map_err(|error| self.io(io::Error::other(error)))?;
        files::replace(&self.0, format!("{HEAD}{text}").as_bytes()).map_err(|error| self.io(error))
    }

    /// One command changes them at a time.
    fn lock(&self) -> Result<File, TokensError> {
        let folder = self.0.parent().unwrap_or(Path::new("/"));
        let folder = File::open(folder).map_err(|error| self.io(error))?;
        rustix::fs::flock(&folder, rustix::fs::FlockOperation::LockExclusive).map_err(|error| self.io(error.into()))?;
        Ok(folder)
    }

    fn io(&self, source: io::Error) -> TokensError {
        TokensError::Io { path: self.0.clone(), source }
    }
}

/// Whose token this is. All are compared, each in the same time whatever it is.
pub fn whose<'a>(tokens: &'a BTreeMap<String, Token>, text: &str) -> Option<(&'a str, &'a Token)> {
    let given = hash(text);
    let mut found = None;
    for (name, token) in tokens {
        if digest_of(&token.sha256).is_some_and(|kept| kept.ct_eq(&given).into()) {
            found = Some((name.as_str(), token));
        }
    }
    found
}

fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    (1..=64).contains(&name.len()) && name.bytes().all(plain)
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn digest_of(hex: &str) -> Option<[u8; 32]> {
    let pairs = hex.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
        u8::from_str_radix(pair, 16).ok()
    });
    pairs.collect::<Option<Vec<_>>>()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::{Tokens, TokensError, whose};

    #[test]
    fn a_token_is_told_once_and_ends() {
        let home = tempfile::tempdir().expect("a home");
        let tokens = Tokens::new(home.path());
        assert!(tokens.list().expect("read").is_empty());
        let laptop = tokens.make("laptop", Some("work".to_owned())).expect("made");
        let desk = tokens.make("desk", None).expect("made");
        assert!(laptop.starts_with("holm_") && laptop.len() > 40 && laptop != desk);
        let kept = std::fs::read_to_string(&tokens.0).expect("read");
        assert!(!kept.contains(&laptop[5..]) && kept.contains("[laptop]"), "{kept}");
        let list = tokens.list().expect("read");
        let (name, token) = whose(&list, &laptop).expect("it is known");
        assert_eq!((name, token.profile.as_deref()), ("laptop", Some("work")));
        assert!(whose(&list, "holm_").is_none() && whose(&list, "").is_none() && whose(&list, &kept).is_none());
        assert!(matches!(tokens.make("laptop", None), Err(TokensError::Taken(_))));
        assert!(matches!(tokens.make("a b", None), Err(TokensError::Name)));
        tokens.revoke("laptop").expect("revoked");
        assert!(whose(&tokens.list().expect("read"), &laptop).is_none());
        assert!(matches!(tokens.revoke("laptop"), Err(TokensError::NotFound(_))));
    }

    #[test]
    fn an_exposed_or_broken_file_lets_nobody_in() {
        let home = tempfile::tempdir().expect("a home");
        let tokens = Tokens::new(home.path());
        tokens.make("desk", None).expect("made");
        let mode = |mode| std::fs::set_permissions(&tokens.0, std::fs::Permissions::from_mode(mode)).expect("set");
        mode(0o640);
        assert!(matches!(tokens.list(), Err(TokensError::Exposed(_))));
        mode(0o600);
        for text in ["desk = 3", "[desk]\nsha256 = \"ab\"\nmade = \"\"", "[\"a b\"]\nsha256 = \"\"\nmade = \"\"", "["] {
            std::fs::write(&tokens.0, text).expect("written");
            assert!(matches!(tokens.list(), Err(TokensError::Malformed { .. })), "{text}");
            assert!(tokens.make("other", None).is_err(), "{text}");
        }
    }
}
