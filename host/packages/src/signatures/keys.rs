//! The keys that its user added, one file each, and who of them signed a plugin.

use std::{
    io,
    path::{Path, PathBuf},
};

use holm_kernel::program::Digest;
use serde::{Deserialize, Serialize};

use super::{CosignSignature, Key, KeyError};
use crate::{files, registry::Fetched, text::printable};

/// Beside a plugin's manifest: signatures of its digest in base64, one a line.
pub const SIGNATURE_FILE: &str = "plugin.sig";

const KEY_BYTES: u64 = 16 << 10;
/// Keys of a home. Each is tried on each signature.
const KEYS: usize = 64;
/// Signatures of one plugin that are looked at.
const SIGNATURES: usize = 16;

/// Why a key is not kept or found.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// Its name cannot be used.
    #[error("`{0}` is no name of a key: write 1 to 64 of a-z, 0-9 and -")]
    Name(String),
    /// There is none.
    #[error("there is no key `{0}`; `holm key list` shows them")]
    NotFound(String),
    /// There is one already.
    #[error("there is another key `{0}`: remove it first")]
    Taken(String),
    /// It is no key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There are too many.
    #[error("there are {KEYS} keys already")]
    TooMany,
    /// The disk.
    #[error("`{path}`: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A key, as anybody may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownKey {
    /// Its name.
    pub name: String,
    /// `ed25519` or `ecdsa-p256`.
    pub kind: String,
    /// Tells it apart.
    pub fingerprint: String,
}

/// What a signature of a plugin's folder signs.
pub fn signed_text(digest: Digest) -> String {
    format!("holm plugin sha256:{digest}")
}

/// The keys of a home.
#[derive(Debug)]
pub struct Keys {
    folder: PathBuf,
}

fn failed(path: &Path) -> impl Fn(io::Error) -> KeysError + '_ {
    move |source| KeysError::Io { path: path.to_owned(), source }
}

impl Keys {
    /// The keys of a home. There need be none.
    pub fn new(home: &Path) -> Self {
        Self { folder: home.join("keys") }
    }

    fn path(&self, name: &str) -> Result<PathBuf, KeysError> {
        crate::manifest::check_name(name).map_err(|_| KeysError::Name(printable(name)))?;
        Ok(self.folder.join(name).with_extension("pub"))
    }

