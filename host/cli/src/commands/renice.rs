//! `holm renice`: changes the share of processes.

use holm_adapters::control::Signal;
use holm_kernel::{process::Pid, sched::Nice};

use super::signal::send;
use crate::{error::Result, session::Session};

/// Change the share that processes have of the processors
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// -20 (favoured) to 19 (last)
    #[arg(allow_negative_numbers = true)]
    nice: Nice,
    /// Process ids, as `holm ps` shows them
    #[arg(required = true, value_name = "PID")]
    pids: Vec<Pid>,
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        send(session, self.pids, Signal::Renice(self.nice)).await
    }
}
