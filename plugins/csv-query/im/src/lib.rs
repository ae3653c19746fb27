//! Stands in for the crate `im`, of which GlueSQL uses one set, to check `UNIQUE` when it inserts.
//!
//! Nothing is ever inserted here; but `im` is no longer kept and its licence (MPL-2.0) is the only
//! one among the plugins' dependencies that asks for more than a notice.

use std::collections;
use std::hash::Hash;

/// A set that is copied when it grows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HashSet<T: Eq + Hash>(collections::HashSet<T>);

impl<T: Clone + Eq + Hash> HashSet<T> {
    /// The empty set.
    #[must_use]
    pub fn new() -> Self {
        Self(collections::HashSet::new())
    }

    /// Whether the value is in it.
    pub fn contains(&self, value: &T) -> bool {
        self.0.contains(value)
    }

    /// The set with the value.
    #[must_use]
    pub fn update(&self, value: T) -> Self {
        let mut set = self.0.clone();
        set.insert(value);
        Self(set)
    }
}
