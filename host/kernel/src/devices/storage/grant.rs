//! Rights to buckets: `notes:rw`, `cache-*:rw`, `shared/team:ro`.

use crate::syscall::{
    grant::Access,
    kept::{KeptRule, KeptWant},
};

/// Buckets whose names match.
pub type StorageRule = KeptRule<Access>;

/// A bucket that a call wants to open.
pub type StorageWant = KeptWant<Access>;
