//! Waiting for several things at once: children, mail, streams, time.

use crate::bindings::imports::wasi::clocks::monotonic_clock;
use crate::bindings::imports::wasi::io::poll as wasi;
use std::time::Duration;

/// Something that becomes ready.
#[derive(Debug)]
pub struct Pollable(pub(crate) wasi::Pollable);

impl Pollable {
    /// Whether it is ready now.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.0.ready()
    }

    /// Waits until it is ready.
    pub fn wait(&self) {
        self.0.block();
    }
}

/// Waits until at least one is ready; the indices of those that are. An empty list answers at once.
#[must_use]
pub fn wait(pollables: &[&Pollable]) -> Vec<usize> {
    if pollables.is_empty() {
        // WASI traps here.
        return Vec::new();
    }
    let borrowed: Vec<_> = pollables.iter().map(|pollable| &pollable.0).collect();
    let ready = wasi::poll(&borrowed);
    ready.into_iter().map(|index| index as usize).collect()
}

/// Ready once this much time has passed.
#[must_use]
pub fn after(duration: Duration) -> Pollable {
    let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    Pollable(monotonic_clock::subscribe_duration(nanoseconds))
}
