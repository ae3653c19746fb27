//! `holm prompt`: messages to begin with, which installed plugins offer.

use holm_adapters::control::{Reply, Request};
use holm_kernel::program::Fetch;
use holm_packages::printable;

use super::{resource::fetch, run::TermArguments};
use crate::{
    error::{CommandError, Result},
    session::{Session, unexpected},
    ui,
};

/// List and fill in the prompts of plugins
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    List(List),
    Get(Box<Get>),
}

/// List prompts, with what is filled in
#[derive(clap::Args)]
struct List {
    /// A plugin's name
    plugin: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Fill in a prompt: its messages
#[derive(clap::Args)]
struct Get {
    /// An installed plugin's name or a path, a slash, the prompt's name
    #[arg(value_name = "PLUGIN/PROMPT")]
    prompt: String,
    /// Fill in one argument
    #[arg(long = "arg", value_name = "NAME=VALUE")]
    each: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    terms: TermArguments,
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        match self.verb {
            Verb::List(list) => list.run(session).await,
            Verb::Get(get) => get.run(session).await,
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
            for prompt in view.offers.prompts {
                let argument = |required: bool, name: &str| {
                    if required { printable(name) } else { format!("[{}]", printable(name)) }
                };
                let arguments: Vec<_> = prompt.arguments.iter().map(|it| argument(it.required, &it.name)).collect();
                let text = prompt.description.or(prompt.title).unwrap_or_default();
                let text = printable(text.lines().next().unwrap_or_default());
                rows.push(vec![format!("{}/{}", view.plugin, printable(&prompt.name)), arguments.join(" "), text]);
            }
        }
        if rows.is_empty() {
            ui::talk("no prompt is offered");
            return Ok(());
        }
        ui::table(&["PROMPT", "ARGUMENTS", "SUMMARY"], &rows)
    }
}

impl Get {
    async fn run(self: Box<Self>, session: &Session) -> Result<()> {
        let parts = self.prompt.rsplit_once('/').filter(|(plugin, name)| !plugin.is_empty() && !name.is_empty());
        let Some((plugin, name)) = parts else {
            let error = CommandError::usage(format!("`{}` is no prompt: write PLUGIN/PROMPT", printable(&self.prompt)));
            return Err(error.hint("`holm prompt list` shows what there is"));
        };
        let pair = |text: &String| match text.split_once('=') {
            Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
            None => Err(CommandError::usage(format!("`{}`: write NAME=VALUE", printable(text)))),
        };
        let arguments = self.each.iter().map(pair).collect::<Result<_>>()?;
        let named = format!("prompt `{}` of `{}`", printable(name), printable(plugin));
        let wanted = Fetch::Prompt { name: name.to_owned(), arguments };
        let prompt = fetch(session, plugin, wanted, self.terms, &named).await?;
        if self.json {
            return ui::json(&prompt);
        }
        for message in prompt["messages"].as_array().into_iter().flatten() {
            ui::data(ui::bold(format_args!("{}:", message["role"].as_str().unwrap_or_default())))?;
            match message["content"]["text"].as_str() {
                Some(text) => text.lines().try_for_each(|line| ui::data(crate::denial::shown(line)))?,
                None => {
                    ui::data(format_args!("({})", printable(message["content"]["type"].as_str().unwrap_or_default())))?
                }
            }
        }
        Ok(())
    }
}
