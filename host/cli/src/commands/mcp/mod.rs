//! `holm mcp`: the tools of installed plugins, for any client that speaks MCP.

mod machine;

use std::{path::PathBuf, sync::Arc};

use holm_adapters::mcp::{Client, Profile, Shared};

use self::machine::Kernel;
use crate::{
    error::{CommandError, Result},
    session::{Session, directory},
    settings::{PROFILE, Settings},
};

const EXAMPLES: &str = "\
What a client is offered is a profile's, in config.toml; without one, every tool of every plugin:

  [profiles.work]
  tools = [\"files/read*\", \"jq/*\"]
  calls-per-hour = 500

Each call is a process under its plugin's own grants. Nothing that a client says installs, grants or
widens anything.";

/// Offer the tools of plugins to MCP clients, over standard input and output
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// What this client is offered [default: `default`]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// The folder that relative paths of calls are read by [default: this one]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        if session.in_process {
            return Err(CommandError::usage("`holm mcp` needs the resident kernel: leave out --in-process"));
        }
        let directory = match &self.dir {
            None => directory()?,
            Some(dir) => {
                dir.canonicalize().map_err(|error| CommandError::usage(format!("`{}`: {error}", dir.display())))?
            }
        };
        let profile = profile(session, self.profile.as_deref().unwrap_or(PROFILE))?;
        let machine = Kernel::of(session);
        let shared = Shared::new(Arc::new(machine), directory, env!("CARGO_PKG_VERSION"));
        let client = Client { name: "stdio".to_owned(), profile };
        Ok(holm_adapters::mcp::stdio(shared, client).await?)
    }
}

/// A profile as it is set up now.
fn profile(session: &Session, name: &str) -> Result<Arc<Profile>> {
    Ok(Arc::new(Settings::read(session.open_home()?.path())?.profile(name)?))
}
