//! `holm shutdown`: ends the running kernel and all its processes.

use std::time::{Duration, Instant};

use holm_adapters::control::{Claim, ClaimError, Intent};

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
            let start = Instant::now();
            loop {
                match Claim::take(&home, Duration::ZERO).await {
                    Ok(_) => return,
                    // Somebody started another one meanwhile.
                    Err(ClaimError::Running(_)) if start.elapsed() > Duration::from_secs(1) => return,
                    Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            }
        });
        gone.await.map_err(|_| {
            CommandError::internal("the kernel does not end").hint(format!("see {}", home.log().display()))
        })
    }
}
