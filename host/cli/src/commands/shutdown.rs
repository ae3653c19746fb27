//! `holm shutdown`: ends the running kernel and all its processes.

use std::time::Duration;

use holm_adapters::control::{Claim, Intent};

use crate::{
    error::{CommandError, Result},
    session::Session,
    ui,
};

/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// End the running kernel and all its processes
#[derive(clap::Args)]
pub(super) struct Arguments {}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        let Some(mut kernel) = session.connect_if_running(Intent::Shutdown).await? else {
            ui::talk("no kernel is running");
            return Ok(());
        };
        // It says that it is done, or is gone before it could.
        let _ = kernel.next().await;
        drop(kernel);
        // Whoever comes next finds its store closed.
        let home = session.open_home()?;
        let gone = tokio::time::timeout(PATIENCE, async {
            while Claim::take(&home, PATIENCE).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        gone.await.map_err(|_| CommandError::internal("the kernel does not end").hint(format!("see {}", home.log().display())))
    }
}
