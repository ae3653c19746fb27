//! `holm server`: MCP servers, whose tools plugins are granted like any other.

mod accept;
mod back;
mod edit;
mod import;
mod login;
mod show;

pub(crate) use accept::pinned;

use std::path::PathBuf;

use holm_adapters::control::{Intent, Reply, Request, ServerView, Serving};

use crate::{
    error::{CommandError, NOT_FOUND, Result},
    session::{Session, answer, unexpected},
};

const EXAMPLES: &str = "\
A server stands in config.toml, as [mcp-servers.NAME]. Its tools are granted to plugins by their
names: `holm grant agent tool=github/search_*`. It is started when one is called, for the run that
calls it; a native one sees its own folder and the places in `fs`, and no network. A tool counts as
it was when its user accepted it; when it tells something else, it is not called until they look.

  holm server import ~/.claude.json
  holm server add time -- mcp-server-time --local-timezone UTC
  holm server add notes --fs ~/notes:rw -- node ~/servers/notes/index.js
  holm server add issues --url https://issues.example/mcp --header 'authorization=Bearer ${secret:issues}'
  holm server add notion --url https://mcp.notion.com/mcp && holm server login notion

A login is OAuth's. What it gave is kept sealed, goes to that server alone, and is renewed by
itself. Where a client has to be registered by hand, config.toml says as whom:

  [mcp-servers.NAME.authorization]
  client-id = \"...\"                        # and `port`, where the browser comes back to
  client-secret = \"${secret:NAME}\"         # and `issuer`, whom it is for";

/// List, add and accept MCP servers, whose tools plugins can be granted
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List the servers
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show a server, its tools, and how each stands
    Show {
        /// Its name
        name: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Take over servers from another client's file: `mcpServers`, or VS Code's `servers`
    Import {
        /// The file, like ~/.claude.json or .vscode/mcp.json
        file: PathBuf,
        /// A variable of your environment that they may have, where they name it
        #[arg(long, value_name = "NAME")]
        variable: Vec<String>,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Add a server to config.toml
    Add(Box<edit::Add>),
    /// Take a server out of config.toml, and forget what was accepted of it
    Remove {
        /// Its name
        name: String,
    },
    /// Look at the tools of a server, and accept what is new or changed
    Accept {
        /// Its name
        name: String,
        /// Which tools [default: all]
        tools: Vec<String>,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Log in at a server that wants to know its user, with a browser
    Login {
        /// Its name
        name: String,
        /// Open no browser: print the address, and take the one that the browser ends at
        #[arg(long)]
        no_browser: bool,
    },
    /// Forget the login at a server
    Logout {
        /// Its name
        name: String,
    },
    /// Start a server, and tell what it says of itself
    Test {
        /// Its name
        name: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        match self.command {
            Command::List { json } => show::list(&servers(session).await?, json),
            Command::Show { name, json } => show::one(&server(session, &name).await?, json),
            Command::Test { name, json } => show::test(&look(session, &name).await?, json),
            Command::Accept { name, tools, yes } => accept::run(session, &name, &tools, yes).await,
            Command::Import { file, variable, yes } => import::run(session, &file, &variable, yes).await,
            Command::Add(add) => add.run(session).await,
            Command::Login { name, no_browser } => login::run(session, &name, no_browser).await,
            Command::Logout { name } => login::out(session, &name).await,
            Command::Remove { name } => edit::remove(session, &name).await,
        }
    }
}

async fn servers(session: &Session) -> Result<Vec<ServerView>> {
    views(session, Serving::List).await
}

async fn server(session: &Session, name: &str) -> Result<ServerView> {
    let servers = servers(session).await?;
    servers.into_iter().find(|server| server.name == name).ok_or_else(|| {
        CommandError::new(NOT_FOUND, format!("there is no server `{name}`"))
            .hint("`holm server list` shows what there is; `holm server add` adds one")
    })
}

/// Starts it, and hears of its tools.
async fn look(session: &Session, name: &str) -> Result<ServerView> {
    let views = views(session, Serving::Look { name: name.to_owned() }).await?;
    views.into_iter().next().ok_or_else(|| CommandError::internal("the kernel told of no server"))
}

async fn views(session: &Session, serving: Serving) -> Result<Vec<ServerView>> {
    match session.ask(&Request::Servers(serving)).await? {
        Reply::Servers(servers) => Ok(servers),
        reply => unexpected(&reply),
    }
}

/// Tells a kernel that runs of what changed in config.toml.
async fn reload(session: &Session) -> Result<()> {
    if let Some(mut kernel) = session.connect_if_running(Intent::Command).await? {
        kernel.send(&Request::Servers(Serving::Reload)).await?;
        answer(&mut kernel).await?;
    }
    Ok(())
}
