//! The tool `list`: what an archive holds, as it says itself.

use crate::limits::{Account, Limits};
use crate::refusal::Refusal;
use crate::walk::{Entry, Kind, Visitor, walk};
use holm::Result;

/// What an archive holds.
#[holm::json]
#[derive(Debug)]
pub struct Listing {
    /// `zip`, `tar` or `tar.gz`.
    pub format: String,
    /// Its entries, in order.
    pub entries: Vec<ListedEntry>,
    /// Bytes of all files together, as the archive says.
    pub bytes: u64,
}

/// An entry of an archive.
#[holm::json]
#[derive(Debug)]
pub struct ListedEntry {
    /// Its name, as the archive has it.
    pub name: String,
    /// `file`, `directory`, `link` or `special`.
    pub kind: String,
    /// Its size, as the archive says.
    pub bytes: u64,
    /// Why `extract` would refuse it: `parent-directory`, `absolute-name`, `link`, ..
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

pub(crate) fn list(archive: &str, limits: Limits) -> Result<Listing> {
    let mut lister = Lister(Vec::new());
    let (format, bytes) = walk(archive, limits, &mut lister)?;
    Ok(Listing { format: format.name().to_owned(), entries: lister.0, bytes })
}

struct Lister(Vec<ListedEntry>);

impl Visitor for Lister {
    const READS: bool = false;

    fn visit(&mut self, entry: Entry<'_>, _: &mut Account) -> Result<(), Refusal> {
        let refused = match entry.name {
            Err(refusal) if refusal.is_of_entry() => Some(refusal.code().to_owned()),
            Err(refusal) => return Err(refusal),
            Ok(_) => None,
        };
        let kind = match entry.kind {
            Kind::File => "file",
            Kind::Directory => "directory",
            Kind::Link => "link",
            Kind::Special => "special",
        };
        self.0.push(ListedEntry { name: entry.shown, kind: kind.to_owned(), bytes: entry.declared, refused });
        Ok(())
    }
}
