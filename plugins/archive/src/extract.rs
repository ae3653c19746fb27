//! The tool `extract`: a first pass that reads and checks all and writes nothing, then a second
//! that makes the same checks and writes.

use crate::destination::Destination;
use crate::limits::{Account, Limits};
use crate::name::Name;
use crate::refusal::Refusal;
use crate::walk::{Entry, Kind, Visitor, walk};
use holm::{Error, Result};
use std::io::{self, Read, Write};

/// What the caller asked for.
pub(crate) struct Wanted {
    pub(crate) only: Vec<String>,
    pub(crate) overwrite: bool,
    pub(crate) skip_links: bool,
}

/// What was extracted.
#[holm::json]
#[derive(Debug, PartialEq)]
pub struct Extracted {
    /// Files that were written.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Links and devices that were left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<String>,
}

pub(crate) fn extract(archive: &str, into: &str, wanted: &Wanted, limits: Limits) -> Result<Extracted> {
    let only = wanted.only.iter().map(|name| {
        Name::parse(name.as_bytes())
            .ok()
            .flatten()
            .ok_or_else(|| Error::arguments(format!("only: {name:?} is no name in an archive")))
    });
    let only = only.collect::<Result<Vec<Name>>>()?;
    let mut check = Extractor::new(wanted, &only, None);
    walk(archive, limits, &mut check)?;
    if check.matched == 0 && !only.is_empty() {
        return Err(Error::arguments("only: no entry has such a name"));
    }
    let destination = Destination::open(into, wanted.overwrite)?;
    let mut write = Extractor::new(wanted, &only, Some(destination));
    walk(archive, limits, &mut write)?;
    Ok(write.done)
}

struct Extractor<'a> {
    wanted: &'a Wanted,
    only: &'a [Name],
    /// None in the first pass.
    destination: Option<Destination>,
    matched: u64,
    done: Extracted,
}

impl<'a> Extractor<'a> {
    fn new(wanted: &'a Wanted, only: &'a [Name], destination: Option<Destination>) -> Self {
        Self { wanted, only, destination, matched: 0, done: Extracted { files: 0, bytes: 0, skipped: Vec::new() } }
    }

    fn wants(&self, name: &Name) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| name.is_within(only))
    }

    fn file(
        &mut self,
        name: &Name,
        contents: &mut dyn Read,
        declared: u64,
        account: &mut Account,
    ) -> Result<(), Refusal> {
        let mut out: Box<dyn Write> = match &self.destination {
            Some(destination) => Box::new(destination.create(name)?),
            None => Box::new(io::sink()),
        };
        let bytes = copy(contents, &mut out, declared, account)?;
        self.done.files += 1;
        self.done.bytes += bytes;
        Ok(())
    }
}

impl Visitor for Extractor<'_> {
    const READS: bool = true;

    fn visit(&mut self, entry: Entry<'_>, account: &mut Account) -> Result<(), Refusal> {
        let name = match entry.name {
            Ok(Some(name)) => name,
            Ok(None) => return Ok(()),
            Err(Refusal::Link | Refusal::Special) if self.wanted.skip_links => {
                self.done.skipped.push(entry.shown);
                return Ok(());
            }
            Err(refusal) => return Err(refusal),
        };
        if !self.wants(&name) {
            // Read nevertheless: a bomb is one whichever of its entries are wanted.
            return copy(entry.contents, &mut io::sink(), entry.declared, account).map(drop);
        }
        self.matched += 1;
        match (entry.kind, &self.destination) {
            (Kind::Directory, Some(destination)) => destination.directory(&name),
            (Kind::Directory, None) => Ok(()),
            _ => self.file(&name, entry.contents, entry.declared, account),
        }
    }
}

/// Copies an entry's contents, counting what they really are.
fn copy(from: &mut dyn Read, to: &mut dyn Write, declared: u64, account: &mut Account) -> Result<u64, Refusal> {
    let mut buffer = [0; 32 * 1024];
    let mut copied = 0_u64;
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        copied += read as u64;
        if copied > declared {
            return Err(Refusal::Lies { declared });
        }
        account.bytes(read as u64)?;
        to.write_all(&buffer[..read])?;
    }
    if copied < declared {
        return Err(Refusal::Io(format!("it ends after {copied} of {declared} bytes")));
    }
    to.flush()?;
    Ok(copied)
}
