//! What `kill`, `stop`, `continue`, `renice` and `topup` have in common.

use holm_adapters::control::{Intent, Reply, Request, Signal};
use holm_kernel::process::Pid;

use crate::{
    error::{CommandError, NOT_FOUND, Result},
    session::{Session, answer, unexpected},
    ui,
};

/// Signals each; those that are not there are told of, the others are reached all the same.
pub(super) async fn send(session: &Session, pids: Vec<Pid>, signal: Signal) -> Result<()> {
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
