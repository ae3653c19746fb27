//! `holm grant`: lets a plugin do something, within its ceiling.

use std::path::PathBuf;

use holm_adapters::control::{Reply, Request};
use holm_packages::printable;

use crate::{
    error::{CONFLICT, CommandError, Result},
    needs,
    session::{Session, directory, unexpected},
    terminal::Terminal,
    ui,
};

const EXAMPLES: &str = "\
Rules:
  fs=./data:ro        a file, or a folder and all below it; :rw to write
  storage=notes:rw    buckets of its own; storage=shared/team:ro for a shared one
  memory=diary:append spaces of memory of its own: ro, append or rw; shared/ as with buckets
  tool=jq/*           tools of other plugins; tool=files/*?path=data/* by their arguments,
                      tool=files/write:ask,calls=9/day on terms (ask: at every call)
  spawn=csv-query     plugins it may start; spawn=self for itself
  exec=jq             commands of runtimes, run as itself
  net=https://host/*  requests; net=https://*.host/api/*:get,post,calls=9/hour,bytes=1MiB/day
                      for some of them";

/// Let a plugin do something, within its ceiling
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The plugin's name
    #[arg(required_unless_present = "from")]
    plugin: Option<String>,
    /// What it may do
    #[arg(required_unless_present = "from", value_name = "CAPABILITY=RULE")]
    rules: Vec<String>,
    /// Grant what a file says, as `holm run --record` writes it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["plugin", "rules"])]
    from: Option<PathBuf>,
    /// Do it without showing and asking first
    #[arg(long, short, requires = "from")]
    yes: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        let all: Vec<(String, Vec<String>)> = match (&self.from, self.plugin) {
            (Some(file), _) => {
                needs::read(file)?.into_iter().map(|(plugin, grants)| (plugin, grants.lines())).collect()
            }
            (None, plugin) => vec![(plugin.unwrap_or_default(), self.rules)],
        };
        if self.from.is_some() && !self.yes {
            for (plugin, lines) in &all {
                lines.iter().for_each(|line| ui::talk(format_args!("{}  {}", printable(plugin), printable(line))));
            }
            let nobody = || CommandError::new(CONFLICT, "nothing was granted: there is no terminal to ask on");
            let terminal = Terminal::open().ok_or_else(|| nobody().hint("say --yes"))?;
            if !terminal.confirm("grant all of it?")? {
                return Err(CommandError::new(CONFLICT, "nothing was granted"));
            }
        }
        for (plugin, lines) in all {
            let request = Request::Grant { plugin: plugin.clone(), lines, directory: directory()? };
            tell(&plugin, session.ask(&request).await?, self.json)?;
        }
        Ok(())
    }
}

/// Tells what holds now.
pub(super) fn tell(plugin: &str, reply: Reply, json: bool) -> Result<()> {
    let grants = match reply {
        Reply::Grants(grants) => grants,
        reply => return unexpected(&reply),
    };
    if json {
        return ui::json(&serde_json::json!({ "plugin": plugin, "grants": grants }));
    }
    if grants.is_empty() {
        ui::talk(format_args!("{} holds no grants", ui::bold(plugin)));
        return Ok(());
    }
    ui::talk(format_args!("{} holds", ui::bold(plugin)));
    grants.iter().try_for_each(ui::data)
}
