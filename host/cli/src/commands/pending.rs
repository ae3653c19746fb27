//! `holm pending`: the calls that wait for their user's decision.

use std::time::SystemTime;

use holm_adapters::control::{Reply, Request};
use holm_packages::printable;

use crate::{
    error::Result,
    session::{Session, unexpected},
    ui,
};

/// List the calls that wait for a decision
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        let pending = match session.ask(&Request::Pending).await? {
            Reply::Pending(pending) => pending,
            reply => return unexpected(&reply),
        };
        if self.json {
            return ui::json(&pending);
        }
        if pending.is_empty() {
            ui::talk("nothing waits for a decision");
            return Ok(());
        }
        let now = SystemTime::now();
        let rows: Vec<_> = pending
            .iter()
            .map(|pending| {
                let question = &pending.question;
                let seconds = now.duration_since(pending.since).map_or(0, |since| since.as_secs());
                vec![
                    pending.id.to_string(),
                    question.pid.to_string(),
                    printable(&question.plugin),
                    format!("{seconds}s"),
                    printable(&format!("{} {}", question.capability, question.resource)),
                    printable(&question.rule),
                    question.approval.as_ref().map_or_else(String::new, |approval| printable(&approval.detail)),
                ]
            })
            .collect();
        ui::table(&["ID", "PID", "PLUGIN", ">WAITS", "CALL", "ASKED BY", "WITH"], &rows)?;
        ui::hint("`holm answer ID yes` lets it go on, `holm answer ID no` denies it");
        Ok(())
    }
}
