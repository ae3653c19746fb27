//! `holm metrics`: the kernel's figures, once, as text that Prometheus reads.

use holm_adapters::control::{Intent, Reply, Request};

use crate::{
    error::{CommandError, NOT_FOUND, Result},
    session::{Session, answer, unexpected},
    ui,
};

/// Print the kernel's metrics as Prometheus reads them
#[derive(clap::Args)]
pub(super) struct Arguments {}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        // One that was started to be asked would have nothing to tell.
        let Some(mut kernel) = session.connect_if_running(Intent::Command).await? else {
            return Err(
                CommandError::new(NOT_FOUND, "no kernel is running").hint("each command that needs one starts it")
            );
        };
        kernel.send(&Request::Metrics).await?;
        match answer(&mut kernel).await? {
            Reply::Metrics(text) => ui::data(text.trim_end()),
            reply => unexpected(&reply),
        }
    }
}
