//! How much an archive may hold, and the account that is kept of it.

use crate::refusal::Refusal;

/// Bytes that even a tiny archive may become: the ratio alone would refuse a small text file.
const ALWAYS: u64 = 16 * 1024 * 1024;

/// How much an archive may hold.
#[holm::json]
#[derive(Clone, Copy, Debug)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Entries; 10,000 unless told otherwise.
    pub entries: u64,
    /// Bytes of all files together; 1 GiB unless told otherwise.
    pub bytes: u64,
    /// How many times the archive's own size, above 16 MiB; 200 unless told otherwise.
    pub ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: 10_000, bytes: 1024 * 1024 * 1024, ratio: 200 }
    }
}

/// What has been seen of an archive so far.
#[derive(Debug)]
pub(crate) struct Account {
    limits: Limits,
    /// The bytes that the ratio allows.
    inflated: u64,
    entries: u64,
    bytes: u64,
    /// Bytes of headers, which count against the limits but are nobody's contents.
    headers: u64,
}

impl Account {
    /// For an archive of this size.
    pub(crate) fn new(limits: Limits, archive: u64) -> Self {
        Self { limits, inflated: archive.saturating_mul(limits.ratio).max(ALWAYS), entries: 0, bytes: 0, headers: 0 }
    }

    /// One more entry.
    pub(crate) fn entry(&mut self) -> Result<(), Refusal> {
        self.entries += 1;
        self.check_entries(self.entries)
    }

    /// Whether so many entries are allowed.
    pub(crate) fn check_entries(&self, entries: u64) -> Result<(), Refusal> {
        if entries > self.limits.entries {
            return Err(Refusal::Entries { maximum: self.limits.entries });
        }
        Ok(())
    }

    /// So many more bytes.
    pub(crate) fn bytes(&mut self, bytes: u64) -> Result<(), Refusal> {
        self.bytes = self.bytes.saturating_add(bytes);
        self.check()
    }

    /// So many more bytes of headers.
    pub(crate) fn headers(&mut self, bytes: u64) -> Result<(), Refusal> {
        self.headers = self.headers.saturating_add(bytes);
        self.check()
    }

    fn check(&self) -> Result<(), Refusal> {
        let all = self.bytes.saturating_add(self.headers);
        if all > self.limits.bytes {
            return Err(Refusal::Bytes { maximum: self.limits.bytes });
        }
        if all > self.inflated {
            return Err(Refusal::Bomb { ratio: self.limits.ratio });
        }
        Ok(())
    }

    /// All bytes so far.
    pub(crate) fn total(&self) -> u64 {
        self.bytes
    }
}
