//! `holm uninstall`: removes a plugin and its grants.

use holm_adapters::control::{Reply, Request};

use crate::{
    error::Result,
    session::{Session, unexpected},
    ui,
};

/// Remove a plugin and its grants; what it has stored stays
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The plugin's name
    plugin: String,
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        match session.ask(&Request::Uninstall { plugin: self.plugin.clone() }).await? {
            Reply::Done => {
                ui::talk(format_args!("uninstalled {}", ui::bold(&self.plugin)));
                Ok(())
            }
            reply => unexpected(&reply),
        }
    }
}
