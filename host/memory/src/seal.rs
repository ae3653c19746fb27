//! Records on disk mean nothing without their keys: AES-256-GCM, and a file of keys that are overwritten in place.
//!
//! The store never overwrites a page at once, and nobody knows when it will. So nothing is erased there: each
//! record and each note is sealed by a key of its own, and to forget one is to overwrite thirty-two bytes here.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand::{SecureRandom, SystemRandom},
};
use zeroize::Zeroizing;

use crate::error::MemoryError;

/// Begins the file; keys follow.
const HEAD: &[u8; 32] = b"holm-memory-keys-1\n\0\0\0\0\0\0\0\0\0\0\0\0\0";
/// Bytes of a key, and of its slot.
const KEY: usize = 32;
/// Keys that a reader of many takes from the file at once.
const TOGETHER: usize = 4_096;

/// Where in the file a key is.
pub(crate) type Slot = u32;

/// A key in memory, gone when it is let go.
pub(crate) struct Key(Zeroizing<[u8; KEY]>);

impl Key {
    /// Seals bytes; `about` is not kept with them and has to be said again to open them.
    pub(crate) fn seal(&self, random: &SystemRandom, about: &[u8], plain: &[u8]) -> io::Result<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        random.fill(&mut nonce).map_err(|_| io::Error::other("no randomness"))?;
        let mut sealed = Vec::with_capacity(NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self.cipher()?.seal_in_place_separate_tag(nonce, Aad::from(about), &mut sealed[NONCE_LEN..]);
        sealed.extend_from_slice(tag.map_err(|_| io::Error::other("too long to seal"))?.as_ref());
        Ok(sealed)
    }

    /// What was sealed; none where a bit of it, of the key, or of `about` is another.
    pub(crate) fn open(&self, about: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut plain = sealed.to_vec();
        let length = self.cipher().ok()?.open_in_place(nonce, Aad::from(about), &mut plain).ok()?.len();
        plain.truncate(length);
        Some(plain)
    }

    fn cipher(&self) -> io::Result<LessSafeKey> {
        let key = UnboundKey::new(&AES_256_GCM, &*self.0).map_err(|_| io::Error::other("not a key"))?;
        Ok(LessSafeKey::new(key))
    }
}

/// The file of keys.
pub(crate) struct Keys {
    file: File,
    path: PathBuf,
    pub(crate) random: SystemRandom,
}

impl Keys {
    /// Opens the file, or makes it where the store is new.
    pub(crate) fn open(path: &Path, fresh: bool) -> Result<Keys, MemoryError> {
        let failed = |source| MemoryError::Io { path: path.to_owned(), source };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(fresh)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(failed)?;
        let mut head = [0; HEAD.len()];
        match file.read_exact_at(&mut head, 0) {
            Ok(()) if &head == HEAD => {}
            Err(_) if fresh => {
                file.write_all_at(HEAD, 0).map_err(failed)?;
                file.sync_all().map_err(failed)?;
            }
            _ => {
                let reason = "the file of keys is not one".to_owned();
                return Err(MemoryError::Damaged { path: path.to_owned(), reason });
            }
        }
        Ok(Keys { file, path: path.to_owned(), random: SystemRandom::new() })
    }

    /// Puts a new key into a slot. It has to be synced before anything sealed by it is promised.
    pub(crate) fn make(&self, slot: Slot) -> Result<Key, MemoryError> {
        let mut key = Zeroizing::new([0; KEY]);
        self.random.fill(&mut *key).map_err(|_| self.failed(io::Error::other("no randomness")))?;
        self.file.write_all_at(&*key, offset(slot)).map_err(|error| self.failed(error))?;
        Ok(Key(key))
    }

