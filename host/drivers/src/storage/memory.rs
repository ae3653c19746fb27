//! A store in memory, for tests and runs that leave nothing behind.

use std::collections::BTreeMap;
use std::ops::Bound;

use holm_kernel::storage::DriverError;
use parking_lot::{RwLock, RwLockReadGuard};

use super::engine::{Engine, View, Writes};

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// Rows that go when the process does.
#[derive(Default)]
pub(crate) struct Memory {
    rows: RwLock<Rows>,
}

impl Engine for Memory {
    const INLINE: bool = true;
    type View<'a> = RwLockReadGuard<'a, Rows>;

    fn view(&self) -> Result<Self::View<'_>, DriverError> {
        Ok(self.rows.read())
    }

    fn write(&self, writes: &Writes) -> Result<(), DriverError> {
        let mut rows = self.rows.write();
        for (key, value) in writes {
            match value {
                Some(value) => rows.insert(key.clone(), value.clone()),
                None => rows.remove(key),
            };
        }
        Ok(())
    }
}

impl View for RwLockReadGuard<'_, Rows> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, DriverError> {
        Ok((**self).get(key).cloned())
    }

    fn scan(&self, from: &[u8], visit: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> Result<(), DriverError> {
        for (key, value) in self.range::<[u8], _>((Bound::Included(from), Bound::Unbounded)) {
            if !visit(key, value) {
                break;
            }
        }
        Ok(())
    }
}
