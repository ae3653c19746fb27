//! Walks over a tar archive as it streams by.

use crate::refusal::Refusal;
use crate::walk::{Kind, Pass, Raw, Visitor};
use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;
use tar::{Archive, EntryType};

/// Bytes between the contents of one entry and the next: tar's library holds long names and
/// extended headers in memory, as large as the archive says they are.
const HEADER: u64 = 1024 * 1024;

pub(crate) fn walk<V: Visitor>(reader: impl Read, pass: &mut Pass<'_, V>) -> Result<(), Refusal> {
    let allowance = Allowance::default();
    let mut archive = Archive::new(Bounded { reader, allowance: allowance.clone() });
    allowance.set(HEADER);
    for entry in archive.entries()? {
        let mut entry = entry?;
        pass.headers(allowance.spent())?;
        let kind = entry.header().entry_type();
        let declared = entry.size();
        if kind.is_pax_global_extensions() {
            // What `git archive` puts first; no file.
            pass.pass_over()?;
            allowance.set(HEADER);
            continue;
        }
        let name = entry.path_bytes().into_owned();
        let kind = kind_of(kind, &name);
        allowance.set(u64::MAX);
        pass.entry(Raw { name: &name, kind, declared, contents: &mut entry })?;
        // What nobody read is read here, so that only headers lie before the next entry.
        io::copy(&mut entry, &mut io::sink())?;
        allowance.set(HEADER);
    }
    // The padding, and with it gzip's checksum.
    io::copy(&mut archive.into_inner(), &mut io::sink())?;
    Ok(())
}

fn kind_of(kind: EntryType, name: &[u8]) -> Kind {
    match kind {
        // Archives from before 1988 mark a directory by its name alone.
        EntryType::Regular if name.ends_with(b"/") => Kind::Directory,
        EntryType::Regular | EntryType::Continuous => Kind::File,
        EntryType::Directory => Kind::Directory,
        EntryType::Symlink | EntryType::Link => Kind::Link,
        _ => Kind::Special,
    }
}

/// How many bytes may be read until somebody sets it again.
#[derive(Clone, Default)]
struct Allowance(Rc<Cell<u64>>);

impl Allowance {
    fn set(&self, bytes: u64) {
        self.0.set(bytes);
    }

    /// How much of a header's allowance is gone.
    fn spent(&self) -> u64 {
        HEADER.saturating_sub(self.0.get())
    }
}

struct Bounded<R> {
    reader: R,
    allowance: Allowance,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        let left = self.allowance.0.get();
        if left != u64::MAX {
            let left = left.checked_sub(read as u64);
            self.allowance.0.set(left.ok_or(Refusal::Header)?);
        }
        Ok(read)
    }
}
