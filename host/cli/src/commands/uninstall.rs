//! `holm uninstall`: removes a plugin, its grants and what it has stored.

use holm_adapters::control::{Reply, Request};

use crate::{
    denial::words,
    error::Result,
    session::{Session, unexpected},
    ui,
};

/// Remove a plugin, its grants and what it has stored
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The plugin's name
    plugin: String,
    /// Keep what it has stored, for whatever is installed by this name next
    #[arg(long)]
    keep_data: bool,
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        match session.ask(&Request::Uninstall { plugin: self.plugin.clone(), keep_data: self.keep_data }).await? {
            Reply::Uninstalled { removed, over } => {
                let gone =
                    if removed.0 > 0 { format!("; {removed} that it had stored are gone") } else { String::new() };
                ui::talk(format_args!("uninstalled {}{gone}", ui::bold(&self.plugin)));
                for ward in over {
                    ui::warn(format!("it was a policy over `{ward}`, whose calls are denied until you change that"));
                    ui::hint(format!("holm policy clear {}", words(&[&ward])));
                }
                Ok(())
            }
            reply => unexpected(&reply),
        }
    }
}
