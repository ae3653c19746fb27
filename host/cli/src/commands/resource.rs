//! `holm resource`: what installed plugins offer to read.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use holm_adapters::control::{Fetching, Reply, Request};
use holm_kernel::{ToolError, program::Fetch};
use holm_packages::printable;
use serde_json::Value;

use super::run::TermArguments;
use crate::{
    conversation::{Conversation, End, Stdin, conclude, usage},
    denial::Denials,
    error::{CommandError, GUEST, NOT_FOUND, Result},
    output::GuestOutput,
    session::{Session, directory, target, unexpected},
    ui,
};

/// List and read the resources of plugins
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    List(List),
    Read(Box<Read>),
}

/// List resources, and templates of their names
#[derive(clap::Args)]
struct List {
    /// A plugin's name
    plugin: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Read a resource: its text or bytes, as they are
#[derive(clap::Args)]
struct Read {
    /// An installed plugin's name or a path
    plugin: String,
    /// As `holm resource list` shows it, a template's names filled in
    uri: String,
    /// Print JSON, its type included
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    terms: TermArguments,
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        match self.verb {
            Verb::List(list) => list.run(session).await,
            Verb::Read(read) => read.run(session).await,
        }
    }
}

impl List {
    async fn run(self, session: &Session) -> Result<()> {
        let offered = match session.ask(&Request::Offers { plugin: self.plugin }).await? {
            Reply::Offers(offered) => offered,
            reply => return unexpected(&reply),
        };
        if self.json {
            return ui::json(&offered);
        }
        let mut rows = Vec::new();
        for view in offered {
            let fixed =
                view.offers.resources.into_iter().map(|it| (it.uri, it.title.unwrap_or(it.name), it.description));
            let filled = view
                .offers
                .templates
                .into_iter()
                .map(|it| (it.uri_template, it.title.unwrap_or(it.name), it.description));
            for (uri, name, description) in fixed.chain(filled) {
                let text = description.map_or(name, |text| text.lines().next().unwrap_or_default().to_owned());
                rows.push(vec![view.plugin.clone(), printable(&uri), printable(&text)]);
            }
        }
        if rows.is_empty() {
            ui::talk("no resource is offered");
            return Ok(());
        }
        ui::table(&["PLUGIN", "RESOURCE", "SUMMARY"], &rows)
    }
}

impl Read {
    async fn run(self: Box<Self>, session: &Session) -> Result<()> {
        let named = format!("resource {} of `{}`", printable(&self.uri), printable(&self.plugin));
        let fetched = fetch(session, &self.plugin, Fetch::Resource { uri: self.uri }, self.terms, &named).await?;
        if self.json {
            return ui::json(&fetched);
        }
        let mut stdout = GuestOutput::stdout();
        for contents in fetched["contents"].as_array().into_iter().flatten() {
            match (contents["text"].as_str(), contents["blob"].as_str()) {
                (Some(text), _) => stdout.write(text.as_bytes())?,
                (None, Some(blob)) => {
                    stdout.write(&BASE64_STANDARD.decode(blob).map_err(CommandError::internal)?)?;
                }
                (None, None) => {}
            }
        }
        stdout.fresh_line();
        Ok(())
    }
}

/// Fetches what a plugin offers; `named` is how that is called where there is none.
///
/// # Errors
/// There is no such thing, or its plugin failed.
pub(super) async fn fetch(
    session: &Session,
    plugin: &str,
    fetch: Fetch,
    terms: TermArguments,
    named: &str,
) -> Result<Value> {
    let wanted = target(plugin)?;
    let says_usage = terms.usage;
    let (terms, terminal) = terms.settle()?;
    let mut connection = session.connect().await?;
    connection.send(&Request::Fetch(Fetching { target: wanted.clone(), fetch, hears: true, terms })).await?;
    let denials = Denials::new(plugin, wanted, directory()?);
    let end = Conversation::new(denials, terminal, Stdin::Nothing).follow(connection).await?;
    let End::Answered(result, exit) = end else {
        return Err(CommandError::internal("the kernel answered a call as a run"));
    };
    if says_usage {
        ui::talk(ui::dim(usage(&exit)));
    }
    match result {
        Ok(result) => serde_json::from_str(&result).map_err(CommandError::internal),
        Err(ToolError::NoSuchTool) => Err(CommandError::new(NOT_FOUND, format!("there is no {named}"))),
        Err(ToolError::InvalidArguments(reason)) => {
            Err(CommandError::usage(format!("the arguments do not fit: {}", printable(&reason))))
        }
        Err(ToolError::Failed(reason)) => Err(CommandError::new(GUEST, format!("{named}: {}", printable(&reason)))),
        Err(ToolError::Ended(status)) => match conclude(plugin, &status) {
            Ok(()) => Err(CommandError::new(GUEST, format!("{} ended without an answer", printable(plugin)))),
            Err(ended) => Err(ended),
        },
    }
}
