//! `holm list`: what is installed.

use holm_adapters::control::{Reply, Request};
use holm_packages::printable;

use crate::{
    error::Result,
    session::{Session, unexpected},
    ui,
};

/// List the installed plugins
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        let plugins = match session.ask(&Request::List).await? {
            Reply::Plugins(plugins) => plugins,
            reply => return unexpected(&reply),
        };
        if self.json {
            return ui::json(&plugins);
        }
        if plugins.is_empty() {
            ui::talk("no plugin is installed");
            ui::hint("`holm new NAME` makes one, `holm install DIR` installs it");
            return Ok(());
        }
        let rows: Vec<_> = plugins
            .iter()
            .map(|plugin| {
                let what = plugin.problem.as_ref().map_or(&plugin.description, |problem| problem);
                vec![
                    plugin.name.clone(),
                    plugin.version.clone(),
                    plugin.digest.chars().take(12).collect(),
                    plugin.tools.len().to_string(),
                    plugin.grants.len().to_string(),
                    printable(what),
                ]
            })
            .collect();
        ui::table(&["NAME", "VERSION", "DIGEST", ">TOOLS", ">GRANTS", "DESCRIPTION"], &rows)
    }
}
