//! The file of vectors: rows of one length, each with whose it is and a checksum.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use ring::digest::{SHA256, digest};

use crate::{error::MemoryError, record::RecordId};

/// Bytes before the first row: a digest of what the rows are.
const HEAD: usize = 32;
/// Bytes of a row before its numbers: checksum, version, record, scale.
const FRONT: usize = 4 + 4 + 8 + 4;
/// Rows that are read at once.
const TOGETHER: usize = 4_096;
/// Rows between two that are read as well rather than twice asked for.
const GAP: u32 = 8;

/// The file, open.
pub(super) struct Rows {
    file: Arc<File>,
    path: PathBuf,
    dimensions: usize,
    count: u32,
}

/// A row, read.
pub(super) struct Row {
    pub(super) id: RecordId,
    pub(super) version: u32,
    pub(super) bytes: Vec<i8>,
}

impl Rows {
    /// Opens the file, or begins it anew where it is of another model.
    pub(super) fn open(path: &Path, identity: &str, dimensions: usize) -> Result<Rows, MemoryError> {
        let failed = |source| MemoryError::Io { path: path.to_owned(), source };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(failed)?;
        let head = digest(&SHA256, format!("holm-memory-vectors-1 {dimensions} {identity}").as_bytes());
        let mut found = [0; HEAD];
        if file.read_exact_at(&mut found, 0).is_err() || found != head.as_ref() {
            file.set_len(0).map_err(failed)?;
            file.write_all_at(head.as_ref(), 0).map_err(failed)?;
        }
        let length = file.metadata().map_err(failed)?.len().saturating_sub(HEAD as u64);
        let count = length.div_ceil((FRONT + dimensions) as u64);
        Ok(Rows { file: Arc::new(file), path: path.to_owned(), dimensions, count: count as u32 })
    }

    /// The same file, of which no row was read yet.
    pub(super) fn unread(rows: &Rows) -> Rows {
        Rows { file: rows.file.clone(), path: rows.path.clone(), dimensions: rows.dimensions, count: 0 }
    }

    fn length(&self) -> usize {
        FRONT + self.dimensions
    }

    fn offset(&self, row: u32) -> u64 {
        HEAD as u64 + u64::from(row) * self.length() as u64
    }

    fn failed(&self, source: io::Error) -> MemoryError {
        MemoryError::Io { path: self.path.clone(), source }
    }

    /// Visits all rows in order; none where one is free or damaged.
    pub(super) fn each(&mut self, mut visit: impl FnMut(u32, Option<Row>)) -> Result<(), MemoryError> {
        let mut row = 0;
        while row < self.count {
            let rows = self.read(row, TOGETHER.min((self.count - row) as usize))?;
            for bytes in rows.chunks(self.length()) {
                visit(row, parse(bytes));
                row += 1;
            }
        }
        Ok(())
    }

