//! Bytes on disk that mean nothing without the key beside them: ChaCha20-Poly1305.

use std::{
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use ring::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand::{SecureRandom, SystemRandom},
};
use zeroize::Zeroizing;

use crate::files;

/// Begins what is sealed, and is sealed with it.
const HEAD: &[u8] = b"holm-secrets-1\n";
const KEY_BYTES: usize = 32;
/// More than all secrets of anybody.
const MAXIMUM_BYTES: u64 = 4 << 20;

/// Why something sealed cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// It was changed, or belongs to another key.
    #[error(
        "`{0}` was changed, or sealed by another key: put both files back, or remove them and set all secrets anew"
    )]
    Broken(PathBuf),
    /// Others could read the key.
    #[error("others can read `{0}`: take its secrets for known, change them where they are from, and `chmod 600` it")]
    Exposed(PathBuf),
    /// The disk, or the rights to it.
    #[error("`{path}`: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

fn failed(path: &Path) -> impl Fn(io::Error) -> SealError + '_ {
    move |source| SealError::Io { path: path.to_owned(), source }
}

fn random<const BYTES: usize>(path: &Path) -> Result<[u8; BYTES], SealError> {
    let mut bytes = [0; BYTES];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| failed(path)(io::Error::other("the system gives no random bytes")))?;
    Ok(bytes)
}

/// The key in a file; made where there is none.
fn key(path: &Path) -> Result<LessSafeKey, SealError> {
    let found = match files::open(path) {
        Ok(file) => {
            if file.metadata().map_err(failed(path))?.mode() & 0o077 != 0 {
                return Err(SealError::Exposed(path.to_owned()));
            }
            Zeroizing::new(files::read_from(file, KEY_BYTES as u64).map_err(failed(path))?)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let fresh = Zeroizing::new(random::<KEY_BYTES>(path)?.to_vec());
            files::replace(path, &fresh).map_err(failed(path))?;
            fresh
        }
        Err(error) => return Err(failed(path)(error)),
    };
    let key = UnboundKey::new(&CHACHA20_POLY1305, &found).map_err(|_| SealError::Broken(path.to_owned()))?;
    Ok(LessSafeKey::new(key))
}

/// Writes bytes so that only the key's owner reads them.
pub(super) fn write(path: &Path, key_path: &Path, bytes: &[u8]) -> Result<(), SealError> {
    let key = key(key_path)?;
    // Twelve random bytes for each of a few thousand writes.
    let nonce: [u8; NONCE_LEN] = random(path)?;
    let mut sealed = Zeroizing::new(bytes.to_vec());
    let done = key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(HEAD), &mut *sealed);
    done.map_err(|_| SealError::Broken(path.to_owned()))?;
    files::replace(path, &[HEAD, &nonce, &sealed].concat()).map_err(failed(path))
}

/// Reads them; none where there is no such file.
pub(super) fn read(path: &Path, key_path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, SealError> {
    let bytes = match files::read(path, MAXIMUM_BYTES) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        bytes => bytes.map_err(failed(path))?,
    };
    let broken = || SealError::Broken(path.to_owned());
    let rest = bytes.strip_prefix(HEAD).ok_or_else(broken)?;
    let (nonce, sealed) = rest.split_at_checked(NONCE_LEN).ok_or_else(broken)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken())?;
    let mut opened = Zeroizing::new(sealed.to_vec());
    let length = key(key_path)?.open_in_place(nonce, Aad::from(HEAD), &mut opened).map_err(|_| broken())?.len();
    opened.truncate(length);
    Ok(Some(opened))
}
