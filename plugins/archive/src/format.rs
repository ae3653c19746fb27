//! Which kind of archive a file is, by its first bytes.

use crate::refusal::Refusal;
use std::io::{Read, Seek, SeekFrom};

/// A kind of archive that we read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Zip,
    Tar,
    TarGzip,
}

/// Kinds that people will try, and how they begin.
const OTHERS: [(&[u8], &str); 5] = [
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!", "rar"),
];

/// Where a tar archive says `ustar`.
const USTAR: std::ops::Range<usize> = 257..262;

impl Format {
    /// Looks at the first bytes, and at the name where they say nothing (an old tar archive, a
    /// zip archive behind a program).
    pub(crate) fn of(path: &str, file: &mut (impl Read + Seek)) -> Result<Self, Refusal> {
        let mut start = Vec::new();
        file.by_ref().take(512).read_to_end(&mut start)?;
        file.seek(SeekFrom::Start(0))?;
        if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
            return Ok(Self::Zip);
        }
        if start.starts_with(b"\x1f\x8b") {
            return Ok(Self::TarGzip);
        }
        if start.get(USTAR) == Some(b"ustar") {
            return Ok(Self::Tar);
        }
        for (magic, name) in OTHERS {
            if start.starts_with(magic) {
                return Err(Refusal::Unsupported(format!("it is a {name} file; zip, tar and tar.gz are read")));
            }
        }
        match path.rsplit_once('.') {
            Some((_, "zip")) => Ok(Self::Zip),
            Some((_, "tar")) => Ok(Self::Tar),
            _ => Err(Refusal::Unsupported("it is no zip, tar or tar.gz archive".to_owned())),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Zip => "zip",
            Self::Tar => "tar",
            Self::TarGzip => "tar.gz",
        }
    }
}
