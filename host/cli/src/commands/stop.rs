//! `holm stop`: stops processes at the end of their slice.

use holm_adapters::control::Signal;
use holm_kernel::process::Pid;

use super::signal::send;
use crate::{error::Result, session::Session};

/// Stop processes at the end of their slice; their wall time goes on
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Process ids, as `holm ps` shows them
    #[arg(required = true, value_name = "PID")]
    pids: Vec<Pid>,
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        send(session, self.pids, Signal::Stop).await
    }
}
