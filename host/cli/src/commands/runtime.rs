//! `holm runtime`: what skills are run by.

use std::path::PathBuf;

use holm_adapters::control::{Reply, Request};

use super::install::{Job, Source};
use crate::{
    error::Result,
    session::{Session, unexpected},
    ui,
};

const ABOUT: &str = "\
A runtime is a plugin that offers commands: an interpreter like `python`, or a tool like `jq`. A
skill that may execute one (`exec=jq`) runs it as itself, under its own rights and limits: what a
runtime is granted means nothing there. Only `holm runtime install` makes a plugin one, since it
answers for others from then on.";

/// Install and list what skills are run by: interpreters and commands
#[derive(clap::Args)]
#[command(after_help = ABOUT)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Install plugins as runtimes
    Install {
        /// Folders, files or references, as `holm install` takes them
        #[arg(value_name = "DIR|FILE|oci://…", required = true)]
        sources: Vec<PathBuf>,
        /// Do it without asking
        #[arg(long, short)]
        yes: bool,
        /// Put another version in the place of what is installed
        #[arg(long)]
        update: bool,
    },
    /// List the runtimes and their commands
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        match self.command {
            Command::Install { sources, yes, update } => {
                for folder in sources {
                    let source = Source { folder, grants: Vec::new(), json: false };
                    Job { source, yes, update, runtime: true, keep_grants: None }.run(session).await?;
                }
                Ok(())
            }
            Command::List { json } => list(session, json).await,
        }
    }
}

async fn list(session: &Session, json: bool) -> Result<()> {
    let plugins = match session.ask(&Request::List).await? {
        Reply::Plugins(plugins) => plugins,
        reply => return unexpected(&reply),
    };
    let runtimes: Vec<_> = plugins.into_iter().filter(|plugin| !plugin.commands.is_empty()).collect();
    if json {
        return ui::json(&runtimes);
    }
    if runtimes.is_empty() {
        ui::talk("no runtime is installed: community skills can be read, and their scripts not run");
        ui::hint("`just runtimes` builds Holm's own, `holm runtime install plugins/runtimes/*/` installs them");
        return Ok(());
    }
    let rows: Vec<_> = runtimes
        .iter()
        .map(|plugin| {
            let digest = plugin.digest.chars().take(12).collect();
            vec![plugin.name.clone(), plugin.version.clone(), digest, plugin.commands.join(" ")]
        })
        .collect();
    ui::table(&["NAME", "VERSION", "DIGEST", "COMMANDS"], &rows)
}
