//! `holm revoke`: takes rights from a plugin, also from what runs of it.

use holm_adapters::control::Request;

use super::grant::tell;
use crate::{
    error::Result,
    session::{Session, directory},
};

/// Take rights from a plugin; what runs of it is denied from its next call on
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The plugin's name
    plugin: String,
    /// What it may no longer do: a capability, or one of its rules
    #[arg(required_unless_present = "all", value_name = "CAPABILITY[=RULE]")]
    rules: Vec<String>,
    /// Take everything
    #[arg(long, conflicts_with = "rules")]
    all: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        let request = Request::Revoke { plugin: self.plugin.clone(), lines: self.rules, directory: directory()? };
        tell(&self.plugin, session.ask(&request).await?, self.json)
    }
}
