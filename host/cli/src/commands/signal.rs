//! `holm kill`, `stop`, `continue`, `renice`, `topup`: what can be done to a process.

use holm_adapters::control::{Intent, Reply, Request, Signal};
use holm_kernel::{account::Fuel, process::Pid, sched::Nice};

use crate::{
    error::{CommandError, NOT_FOUND, Result},
    session::{Session, answer, unexpected},
    ui,
};

/// End processes and all their descendants
#[derive(clap::Args)]
pub(super) struct Kill {
    /// Process ids, as `holm ps` shows them
    #[arg(required = true, value_name = "PID")]
    pids: Vec<Pid>,
}

/// Stop processes at the end of their slice; their wall time goes on
#[derive(clap::Args)]
pub(super) struct Stop {
    /// Process ids, as `holm ps` shows them
    #[arg(required = true, value_name = "PID")]
    pids: Vec<Pid>,
}

/// Let stopped processes go on where they were
#[derive(clap::Args)]
pub(super) struct Continue {
    /// Process ids, as `holm ps` shows them
    #[arg(required = true, value_name = "PID")]
    pids: Vec<Pid>,
}

/// Change the share that processes have of the processors
#[derive(clap::Args)]
pub(super) struct Renice {
    /// -20 (favoured) to 19 (last)
    #[arg(allow_negative_numbers = true)]
    nice: Nice,
    /// Process ids, as `holm ps` shows them
    #[arg(required = true, value_name = "PID")]
    pids: Vec<Pid>,
}

/// Give processes more fuel; one that stopped for want of it goes on
#[derive(clap::Args)]
pub(super) struct TopUp {
    /// How much more, like 500M or 20G
    fuel: Fuel,
    /// Process ids, as `holm ps` shows them
    #[arg(required = true, value_name = "PID")]
    pids: Vec<Pid>,
}

impl Kill {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        send(session, self.pids, Signal::Kill).await
    }
}

impl Stop {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        send(session, self.pids, Signal::Stop).await
    }
}

impl Continue {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        send(session, self.pids, Signal::Continue).await
    }
}

impl Renice {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        send(session, self.pids, Signal::Renice(self.nice)).await
    }
}

impl TopUp {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        send(session, self.pids, Signal::TopUp(self.fuel)).await
    }
}

/// Signals each; those that are not there are told of, the others are reached all the same.
async fn send(session: &Session, pids: Vec<Pid>, signal: Signal) -> Result<()> {
    let Some(mut kernel) = session.connect_if_running(Intent::Command).await? else {
        let error = CommandError::new(NOT_FOUND, "no kernel is running, and so no process");
        return Err(error);
    };
    kernel.send(&Request::Signal { pids: pids.clone(), signal }).await?;
    let reached = match answer(&mut kernel).await? {
        Reply::Signalled(reached) => reached,
        reply => return unexpected(&reply),
    };
    let mut failed = None;
    for (pid, reached) in pids.iter().zip(reached) {
        match reached {
            Ok(number) if signal == Signal::Kill && number > 1 => {
                ui::talk(format_args!("ended {pid} and {}", ui::count(number - 1, "descendant")));
            }
            Ok(_) => {}
            Err(failure) => {
                let error = CommandError::from(failure);
                let code = error.code;
                ui::report(&error);
                failed = Some(code);
            }
        }
    }
    failed.map_or(Ok(()), |code| Err(CommandError::silent(code)))
}
