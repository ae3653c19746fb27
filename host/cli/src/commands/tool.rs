//! `holm tool`: the tools that installed plugins offer.

use std::io::{IsTerminal, Read};

use holm_adapters::control::{Call, Reply, Request, ToolView};
use holm_kernel::ToolError;
use holm_packages::printable;
use serde_json::{Map, Value};

use super::run::TermArguments;
use crate::{
    conversation::{Conversation, End, Stdin, conclude, usage},
    denial::Denials,
    error::{CommandError, GUEST, NOT_FOUND, Result},
    session::{Session, directory, meant_path, target, unexpected},
    ui,
};

/// Arguments of a tool that are read from standard input.
const ARGUMENT_BYTES: u64 = 16 << 20;

/// List and call the tools of plugins
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    List(List),
    Search(Search),
    Call(Box<CallArguments>),
}

/// List tools; one plugin's in full
#[derive(clap::Args)]
struct List {
    /// A plugin's name
    plugin: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Search tools by name, by what they do, and by their arguments
#[derive(clap::Args)]
struct Search {
    /// What to look for, in your own words
    #[arg(required = true)]
    words: Vec<String>,
    /// Show this many at most
    #[arg(long, default_value_t = 20)]
    limit: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Call a tool; its result is printed as JSON
#[derive(clap::Args)]
struct CallArguments {
    /// An installed plugin's name or a path, a slash, the tool's name
    #[arg(value_name = "PLUGIN/TOOL")]
    tool: String,
    /// A JSON object; `-` reads it from standard input
    #[arg(value_name = "JSON")]
    arguments: Option<String>,
    /// Give one argument: as JSON if it is, as text otherwise
    #[arg(long = "arg", value_name = "NAME=VALUE", conflicts_with = "arguments")]
    each: Vec<String>,
    #[command(flatten)]
    terms: TermArguments,
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        match self.verb {
            Verb::List(list) => list.run(session).await,
            Verb::Search(search) => search.run(session).await,
            Verb::Call(call) => call.run(session).await,
        }
    }
}

impl List {
    async fn run(self, session: &Session) -> Result<()> {
        let tools = match session.ask(&Request::Tools { plugin: self.plugin.clone(), servers: true }).await? {
            Reply::Tools(tools) => tools,
            reply => return unexpected(&reply),
        };
        if self.json {
            return ui::json(&tools);
        }
        if tools.is_empty() {
            ui::talk("no tool is installed");
            return Ok(());
        }
        if self.plugin.is_some() {
            return tools.iter().try_for_each(describe);
        }
        let rows: Vec<_> = tools.iter().map(|tool| vec![tool.name.clone(), printable(&tool.summary)]).collect();
        ui::table(&["TOOL", "SUMMARY"], &rows)
    }
}

impl Search {
    async fn run(self, session: &Session) -> Result<()> {
        let request = Request::SearchTools { query: self.words.join(" "), limit: self.limit };
        let found = match session.ask(&request).await? {
            Reply::Found(found) => found,
            reply => return unexpected(&reply),
        };
        if self.json {
            return ui::json(&found);
        }
        if found.is_empty() {
            ui::talk("no tool fits these words");
            return Ok(());
        }
        let rows: Vec<_> = found.iter().map(|tool| vec![tool.name.clone(), printable(&tool.summary)]).collect();
        ui::table(&["TOOL", "SUMMARY"], &rows)
    }
}

/// A tool in full: what it does, and what each argument is.
pub(super) fn describe(tool: &ToolView) -> Result<()> {
    ui::data(ui::bold(&tool.name))?;
    for line in tool.description.lines() {
        ui::data(format_args!("  {}", printable(line)))?;
    }
    let required = tool.input_schema.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|required| required.iter().any(|each| each == name));
    let properties = tool.input_schema.get("properties").and_then(Value::as_object);
    for (name, schema) in properties.into_iter().flatten() {
        let kind = kind(schema);
        let text = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        let optional = if is_required(name) { "" } else { ", optional" };
        ui::data(
            format_args!("    {} ({kind}{optional})  {}", printable(name), printable(text)).to_string().trim_end(),
        )?;
    }
    Ok(())
}

