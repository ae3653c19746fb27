//! Digests as text, and the digest of a whole folder.

use holm_kernel::program::Digest;
use serde::{Deserialize, Deserializer, Serializer, de};
use sha2::{Digest as _, Sha256};

/// Names the way a folder is digested; another way needs another line.
const DOMAIN: &[u8] = b"holm package digest v1\n";

/// The digest of files in the order of their paths' bytes: each path and content with its
/// length before it, so that no two folders give the same bytes.
pub(crate) struct FolderDigest(Sha256);

impl FolderDigest {
    pub(crate) fn new(files: usize) -> Self {
        let mut hash = Sha256::new_with_prefix(DOMAIN);
        hash.update((files as u64).to_le_bytes());
        Self(hash)
    }

    pub(crate) fn file(&mut self, path: &str, bytes: u64) {
        self.0.update((path.len() as u64).to_le_bytes());
        self.0.update(path);
        self.0.update(bytes.to_le_bytes());
    }

    pub(crate) fn content(&mut self, part: &[u8]) {
        self.0.update(part);
    }

    pub(crate) fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

/// Reads 64 hexadecimal digits.
pub(crate) fn parse(text: &str) -> Option<Digest> {
    let bytes = text.as_bytes();
    if bytes.len() != 64 {
        return None;
    }
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut digest = [0; 32];
    for (target, pair) in digest.iter_mut().zip(bytes.chunks_exact(2)) {
        *target = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(Digest(digest))
}

pub(crate) fn serialize<S: Serializer>(digest: &Digest, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(digest)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Digest, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| de::Error::custom("a digest has 64 hexadecimal digits, 0-9 and a-f"))
}
