//! Reading the audit log, while it is written.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use holm_kernel::audit::Record;

/// Reads from where it was last.
pub(crate) struct Reader {
    folder: PathBuf,
    /// How much of each file was read.
    read: BTreeMap<u64, u64>,
}

impl Reader {
    /// Reads from the oldest record on.
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), read: BTreeMap::new() }
    }

    /// The records since the last time. A line that is not written to its end waits for the next.
    pub(crate) fn read(&mut self) -> io::Result<Vec<Record>> {
        let mut records = Vec::new();
        for (number, path) in super::files(&self.folder)? {
            let from = self.read.entry(number).or_default();
            let mut file = match File::open(path) {
                // Removed meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                file => file?,
            };
            file.seek(SeekFrom::Start(*from))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') else { continue };
            *from += end as u64 + 1;
            // After a crash a line may be cut short; what cannot be read is skipped.
            records.extend(
                bytes[..end]
                    .split(|byte| *byte == b'\n')
                    .filter_map(|line| serde_json::from_slice::<Record>(line).ok()),
            );
        }
        Ok(records)
    }
}
