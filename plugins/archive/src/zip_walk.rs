//! Walks over a zip archive, by its central directory, once that has been found consistent.

use crate::refusal::Refusal;
use crate::walk::{Kind, Pass, Raw, Visitor};
use std::io::{Read, Seek, SeekFrom};
use zip::read::{Config, ZipArchive, ZipFile};
use zip::result::ZipError;
use zip::unstable::read::ZipIterable;

/// The bits of a Unix mode that say what a file is.
const FILE_TYPE: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
const DIRECTORY: u32 = 0o040_000;
const SYMBOLIC_LINK: u32 = 0o120_000;

pub(crate) fn walk<R, V>(mut file: R, pass: &mut Pass<'_, V>) -> Result<(), Refusal>
where
    R: Read + Seek,
    V: Visitor,
{
    // Counted before the index of all entries is built, which takes memory for each.
    let entries = ZipIterable::try_new(&mut file, Config::default())?.len();
    pass.announce(entries as u64)?;
    file.seek(SeekFrom::Start(0))?;
    let mut archive = ZipArchive::new(file)?;
    check(&mut archive)?;
    for index in 0..archive.len() {
        // Raw first: an encrypted entry can be listed, and a bad name must not stop a listing.
        let (name, kind, declared, readable) = {
            let entry = archive.by_index_raw(index)?;
            let readable = !entry.encrypted();
            (entry.name_raw().to_vec(), kind(&entry), entry.size(), readable)
        };
        let mut nothing = std::io::empty();
        if V::READS && kind == Kind::File {
            if !readable {
                return Err(Refusal::Unsupported("it is encrypted".to_owned()));
            }
            let mut contents = archive.by_index(index)?;
            pass.entry(Raw { name: &name, kind, declared, contents: &mut contents })?;
        } else {
            pass.entry(Raw { name: &name, kind, declared, contents: &mut nothing })?;
        }
    }
    Ok(())
}

/// Names that come twice, entries that overlap (the bombs of 281 TB in 10 MB), and local headers
/// that say otherwise than the directory: other programs would extract something else.
fn check<R: Read + Seek>(archive: &mut ZipArchive<R>) -> Result<(), Refusal> {
    if archive.has_duplicate_names() {
        return Err(Refusal::Duplicate);
    }
    archive.validate_header_consistency().map_err(|error| match error {
        ZipError::InvalidArchive(text) => Refusal::Inconsistent(text.into_owned()),
        error => error.into(),
    })
}

fn kind<R: Read>(entry: &ZipFile<'_, R>) -> Kind {
    let named_directory = entry.name_raw().ends_with(b"/");
    match entry.unix_mode().map(|mode| mode & FILE_TYPE) {
        Some(SYMBOLIC_LINK) => Kind::Link,
        Some(0 | REGULAR) | None if !named_directory => Kind::File,
        Some(0 | DIRECTORY | REGULAR) | None => Kind::Directory,
        Some(_) => Kind::Special,
    }
}

impl From<ZipError> for Refusal {
    fn from(error: ZipError) -> Self {
        match error {
            ZipError::Io(error) => error.into(),
            ZipError::UnsupportedArchive(text) => Self::Unsupported(text.to_owned()),
            ZipError::CompressionMethodNotSupported(_) => {
                Self::Unsupported(format!("{error}; stored and deflated entries are read"))
            }
            error => Self::Io(error.to_string()),
        }
    }
}
