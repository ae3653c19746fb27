//! What a storage driver needs of an ordered key-value engine: views to read, one atomic durable write.

use std::collections::BTreeMap;

use holm_kernel::storage::DriverError;

/// Rows to put, or to remove where there is none, in the order of their keys.
pub(crate) type Writes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// An ordered key-value engine.
pub(crate) trait Engine: Send + Sync + 'static {
    /// Whether reading touches no disk, so that it may be done on an async worker.
    const INLINE: bool;

    /// What reads see.
    type View<'a>: View;

    /// The rows as they are now.
    fn view(&self) -> Result<Self::View<'_>, DriverError>;

    /// Makes all writes or none, and returns when they would survive a power cut.
    /// Called by one thread only. After an error it is never called again, because
    /// what reached the disk is then unknown until the store is opened anew.
    fn write(&self, writes: &Writes) -> Result<(), DriverError>;
}

/// Rows to read.
pub(crate) trait View {
    /// The value of a row.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, DriverError>;

    /// Visits rows from `from` on, in order, until `visit` says false.
    fn scan(&self, from: &[u8], visit: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> Result<(), DriverError>;
}

/// A view under writes that are planned but not made yet.
pub(crate) struct Planned<'a, V> {
    pub(crate) view: &'a V,
    pub(crate) writes: &'a Writes,
}

impl<V: View> Planned<'_, V> {
    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, DriverError> {
        match self.writes.get(key) {
            Some(planned) => Ok(planned.clone()),
            None => self.view.get(key),
        }
    }
}
