//! One pass over an archive, entry by entry: every check that does not depend on what is done with
//! an entry is made here, whatever the format.

use crate::format::Format;
use crate::limits::{Account, Limits};
use crate::name::Name;
use crate::refusal::Refusal;
use crate::{tar_walk, zip_walk};
use holm::{Result, files};
use std::collections::{HashMap, HashSet};
use std::io::Read;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Directory,
    Link,
    Special,
}

/// An entry as the archive has it, before anything about it is believed.
pub(crate) struct Raw<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) kind: Kind,
    pub(crate) declared: u64,
    /// Its contents; empty for what is no file.
    pub(crate) contents: &'a mut dyn Read,
}

/// An entry whose name is known to stay inside, or why it is unfit.
pub(crate) struct Entry<'a> {
    /// The name as the archive has it, for people.
    pub(crate) shown: String,
    pub(crate) kind: Kind,
    pub(crate) declared: u64,
    /// Its place; none for the directory itself.
    pub(crate) name: Result<Option<Name>, Refusal>,
    pub(crate) contents: &'a mut dyn Read,
}

/// What one pass does with the entries. An error ends the pass.
pub(crate) trait Visitor {
    /// Whether the contents are to be read, and so counted as they really are.
    const READS: bool;

    fn visit(&mut self, entry: Entry<'_>, account: &mut Account) -> Result<(), Refusal>;
}

/// Walks over an archive; how many bytes it held, and its format.
pub(crate) fn walk<V: Visitor>(path: &str, limits: Limits, visitor: &mut V) -> Result<(Format, u64)> {
    let mut file = files::open(path)?;
    let io = |error: std::io::Error| Refusal::from(error).of(path);
    let size = file.metadata().map_err(io)?.len();
    let format = Format::of(path, &mut file).map_err(|refusal| refusal.of(path))?;
    let mut pass = Pass {
        visitor,
        account: Account::new(limits, size),
        seen: HashMap::new(),
        directories: HashSet::new(),
        current: path.to_owned(),
    };
    let result = match format {
        Format::Zip => zip_walk::walk(file, &mut pass),
        Format::Tar => tar_walk::walk(std::io::BufReader::new(file), &mut pass),
        Format::TarGzip => tar_walk::walk(flate2::read::MultiGzDecoder::new(file), &mut pass),
    };
    match result {
        Ok(()) => Ok((format, pass.account.total())),
        Err(refusal) => Err(refusal.of(&pass.current)),
    }
}

/// The state of one pass.
pub(crate) struct Pass<'v, V> {
    visitor: &'v mut V,
    account: Account,
    /// Names so far, bounded by the limit of entries and the length of a name.
    seen: HashMap<Name, Kind>,
    /// Directories that names so far lie in.
    directories: HashSet<Name>,
    /// The entry that is being read, for the error.
    current: String,
}

impl<V: Visitor> Pass<'_, V> {
    /// Whether so many entries are allowed, before any is read.
    pub(crate) fn announce(&self, entries: u64) -> Result<(), Refusal> {
        self.account.check_entries(entries)
    }

    /// So many bytes of headers lay before the next entry.
    pub(crate) fn headers(&mut self, bytes: u64) -> Result<(), Refusal> {
        self.account.headers(bytes)
    }

    /// An entry that is none, such as a comment.
    pub(crate) fn pass_over(&mut self) -> Result<(), Refusal> {
        self.account.entry()
    }

    pub(crate) fn entry(&mut self, raw: Raw<'_>) -> Result<(), Refusal> {
        let shown = String::from_utf8_lossy(raw.name).into_owned();
        self.current.clone_from(&shown);
        self.account.entry()?;
        let name = self.place(raw.name, raw.kind);
        // What the visitor does not read, and so does not count, may be passed over at a price.
        if !V::READS || raw.kind != Kind::File {
            self.account.bytes(raw.declared)?;
        }
        let entry = Entry { shown, kind: raw.kind, declared: raw.declared, name, contents: raw.contents };
        self.visitor.visit(entry, &mut self.account)
    }

    /// Where an entry belongs, unless its name or kind is unfit.
    fn place(&mut self, raw: &[u8], kind: Kind) -> Result<Option<Name>, Refusal> {
        let Some(name) = Name::parse(raw)? else {
            return Ok(None);
        };
        let directory = kind == Kind::Directory;
        match self.seen.insert(name.clone(), kind) {
            // Many archives name a directory again.
            Some(Kind::Directory) if directory => {}
            Some(_) => return Err(Refusal::Duplicate),
            None => {}
        }
        let in_the_way = |parent: Name| {
            let kind = self.seen.get(&parent);
            kind.is_some_and(|kind| *kind != Kind::Directory)
        };
        if name.parents().any(in_the_way) || (!directory && self.directories.contains(&name)) {
            return Err(Refusal::Duplicate);
        }
        self.directories.extend(name.parents());
        match kind {
            Kind::File | Kind::Directory => Ok(Some(name)),
            Kind::Link => Err(Refusal::Link),
            Kind::Special => Err(Refusal::Special),
        }
    }
}
