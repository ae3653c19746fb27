//! Bytes on disk that mean nothing without the key beside them: ChaCha20-Poly1305. Whose they are stands
//! before them, for all to read and for nobody to change.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
};

use ring::aead::{Aad, NONCE_LEN, Nonce};
use zeroize::Zeroizing;

use super::key::{KeyFile, random};
use crate::files;

/// Begins what is sealed. Behind it: how long the names are (four bytes, the least first), the names as
/// JSON, a nonce, the sealed bytes. All before the nonce is sealed with them.
const HEAD: &[u8] = b"holm-secrets-2\n";
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
    /// The passphrase was not given yet.
    #[error("the secrets are locked; `holm secret unlock` opens them until the kernel ends")]
    Locked,
    /// It opens nothing.
    #[error("the passphrase does not open the key of the secrets")]
    WrongPassphrase,
    /// It is no passphrase.
    #[error("a passphrase has 8 to 1024 bytes")]
    Passphrase,
    /// There is none.
    #[error("the secrets have no passphrase; `holm secret protect` gives them one")]
    NotProtected,
    /// The disk, or the rights to it.
    #[error("`{path}`: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

pub(super) fn failed(path: &Path) -> impl Fn(io::Error) -> SealError + '_ {
    move |source| SealError::Io { path: path.to_owned(), source }
}

/// Something sealed, and who it is for.
struct Sealed {
    /// All before the nonce.
    head: Vec<u8>,
    names: BTreeSet<String>,
    nonce: Nonce,
    bytes: Vec<u8>,
}

/// Writes bytes so that only the key's owner reads them, and everybody who they are for.
pub(super) fn write(path: &Path, key: &KeyFile, names: &BTreeSet<&str>, bytes: &[u8]) -> Result<(), SealError> {
    let broken = || SealError::Broken(path.to_owned());
    let names = serde_json::to_vec(names).map_err(|_| broken())?;
    let length = u32::try_from(names.len()).map_err(|_| broken())?;
    let head = [HEAD, &length.to_le_bytes(), &names].concat();
    // Twelve random bytes for each of a few thousand writes.
    let nonce: [u8; NONCE_LEN] = random(path)?;
    let mut sealed = Zeroizing::new(bytes.to_vec());
    let done = key.key()?.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(&head), &mut *sealed);
    done.map_err(|_| broken())?;
    files::replace(path, &[&head[..], &nonce, &sealed].concat()).map_err(failed(path))
}

/// Reads them; none where there is no such file.
pub(super) fn read(path: &Path, key: &KeyFile) -> Result<Option<Zeroizing<Vec<u8>>>, SealError> {
    let Some(Sealed { head, nonce, bytes, .. }) = open(path)? else { return Ok(None) };
    let mut opened = Zeroizing::new(bytes);
    let done = key.key()?.open_in_place(nonce, Aad::from(&head), &mut opened);
    let length = done.map_err(|_| SealError::Broken(path.to_owned()))?.len();
    opened.truncate(length);
    Ok(Some(opened))
}

/// Who they are for. It needs no key; who changed it is found out once there is one.
pub(super) fn names(path: &Path) -> Result<BTreeSet<String>, SealError> {
    Ok(open(path)?.map(|sealed| sealed.names).unwrap_or_default())
}

fn open(path: &Path) -> Result<Option<Sealed>, SealError> {
    let bytes = match files::read(path, MAXIMUM_BYTES) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        bytes => bytes.map_err(failed(path))?,
    };
    let sealed = || {
        let rest = bytes.strip_prefix(HEAD)?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (names, rest) = rest.split_at_checked(length)?;
        let (nonce, sealed) = rest.split_at_checked(NONCE_LEN)?;
        Some(Sealed {
            head: bytes[..HEAD.len() + 4 + length].to_vec(),
            names: serde_json::from_slice(names).ok()?,
            nonce: Nonce::try_assume_unique_for_key(nonce).ok()?,
            bytes: sealed.to_vec(),
        })
    };
    sealed().map(Some).ok_or_else(|| SealError::Broken(path.to_owned()))
}
