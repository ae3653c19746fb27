//! `holm grant`: lets a plugin do something, within its ceiling.

use holm_adapters::control::{Reply, Request};

use crate::{
    error::Result,
    session::{Session, directory, unexpected},
    ui,
};

const EXAMPLES: &str = "\
Rules:
  fs=./data:ro        a file, or a folder and all below it; :rw to write
  storage=notes:rw    buckets of its own; storage=shared/team:ro for a shared one
  tool=jq/*           tools of other plugins; tool=files/*?path=data/* by their arguments,
                      tool=files/write:ask,calls=9/day on terms (ask: at every call)
  spawn=csv-query     plugins it may start; spawn=self for itself
  net=https://host/*  requests; net=https://*.host/api/*:get,post,calls=9/hour,bytes=1MiB/day
                      for some of them";

/// Let a plugin do something, within its ceiling
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The plugin's name
    plugin: String,
    /// What it may do
    #[arg(required = true, value_name = "CAPABILITY=RULE")]
    rules: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        let request = Request::Grant { plugin: self.plugin.clone(), lines: self.rules, directory: directory()? };
        tell(&self.plugin, session.ask(&request).await?, self.json)
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
