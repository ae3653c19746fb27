//! `holm update`: puts another version in the place of an installed plugin, and shows what it newly asks for.

use super::install::{Job, Source};
use crate::{error::Result, session::Session};

/// Put another version in the place of an installed plugin
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// Do it without asking; grants end unless --keep-grants says otherwise
    #[arg(long, short)]
    yes: bool,
    /// Let the grants of the old version hold for the new one
    #[arg(long)]
    keep_grants: bool,
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        let Self { source, yes, keep_grants } = self;
        let keep_grants = (keep_grants || yes).then_some(keep_grants);
        Job { source, yes, update: true, runtime: false, keep_grants }.run(session).await
    }
}
