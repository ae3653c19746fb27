//! `holm mcp`: what installed plugins offer, for any client that speaks MCP.

mod config;
mod gate;
mod machine;
mod token;

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use holm_adapters::mcp::{self, Names, Shared};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use self::{gate::Doorkeeper, machine::Kernel};
use crate::{
    error::{CommandError, Result},
    session::{Session, directory},
    settings::{PROFILE, Settings},
    ui,
};

const EXAMPLES: &str = "\
What a client is offered is a profile's, in config.toml; without one, all that plugins offer:

  [profiles.work]
  tools = [\"files/read*\", \"jq/*\"]
  resources = true                   # of these plugins, as well
  prompts = true
  sampling = true                    # a tool may ask the client's model, or by `roots` where it works
  calls-per-hour = 500
  fuel = \"2G\"                        # for each call, like memory, tokens and usd

Each call is a process under its plugin's own grants. Nothing that a client says installs, grants or
widens anything.

  holm mcp config claude-code        # writes the entry, after a look at it
  holm mcp token new laptop --profile work
  holm mcp --http 127.0.0.1:8808";

/// Offer the tools of plugins to MCP clients, over standard input and output or HTTP
#[derive(clap::Args)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// What this client is offered, or one without a token [default: `default`]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// The folder that relative paths of calls are read by [default: this one]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Serve clients that show a token, at http://ADDRESS/mcp
    #[arg(long, value_name = "ADDRESS")]
    http: Option<SocketAddr>,
    /// Let in any program of this machine, without a token
    #[arg(long, requires = "http")]
    open: bool,
    /// Another name by which clients may ask, beside localhost
    #[arg(long, value_name = "NAME", requires = "http")]
    host: Vec<String>,
    /// A page that may ask, beside this machine's own
    #[arg(long, value_name = "URL", requires = "http")]
    origin: Vec<String>,
}

#[derive(clap::Subcommand)]
enum Verb {
    Config(config::Arguments),
    Token(token::Arguments),
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        match self.verb {
            Some(Verb::Config(arguments)) => arguments.run(session),
            Some(Verb::Token(arguments)) => arguments.run(session),
            None => self.serve(session).await,
        }
    }

    async fn serve(self, session: &Session) -> Result<()> {
        if session.in_process {
            return Err(CommandError::usage("`holm mcp` needs the resident kernel: leave out --in-process"));
        }
        let directory = match &self.dir {
            None => directory()?,
            Some(dir) => {
                dir.canonicalize().map_err(|error| CommandError::usage(format!("`{}`: {error}", dir.display())))?
            }
        };
        let home = session.open_home()?.path().to_owned();
        let profile = self.profile.as_deref().unwrap_or(PROFILE);
        // What is wrong with it is said now, and not at the first request.
        Settings::read(&home)?.profile(profile)?;
        let shared = Shared::new(Arc::new(Kernel::of(session)), directory, env!("CARGO_PKG_VERSION"));
        let Some(address) = self.http else {
            let gate = Doorkeeper::new(home, Some(("stdio", profile.to_owned())));
            return Ok(mcp::stdio(shared, Arc::new(gate)).await?);
        };
        let loopback = address.ip().is_loopback();
        if self.open && !loopback {
            return Err(CommandError::usage("--open is for this machine alone: leave it out, or serve at 127.0.0.1"));
        }
        let gate = Doorkeeper::new(home, self.open.then(|| ("open", profile.to_owned())));
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(|error| CommandError::usage(format!("{address}: {error}")))?;
        let address = listener.local_addr()?;
        if self.profile.is_some() && !self.open {
            ui::warn("--profile is for clients without a token; each token has its own, or `default`");
        }
        match () {
            () if self.open => ui::warn("every program of this machine, whoever runs it, may call these tools"),
            () if gate.is_empty() => ui::warn("nobody has a token yet; to make one: holm mcp token new NAME"),
            () => {}
        }
        if !loopback {
            ui::warn("what is said is not encrypted: let only a proxy with TLS, or a network of yours, reach this");
        }
        ui::data(format_args!("http://{address}{}", mcp::PATH))?;
        let names = Names { hosts: self.host, origins: self.origin };
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        tokio::select! {
            () = mcp::http(shared, listener, Arc::new(gate), names) => {}
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        Ok(())
    }
}
