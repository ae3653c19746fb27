//! `holm policy`: which policies judge what a plugin does.

use holm_adapters::control::{Reply, Request};
use holm_packages::{EVERYONE, Policies};

use crate::{
    error::Result,
    session::{Session, unexpected},
    ui,
};

/// Set policies over plugins: plugins that are asked before and after what others do
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Set exactly these policies over a plugin; what runs is judged from its next call on
    Set {
        /// The plugin, or '*' for all and for programs that are not installed
        plugin: String,
        /// The policies: installed plugins that export `holm:sys/policy`
        #[arg(required = true)]
        policies: Vec<String>,
    },
    /// Take all policies from over a plugin
    Clear {
        /// The plugin, or '*'
        plugin: String,
    },
    /// List what is set
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        let (request, json) = match self.command {
            Command::Set { plugin, policies } => (Request::SetPolicies { plugin, policies }, false),
            Command::Clear { plugin } => (Request::SetPolicies { plugin, policies: Vec::new() }, false),
            Command::List { json } => (Request::Policies, json),
        };
        match session.ask(&request).await? {
            Reply::Policies(policies) if json => ui::json(&policies),
            Reply::Policies(policies) => tell(&policies),
            reply => unexpected(&reply),
        }
    }
}

fn tell(policies: &Policies) -> Result<()> {
    if policies.is_empty() {
        ui::talk("no policy is set");
        ui::hint("`holm policy set PLUGIN POLICY` sets one, over '*' for all");
        return Ok(());
    }
    let over = |plugin: &str| if plugin == EVERYONE { "* (all)".to_owned() } else { plugin.to_owned() };
    let rows: Vec<_> = policies.iter().map(|(plugin, policies)| vec![over(plugin), policies.join(" ")]).collect();
    ui::table(&["PLUGIN", "POLICIES"], &rows)
}