    /// The key in a slot; none where it was erased.
    pub(crate) fn read(&self, slot: Slot) -> Result<Option<Key>, MemoryError> {
        let mut key = Zeroizing::new([0; KEY]);
        match self.file.read_exact_at(&mut *key, offset(slot)) {
            Ok(()) if key.iter().all(|byte| *byte == 0) => Ok(None),
            Ok(()) => Ok(Some(Key(key))),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Overwrites keys, and returns when that is on disk.
    pub(crate) fn erase(&self, slots: &[Slot]) -> Result<(), MemoryError> {
        for slot in slots {
            self.file.write_all_at(&[0; KEY], offset(*slot)).map_err(|error| self.failed(error))?;
        }
        self.sync()
    }

    /// Returns when all that was written is on disk.
    pub(crate) fn sync(&self) -> Result<(), MemoryError> {
        self.file.sync_all().map_err(|error| self.failed(error))
    }

    /// Reads many keys, in about the order of their slots.
    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader { keys: self, first: Slot::MAX, page: Zeroizing::new(Vec::new()) }
    }

    fn failed(&self, source: io::Error) -> MemoryError {
        MemoryError::Io { path: self.path.clone(), source }
    }
}

/// Reads keys a page at a time.
pub(crate) struct Reader<'a> {
    keys: &'a Keys,
    first: Slot,
    page: Zeroizing<Vec<u8>>,
}

impl Reader<'_> {
    /// The key in a slot; none where it was erased.
    pub(crate) fn read(&mut self, slot: Slot) -> Result<Option<Key>, MemoryError> {
        let first = slot - slot % TOGETHER as Slot;
        if first != self.first {
            self.page.resize(TOGETHER * KEY, 0);
            let mut filled = 0;
            while filled < self.page.len() {
                match self.keys.file.read_at(&mut self.page[filled..], offset(first) + filled as u64) {
                    Ok(0) => break,
                    Ok(more) => filled += more,
                    Err(error) => return Err(self.keys.failed(error)),
                }
            }
            self.page[filled..].fill(0);
            self.first = first;
        }
        let at = (slot - first) as usize * KEY;
        let mut key = Zeroizing::new([0; KEY]);
        key.copy_from_slice(&self.page[at..at + KEY]);
        Ok(key.iter().any(|byte| *byte != 0).then_some(Key(key)))
    }
}

fn offset(slot: Slot) -> u64 {
    (HEAD.len() + slot as usize * KEY) as u64
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_by_its_key_and_by_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::open(&folder.path().join("keys"), true).unwrap();
        let (one, other) = (keys.make(0).unwrap(), keys.make(9_000).unwrap());
        let sealed = one.seal(&keys.random, b"record 1", b"a secret").unwrap();
        assert!(!sealed.windows(8).any(|bytes| bytes == b"a secret"));
        assert_eq!(one.open(b"record 1", &sealed).unwrap(), b"a secret");
        assert!(one.open(b"record 2", &sealed).is_none() && other.open(b"record 1", &sealed).is_none());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(one.open(b"record 1", &changed).is_none(), "byte {at}");
            assert!(one.open(b"record 1", &sealed[..at]).is_none(), "{at} bytes");
        }
    }

    #[test]
    fn an_erased_key_is_gone_from_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let keys = Keys::open(&path, true).unwrap();
        let secret = keys.make(3).unwrap().0;
        keys.make(4).unwrap();
        let holds = || std::fs::read(&path).unwrap().windows(KEY).any(|bytes| bytes == &secret[..]);
        assert!(holds());
        keys.erase(&[3]).unwrap();
        assert!(!holds() && keys.read(3).unwrap().is_none() && keys.read(4).unwrap().is_some());
        let mut reader = keys.reader();
        assert!(reader.read(3).unwrap().is_none() && reader.read(4).unwrap().is_some());
        assert!(keys.read(1 << 20).unwrap().is_none() && reader.read(1 << 20).unwrap().is_none());
    }

    #[test]
    fn a_file_of_something_else_is_no_file_of_keys() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        assert!(matches!(Keys::open(&path, false), Err(MemoryError::Io { .. })));
        std::fs::write(&path, [7; 100]).unwrap();
        for fresh in [true, false] {
            assert!(matches!(Keys::open(&path, fresh), Err(MemoryError::Damaged { .. })));
        }
    }
}