    /// The bytes of some rows; zeros where the file has no more.
    fn read(&self, row: u32, count: usize) -> Result<Vec<u8>, MemoryError> {
        let mut bytes = vec![0; count * self.length()];
        let mut filled = 0;
        while filled < bytes.len() {
            match self.file.read_at(&mut bytes[filled..], self.offset(row) + filled as u64) {
                Ok(0) => break,
                Ok(more) => filled += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
        Ok(bytes)
    }

    /// Writes a vector, and gives it as it was written. Whether it survives a crash does not matter: it is checked
    /// when it is read, and made anew.
    pub(super) fn write(
        &mut self,
        row: u32,
        id: RecordId,
        version: u32,
        vector: &[f32],
    ) -> Result<Vec<i8>, MemoryError> {
        if vector.len() != self.dimensions || vector.iter().any(|number| !number.is_finite()) {
            return Err(self.failed(io::Error::other("a vector of another length, or of no numbers")));
        }
        let most = vector.iter().fold(f32::MIN_POSITIVE, |most, number| most.max(number.abs()));
        let bytes: Vec<i8> = vector.iter().map(|number| (number / most * 127.0).round() as i8).collect();
        let mut whole = vec![0; 4];
        whole.extend_from_slice(&version.to_le_bytes());
        whole.extend_from_slice(&id.0.to_le_bytes());
        whole.extend_from_slice(&(most / 127.0).to_le_bytes());
        whole.extend(bytes.iter().map(|byte| *byte as u8));
        let sum = checksum(&whole[4..]);
        whole[..4].copy_from_slice(&sum);
        self.file.write_all_at(&whole, self.offset(row)).map_err(|error| self.failed(error))?;
        self.count = self.count.max(row + 1);
        Ok(bytes)
    }

    /// Overwrites a row.
    pub(super) fn erase(&mut self, row: u32) -> Result<(), MemoryError> {
        self.file.write_all_at(&vec![0; self.length()], self.offset(row)).map_err(|error| self.failed(error))
    }

    /// Returns when all is on disk.
    pub(super) fn sync(&self) -> Result<(), MemoryError> {
        self.file.sync_data().map_err(|error| self.failed(error))
    }

    /// How near some rows are to a query; they are given in order. None where a row is damaged.
    pub(super) fn nearness(
        &self,
        query: &[f32],
        rows: &[u32],
        mut visit: impl FnMut(u32, Option<f32>),
    ) -> Result<(), MemoryError> {
        let mut begin = 0;
        while begin < rows.len() {
            let mut end = begin + 1;
            while end < rows.len()
                && rows[end] - rows[end - 1] <= GAP
                && ((rows[end] - rows[begin]) as usize) < TOGETHER
            {
                end += 1;
            }
            let first = rows[begin];
            let bytes = self.read(first, (rows[end - 1] - first) as usize + 1)?;
            for row in &rows[begin..end] {
                let at = (row - first) as usize * self.length();
                visit(*row, bytes.get(at..at + self.length()).and_then(|bytes| near(bytes, query)));
            }
            begin = end;
        }
        Ok(())
    }
}

fn sound(bytes: &[u8]) -> bool {
    bytes.len() > FRONT && bytes[4..FRONT].iter().any(|byte| *byte != 0) && checksum(&bytes[4..]) == bytes[..4]
}

fn parse(bytes: &[u8]) -> Option<Row> {
    if !sound(bytes) {
        return None;
    }
    Some(Row {
        version: u32::from_le_bytes(*bytes[4..].first_chunk()?),
        id: RecordId(u64::from_le_bytes(*bytes[8..].first_chunk()?)),
        bytes: bytes[FRONT..].iter().map(|byte| *byte as i8).collect(),
    })
}

fn near(bytes: &[u8], query: &[f32]) -> Option<f32> {
    if !sound(bytes) {
        return None;
    }
    let scale = f32::from_le_bytes(*bytes[16..].first_chunk()?);
    // Eight sums, so that the compiler may take them at once.
    let mut sums = [0f32; 8];
    let (bytes, rest) = bytes[FRONT..].as_chunks::<8>();
    let (query, query_rest) = query.as_chunks::<8>();
    for (bytes, query) in bytes.iter().zip(query) {
        for at in 0..8 {
            sums[at] += f32::from(bytes[at] as i8) * query[at];
        }
    }
    let rest: f32 = rest.iter().zip(query_rest).map(|(byte, query)| f32::from(*byte as i8) * query).sum();
    Some((sums.iter().sum::<f32>() + rest) * scale)
}

/// Thirty-two bits that another row hardly has: FNV-1a by words of eight bytes. It stops accidents; who writes this
/// file can do worse.
fn checksum(bytes: &[u8]) -> [u8; 4] {
    let mut sum = 0xcbf2_9ce4_8422_2325_u64;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        sum = (sum ^ u64::from_le_bytes(*word)).wrapping_mul(0x100_0000_01b3).rotate_left(29);
    }
    for byte in rest {
        sum = (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    }
    (((sum >> 32) ^ sum) as u32).to_le_bytes()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_unless_a_byte_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vectors");
        let mut rows = Rows::open(&path, "model", 16).unwrap();
        for row in 0..5 {
            let vector: Vec<f32> = (0..16).map(|at| if at == row as usize { 1.0 } else { 0.0 }).collect();
            rows.write(row, RecordId(u64::from(row) + 1), 1, &vector).unwrap();
        }
        rows.erase(1).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        bytes.extend_from_slice(b"half a row");
        std::fs::write(&path, bytes).unwrap();
        let mut rows = Rows::open(&path, "model", 16).unwrap();
        let mut found = Vec::new();
        rows.each(|row, found_row| found.push((row, found_row.map(|row| row.id.0)))).unwrap();
        assert_eq!(found, [(0, Some(1)), (1, None), (2, Some(3)), (3, Some(4)), (4, None), (5, None)]);
        let query: Vec<f32> = (0..16).map(|at| at as f32).collect();
        let mut near = Vec::new();
        rows.nearness(&query, &[0, 1, 2, 3, 4, 9], |row, score| near.extend(score.map(|score| (row, score.round()))))
            .unwrap();
        assert_eq!(near, [(0, 0.0), (2, 2.0), (3, 3.0)]);
        let mut other = Rows::open(&path, "another", 16).unwrap();
        other.each(|_, _| panic!("rows of another model")).unwrap();
    }
}
