//! `holm answer`: decides about a call that waits.

use holm_adapters::control::{Reply, Request};

use crate::{
    error::Result,
    session::{Session, unexpected},
};

/// Decide about a call that a policy put off: `holm pending` lists them
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Its number
    id: u64,
    /// Whether it is made
    #[arg(value_enum)]
    decision: Decision,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Decision {
    Yes,
    No,
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        match session.ask(&Request::Decide { id: self.id, allow: self.decision == Decision::Yes }).await? {
            Reply::Done => Ok(()),
            reply => unexpected(&reply),
        }
    }
}
