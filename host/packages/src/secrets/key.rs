//! The key that seals the secrets, in a file of its own: bare, or wrapped under a passphrase by Argon2id
//! (RFC 9106, the second recommended choice: 64 MiB, three passes, four lanes).

use std::{
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use argon2::{Algorithm, Argon2, Params, Version};
use parking_lot::Mutex;
use ring::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand::{SecureRandom, SystemRandom},
};
use zeroize::Zeroizing;

use super::{
    seal::{SealError, failed},
    value::Value,
};
use crate::files;

pub(super) const KEY_BYTES: usize = 32;
const SALT_BYTES: usize = 16;
const TAG_BYTES: usize = 16;

/// Begins a wrapped key, and is sealed with it. Behind it: salt, nonce, the sealed key.
const HEAD: &[u8] = b"holm-key-1\n";
const WRAPPED_BYTES: usize = HEAD.len() + SALT_BYTES + NONCE_LEN + KEY_BYTES + TAG_BYTES;

const MEMORY_KIB: u32 = 64 << 10;
const PASSES: u32 = 3;
const LANES: u32 = 4;

/// Shorter ones are guessed in an afternoon.
const SHORTEST: usize = 8;
/// Bytes of a passphrase. More is a file that was piped by mistake.
const LONGEST: usize = 1024;

type Bytes = Zeroizing<Vec<u8>>;

/// The key's file, and the key once it was unwrapped.
pub(super) struct KeyFile {
    path: PathBuf,
    unwrapped: Mutex<Option<Bytes>>,
}

/// What lies in the file.
enum Stored {
    Nothing,
    Bare(Bytes),
    Wrapped(Vec<u8>),
}

impl KeyFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, unwrapped: Mutex::default() }
    }

    /// The key; made where there is none.
    pub(super) fn key(&self) -> Result<LessSafeKey, SealError> {
        cipher(&self.bytes()?, &self.path)
    }

    fn bytes(&self) -> Result<Bytes, SealError> {
        match self.stored()? {
            Stored::Bare(key) => Ok(key),
            Stored::Wrapped(_) => self.unwrapped.lock().clone().ok_or(SealError::Locked),
            Stored::Nothing => {
                let fresh = Zeroizing::new(random::<KEY_BYTES>(&self.path)?.to_vec());
                files::replace(&self.path, &fresh).map_err(failed(&self.path))?;
                Ok(fresh)
            }
        }
    }

    fn stored(&self) -> Result<Stored, SealError> {
        let path = &self.path;
        let file = match files::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Stored::Nothing),
            file => file.map_err(failed(path))?,
        };
        if file.metadata().map_err(failed(path))?.mode() & 0o077 != 0 {
            return Err(SealError::Exposed(path.clone()));
        }
        let bytes = Zeroizing::new(files::read_from(file, WRAPPED_BYTES as u64).map_err(failed(path))?);
        match bytes.len() {
            KEY_BYTES => Ok(Stored::Bare(bytes)),
            WRAPPED_BYTES if bytes.starts_with(HEAD) => Ok(Stored::Wrapped(bytes.to_vec())),
            _ => Err(SealError::Broken(path.clone())),
        }
    }

    /// Wraps the key under a passphrase, in the place of an earlier one.
    pub(super) fn wrap(&self, passphrase: &Value) -> Result<(), SealError> {
        if !(SHORTEST..=LONGEST).contains(&passphrase.expose().len()) {
            return Err(SealError::Passphrase);
        }
        let key = self.bytes()?;
        let path = &self.path;
        let (salt, nonce): ([u8; SALT_BYTES], [u8; NONCE_LEN]) = (random(path)?, random(path)?);
        let mut sealed = key.clone();
        let wrapping = cipher(&derived(passphrase, &salt, path)?, path)?;
        let done =
            wrapping.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(HEAD), &mut *sealed);
        done.map_err(|_| SealError::Broken(path.clone()))?;
        files::replace(path, &[HEAD, &salt, &nonce, &sealed].concat()).map_err(failed(path))?;
        *self.unwrapped.lock() = Some(key);
        Ok(())
    }

    /// Opens a wrapped key, for as long as this process lives.
    pub(super) fn unwrap(&self, passphrase: &Value) -> Result<(), SealError> {
        let Stored::Wrapped(stored) = self.stored()? else { return Err(SealError::NotProtected) };
        let broken = || SealError::Broken(self.path.clone());
        let rest = stored.strip_prefix(HEAD).ok_or_else(broken)?;
        let (salt, rest) = rest.split_at_checked(SALT_BYTES).ok_or_else(broken)?;
        let (nonce, sealed) = rest.split_at_checked(NONCE_LEN).ok_or_else(broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken())?;
        let mut opened = Zeroizing::new(sealed.to_vec());
        let wrapping = cipher(&derived(passphrase, salt, &self.path)?, &self.path)?;
        // A changed file and a wrong passphrase look alike.
        let done = wrapping.open_in_place(nonce, Aad::from(HEAD), &mut opened);
        let length = done.map_err(|_| SealError::WrongPassphrase)?.len();
        opened.truncate(length);
        *self.unwrapped.lock() = Some(opened);
        Ok(())
    }

    /// Writes the key bare again.
    pub(super) fn bare(&self) -> Result<(), SealError> {
        let Stored::Wrapped(_) = self.stored()? else { return Err(SealError::NotProtected) };
        files::replace(&self.path, &self.bytes()?).map_err(failed(&self.path))?;
        *self.unwrapped.lock() = None;
        Ok(())
    }
}

fn cipher(key: &[u8], path: &Path) -> Result<LessSafeKey, SealError> {
    let key = UnboundKey::new(&CHACHA20_POLY1305, key).map_err(|_| SealError::Broken(path.to_owned()))?;
    Ok(LessSafeKey::new(key))
}

fn derived(passphrase: &Value, salt: &[u8], path: &Path) -> Result<Bytes, SealError> {
    let refused = |error: argon2::Error| failed(path)(io::Error::other(error.to_string()));
    let parameters = Params::new(MEMORY_KIB, PASSES, LANES, Some(KEY_BYTES)).map_err(refused)?;
    let mut key = Zeroizing::new(vec![0; KEY_BYTES]);
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters);
    argon2.hash_password_into(passphrase.expose().as_bytes(), salt, &mut key).map_err(refused)?;
    Ok(key)
}

pub(super) fn random<const BYTES: usize>(path: &Path) -> Result<[u8; BYTES], SealError> {
    let mut bytes = [0; BYTES];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| failed(path)(io::Error::other("the system gives no random bytes")))?;
    Ok(bytes)
}

/// Whether the key of a home's secrets is wrapped; none where there is no key, or none that can be read.
pub fn is_protected(home: &Path) -> Option<bool> {
    match KeyFile::new(home.join(super::KEY_FILE)).stored() {
        Ok(Stored::Bare(_)) => Some(false),
        Ok(Stored::Wrapped(_)) => Some(true),
        Ok(Stored::Nothing) | Err(_) => None,
    }
}
