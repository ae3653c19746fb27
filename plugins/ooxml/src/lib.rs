//! Opens the zip files that docx and xlsx are. Everything in one is inflated and checked, within bounds,
//! before a reader sees any of it; the readers themselves know no bounds.

mod refusal;
mod xml;

pub use refusal::Refusal;

use holm::{Result, files};
use std::borrow::Cow;
use std::io::{BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use zip::read::{Config, ZipArchive};
use zip::unstable::read::ZipIterable;

/// Bytes of a file: it is held in memory.
pub const FILE: u64 = 64 * 1024 * 1024;
/// Parts of a package: an index of millions of empty parts.
pub const PARTS: usize = 10_000;
/// Bytes of all parts together: a bomb.
pub const INFLATED: u64 = 256 * 1024 * 1024;
/// Times the file's own size, above [`ALWAYS`]: a smaller bomb.
const RATIO: u64 = 200;
/// Bytes that even a small file may become: the ratio alone would refuse an empty sheet of a million rows.
const ALWAYS: u64 = 16 * 1024 * 1024;

/// A file's bytes, held once.
pub type Bytes = Arc<[u8]>;

/// An Office package, all parts of which have been inflated once and found within bounds.
pub struct Package {
    archive: ZipArchive<Cursor<Bytes>>,
    bytes: Bytes,
    path: String,
}

impl Package {
    /// Reads a file and checks it. `kind` is what it ought to be, such as `docx`, for the error.
    ///
    /// # Errors
    /// `refused (code): ..`, where the code names the attack or what is broken.
    pub fn open(path: &str, kind: &str) -> Result<Self> {
        let mut bytes = Vec::new();
        let read = files::open(path)?.take(FILE + 1).read_to_end(&mut bytes);
        read.map_err(|error| files::failure("read", Path::new(path), &error))?;
        if bytes.len() as u64 > FILE {
            return Err(Refusal::File { maximum: FILE }.of(path));
        }
        let bytes = Arc::from(bytes);
        let archive = checked(&bytes, kind).map_err(|refusal| refusal.of(path))?;
        Ok(Self { archive, bytes, path: path.to_owned() })
    }

    /// A part's bytes; none if there is no such part.
    ///
    /// # Errors
    /// It cannot be inflated.
    pub fn part(&mut self, name: &str) -> Result<Option<Vec<u8>>> {
        let Some(index) = self.archive.index_for_name(name) else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        let read = self.archive.by_index(index).map_err(Refusal::from);
        let read = read.and_then(|mut part| part.read_to_end(&mut bytes).map_err(Refusal::from));
        read.map_err(|refusal| refusal.of(&self.path))?;
        Ok(Some(bytes))
    }

    /// A part that has to be there.
    ///
    /// # Errors
    /// It is not, or cannot be inflated.
    pub fn required(&mut self, name: &str) -> Result<Vec<u8>> {
        self.part(name)?.ok_or_else(|| Refusal::Missing(name.to_owned()).of(&self.path))
    }

    /// The names of all parts.
    pub fn names(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.archive.file_names().flatten()
    }

    /// The file's own bytes, for a reader that opens it itself.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }
}

/// The index of a package, all of which has been inflated once.
fn checked(bytes: &Bytes, kind: &str) -> Result<ZipArchive<Cursor<Bytes>>, Refusal> {
    if bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return Err(Refusal::Old(kind.to_owned()));
    }
    if !bytes.starts_with(b"PK") {
        return Err(Refusal::Foreign(kind.to_owned()));
    }
    // Counted before the index of all parts is built, which takes memory for each.
    let parts = ZipIterable::try_new(&mut Cursor::new(bytes), Config::default())?.len();
    if parts > PARTS {
        return Err(Refusal::Parts { maximum: PARTS });
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes.clone()))?;
    if archive.has_duplicate_names() {
        return Err(Refusal::Duplicate);
    }
    let ratio = (bytes.len() as u64).saturating_mul(RATIO).max(ALWAYS);
    let mut left = Left { bytes: INFLATED.min(ratio), refusal: Refusal::Bomb { ratio: RATIO } };
    if INFLATED <= ratio {
        left.refusal = Refusal::Bytes { maximum: INFLATED };
    }
    for index in 0..archive.len() {
        if archive.by_index_raw(index)?.encrypted() {
            return Err(Refusal::Encrypted);
        }
        let part = archive.by_index(index)?;
        let name = part.name()?.into_owned();
        let mut part = Counted { part, left: &mut left.bytes, exceeded: false };
        // What other programs left in `customXml` nobody reads, and some of it is broken.
        let read = !name.starts_with("customXml/") && (name.ends_with(".xml") || name.ends_with(".rels"));
        let checked = if read {
            xml::check(BufReader::new(&mut part)).map_err(|text| Refusal::Xml { part: name.clone(), text })
        } else {
            std::io::copy(&mut part, &mut std::io::sink()).map(drop).map_err(Refusal::from)
        };
        if part.exceeded {
            return Err(left.refusal);
        }
        checked?;
    }
    Ok(archive)
}

struct Left {
    bytes: u64,
    /// What it is when none are left.
    refusal: Refusal,
}

/// Counts what a part really inflates to, whatever it declares.
struct Counted<'a, R> {
    part: R,
    left: &'a mut u64,
    exceeded: bool,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.part.read(buffer)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => *self.left = left,
            None => {
                self.exceeded = true;
                return Err(std::io::Error::other("over the limit"));
            }
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests;
