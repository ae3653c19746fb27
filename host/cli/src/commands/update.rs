//! `holm update`: puts another version in the place of an installed plugin, and shows what it newly asks for.

use std::path::PathBuf;

use super::install::Job;
use crate::{error::Result, session::Session};

/// Put another version in the place of an installed plugin
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The folder, with its plugin.toml and its built component
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Grant this at once
    #[arg(long = "grant", value_name = "CAPABILITY=RULE")]
    grants: Vec<String>,
    /// Do it without asking; grants end unless --keep-grants says otherwise
    #[arg(long, short)]
    yes: bool,
    /// Let the grants of the old version hold for the new one
    #[arg(long)]
    keep_grants: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        let Self { folder, grants, yes, keep_grants, json } = self;
        let keep_grants = (keep_grants || yes).then_some(keep_grants);
        Job { folder, grants, yes, json, update: true, keep_grants }.run(session).await
    }
}