    /// All of them, by name.
    ///
    /// # Errors
    /// One cannot be read.
    pub fn all(&self) -> Result<Vec<(String, Key)>, KeysError> {
        let entries = match self.folder.read_dir() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed(&self.folder))?,
        };
        let mut keys = Vec::new();
        for entry in entries {
            let path = entry.map_err(failed(&self.folder))?.path();
            let name = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".pub"));
            let Some(name) = name.filter(|name| crate::manifest::check_name(name).is_ok()) else { continue };
            let text = files::read(&path, KEY_BYTES).map_err(failed(&path))?;
            keys.push((name.to_owned(), Key::from_pem(&String::from_utf8_lossy(&text))?));
        }
        keys.sort_by(|one, other| one.0.cmp(&other.0));
        Ok(keys)
    }

    /// All of them, for people.
    ///
    /// # Errors
    /// As [`Keys::all`].
    pub fn list(&self) -> Result<Vec<KnownKey>, KeysError> {
        let seen = |(name, key): (String, Key)| KnownKey {
            name,
            kind: key.kind().to_owned(),
            fingerprint: key.fingerprint().to_string(),
        };
        Ok(self.all()?.into_iter().map(seen).collect())
    }

    /// Adds a public key in PEM.
    ///
    /// # Errors
    /// It is none, its name cannot be used, or another one has it.
    pub fn add(&self, name: &str, pem: &str) -> Result<(), KeysError> {
        let path = self.path(name)?;
        let key = Key::from_pem(pem)?;
        let all = self.all()?;
        match all.iter().find(|(known, _)| known == name) {
            Some((_, known)) if *known == key => return Ok(()),
            Some(_) => return Err(KeysError::Taken(name.to_owned())),
            None if all.len() >= KEYS => return Err(KeysError::TooMany),
            None => {}
        }
        files::make_folder(&self.folder).map_err(failed(&self.folder))?;
        files::replace(&path, key.pem().as_bytes()).map_err(failed(&path))
    }

    /// Removes one. What it signed stays installed.
    ///
    /// # Errors
    /// There is none.
    pub fn remove(&self, name: &str) -> Result<(), KeysError> {
        let path = self.path(name)?;
        std::fs::remove_file(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => KeysError::NotFound(name.to_owned()),
            _ => failed(&path)(error),
        })
    }

    /// The names of those that signed a plugin: its folder's digest in its own file, or the image that it
    /// came as.
    ///
    /// # Errors
    /// A key cannot be read: then nobody is taken to have signed anything.
    pub fn signed(&self, folder: &Path, digest: Digest, fetched: Option<&Fetched>) -> Result<Vec<String>, KeysError> {
        let keys = self.all()?;
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let text = files::read(&folder.join(SIGNATURE_FILE), KEY_BYTES).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).take(SIGNATURES).collect();
        let message = signed_text(digest);
        let of_folder = |key: &Key| lines.iter().any(|line| key.verifies(message.as_bytes(), line));
        let of_image = |key: &Key| {
            fetched.is_some_and(|fetched| {
                let name = fetched.reference.name();
                let mut signatures = fetched.signatures.iter();
                signatures.any(|signature: &CosignSignature| signature.holds(key, &name, fetched.digest))
            })
        };
        let signed = keys.into_iter().filter(|(_, key)| of_folder(key) || of_image(key));
        Ok(signed.map(|(name, _)| name).collect())
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use ring::signature::{Ed25519KeyPair, KeyPair};

    use super::*;

    fn pair(seed: u8) -> (Ed25519KeyPair, String) {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("a key");
        let mut der = vec![0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
        der.extend_from_slice(pair.public_key().as_ref());
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der));
        (pair, pem)
    }

    #[test]
    fn keys_come_and_go_and_say_who_signed() {
        let home = tempfile::tempdir().expect("a folder");
        let keys = Keys::new(home.path());
        let (ann, ann_pem) = pair(1);
        let (_, bob_pem) = pair(2);
        assert_eq!(keys.list().expect("none"), []);
        keys.add("ann", &ann_pem).expect("added");
        keys.add("ann", &ann_pem).expect("the same");
        assert!(matches!(keys.add("ann", &bob_pem), Err(KeysError::Taken(_))));
        assert!(matches!(keys.add("../ann", &ann_pem), Err(KeysError::Name(_))));
        keys.add("bob", &bob_pem).expect("added");
        let listed: Vec<_> = keys.list().expect("two").into_iter().map(|key| (key.name, key.kind)).collect();
        assert_eq!(listed, [("ann".to_owned(), "ed25519".to_owned()), ("bob".to_owned(), "ed25519".to_owned())]);

        let (plugin, digest) = (home.path().join("plugin"), Digest::of(b"plugin"));
        std::fs::create_dir(&plugin).expect("a folder");
        let signed = |digest| keys.signed(&plugin, digest, None).expect("read");
        assert_eq!(signed(digest), [""; 0]);
        let signature = STANDARD.encode(ann.sign(signed_text(digest).as_bytes()));
        std::fs::write(plugin.join(SIGNATURE_FILE), format!("bm90aGluZw==\n{signature}\n")).expect("written");
        assert_eq!(signed(digest), ["ann"]);
        assert_eq!(signed(Digest::of(b"changed")), [""; 0]);
        keys.remove("ann").expect("removed");
        assert!(matches!(keys.remove("ann"), Err(KeysError::NotFound(_))));
        assert_eq!(signed(digest), [""; 0]);
        // A key that cannot be read is no key that is not there.
        std::fs::write(home.path().join("keys/bob.pub"), "broken").expect("written");
        assert!(keys.signed(&plugin, digest, None).is_err());
    }
}