/// The type of a schema in one word.
fn kind(schema: &Value) -> String {
    match schema.get("type") {
        Some(Value::String(kind)) => printable(kind),
        Some(Value::Array(kinds)) => {
            let kinds = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null");
            kinds.map(printable).collect::<Vec<_>>().join(" or ")
        }
        _ => "any".to_owned(),
    }
}

impl CallArguments {
    async fn run(self: Box<Self>, session: &Session) -> Result<()> {
        let Some((plugin, tool)) =
            self.tool.rsplit_once('/').filter(|(plugin, tool)| !plugin.is_empty() && !tool.is_empty())
        else {
            let error = CommandError::usage(format!("`{}` is no tool: write PLUGIN/TOOL", printable(&self.tool)));
            return Err(error.hint("`holm tool list` shows what there is"));
        };
        let wanted = target(plugin)?;
        let arguments = arguments(self.arguments, &self.each)?;
        let says_usage = self.terms.usage;
        let (terms, terminal) = self.terms.settle()?;
        let call = Call { target: wanted.clone(), tool: tool.to_owned(), arguments, servers: true, hears: true, terms };
        let mut connection = session.connect().await?;
        connection.send(&Request::Call(call)).await?;
        let denials = Denials::new(plugin, wanted.clone(), directory()?);
        let conversation = Conversation::new(denials, terminal, Stdin::Nothing);
        let end = conversation.follow(connection).await.map_err(|error| meant_path(plugin, &wanted, error))?;
        let End::Answered(result, exit) = end else {
            return Err(CommandError::internal("the kernel answered a call as a run"));
        };
        if says_usage {
            ui::talk(ui::dim(usage(&exit)));
        }
        match result {
            Ok(result) => print(&result),
            Err(ToolError::NoSuchTool) => {
                let error =
                    CommandError::new(NOT_FOUND, format!("`{}` has no tool `{}`", printable(plugin), printable(tool)));
                Err(error.hint(format!("`holm tool list {}` shows its tools", printable(plugin))))
            }
            Err(ToolError::InvalidArguments(reason)) => {
                let error = CommandError::usage(format!("the arguments do not fit: {}", printable(&reason)));
                Err(error.hint(format!("`holm tool list {}` shows what it takes", printable(plugin))))
            }
            Err(ToolError::Failed(reason)) => {
                Err(CommandError::new(GUEST, format!("{} failed: {}", self.tool, printable(&reason))))
            }
            Err(ToolError::Ended(status)) => match conclude(&self.tool, &status) {
                Ok(()) => Err(CommandError::new(GUEST, format!("{} ended without an answer", self.tool))),
                ended => ended,
            },
        }
    }
}

/// The arguments as one JSON object.
fn arguments(given: Option<String>, each: &[String]) -> Result<String> {
    let text = match given.as_deref() {
        Some("-") => {
            let mut text = String::new();
            let read = std::io::stdin().lock().take(ARGUMENT_BYTES).read_to_string(&mut text);
            read.map_err(|error| CommandError::usage(format!("standard input: {error}")))?;
            text
        }
        Some(text) => text.to_owned(),
        None => {
            let mut object = Map::new();
            for pair in each {
                let (name, value) = pair
                    .split_once('=')
                    .ok_or_else(|| CommandError::usage(format!("`{}`: write NAME=VALUE", printable(pair))))?;
                let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
                object.insert(name.to_owned(), value);
            }
            return Ok(Value::Object(object).to_string());
        }
    };
    match serde_json::from_str::<Value>(&text) {
        Ok(Value::Object(_)) => Ok(text),
        Ok(_) => Err(CommandError::usage("the arguments are no JSON object")
            .hint("write {\"name\": value}, or --arg name=value")),
        Err(error) => Err(CommandError::usage(format!("the arguments are no JSON: {error}"))),
    }
}

/// The result as it is; laid out for people on a terminal.
fn print(result: &str) -> Result<()> {
    match serde_json::from_str::<Value>(result) {
        Ok(value) if std::io::stdout().is_terminal() => ui::json(&value),
        _ => ui::data(result),
    }
}
