//! `holm topup`: gives processes more fuel.

use holm_adapters::control::Signal;
use holm_kernel::{account::Fuel, process::Pid};

use super::signal::send;
use crate::{error::Result, session::Session};

/// Give processes more fuel; one that stopped for want of it goes on
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// How much more, like 500M or 20G
    fuel: Fuel,
    /// Process ids, as `holm ps` shows them
    #[arg(required = true, value_name = "PID")]
    pids: Vec<Pid>,
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        send(session, self.pids, Signal::TopUp(self.fuel)).await
    }
}
