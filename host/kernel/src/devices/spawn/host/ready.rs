//! What a parent or a child waits for: an end, or a message.

use tokio::sync::watch;
use wasmtime_wasi::{async_trait, p2::Pollable};

use super::{Mailbox, Spawn, right::Lapsing};
use crate::{process::ExitStatus, syscall::door::Resident};

/// Waits for a process to end.
pub(super) async fn ended(mut exit: watch::Receiver<Option<ExitStatus>>) -> Option<ExitStatus> {
    exit.wait_for(Option::is_some).await.ok().and_then(|status| status.clone())
}

/// Ready once a process has ended, or the right to it: its next method then says which.
pub(super) struct Ended(pub(super) watch::Receiver<Option<ExitStatus>>, pub(super) Lapsing);

impl Resident<Spawn> for Ended {}

#[async_trait]
impl Pollable for Ended {
    async fn ready(&mut self) {
        tokio::select! {
            _ = ended(self.0.clone()) => {}
            () = self.1.lapsed() => {}
        }
    }
}

/// Ready once a message waits, or the right to the child has ended; a parent is nobody's to revoke.
pub(super) struct Mail(pub(super) Mailbox, pub(super) Option<Lapsing>);

impl Resident<Spawn> for Mail {}

#[async_trait]
impl Pollable for Mail {
    async fn ready(&mut self) {
        match &mut self.1 {
            None => self.0.ready().await,
            Some(lapse) => tokio::select! {
                () = self.0.ready() => {}
                () = lapse.lapsed() => {}
            },
        }
    }
}
