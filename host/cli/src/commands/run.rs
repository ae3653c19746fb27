//! `holm run`: runs a program under its grants.

use std::{io::IsTerminal, path::PathBuf};

use holm_adapters::control::{Request, Run, Terms};
use holm_kernel::{
    account::{Bytes, Fuel, OnEmpty},
    devices::Grants,
    sched::Nice,
};

use crate::{
    conversation::{Conversation, End, Stdin, conclude, usage},
    denial::Denials,
    error::{CommandError, Result},
    needs::Needs,
    session::{Session, directory, meant_path, target},
    terminal::Terminal,
    ui,
};

/// Run a plugin, a component file or a built folder
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// An installed plugin's name, or the path of a `.wasm` file or a built folder
    #[arg(value_name = "PLUGIN|PATH")]
    target: String,
    /// What the program is given; after `--` if it begins with a dash
    arguments: Vec<String>,
    #[command(flatten)]
    terms: TermArguments,
    /// Set a variable of its environment; nothing is inherited
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = variable)]
    environment: Vec<(String, String)>,
    /// Let it go on alone, print its process id; what it writes is dropped
    #[arg(long)]
    detach: bool,
    /// Write the fewest grants that this run needed to a file, to read, change and apply by `holm grant --from`
    #[arg(long, value_name = "FILE", conflicts_with = "detach")]
    record: Option<PathBuf>,
    /// Add to what an earlier --record wrote, instead of beginning anew
    #[arg(long, requires = "record")]
    learn: bool,
}

/// Under which terms a process is started.
#[derive(clap::Args)]
pub(crate) struct TermArguments {
    /// Grant this, for this run only
    #[arg(long = "grant", value_name = "CAPABILITY=RULE")]
    grants: Vec<String>,
    /// Fuel it may burn, like 500M or 20G
    #[arg(long)]
    fuel: Option<Fuel>,
    /// Memory it may use, like 64MiB
    #[arg(long, value_name = "BYTES")]
    memory: Option<Bytes>,
    /// Its share of the processors, -20 (favoured) to 19 (last)
    #[arg(long, default_value_t, allow_negative_numbers = true)]
    nice: Nice,
    /// What happens when its fuel is gone: it ends, or stops and waits for `holm topup`
    #[arg(long, value_name = "end|stop", value_parser = on_empty)]
    on_empty: Option<OnEmpty>,
    /// The folder that its relative paths are read by [default: this one]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Ask about lacking grants on the terminal, even if stderr goes elsewhere
    #[arg(long, overrides_with = "no_ask")]
    ask: bool,
    /// Deny what is not granted, and ask nothing
    #[arg(long, overrides_with = "ask")]
    no_ask: bool,
    /// Say what it used
    #[arg(long)]
    pub(crate) usage: bool,
}

impl TermArguments {
    /// The terms, and where to ask.
    pub(crate) fn settle(self) -> Result<(Terms, Option<Terminal>)> {
        let terminal = match (self.ask, self.no_ask || !std::io::stderr().is_terminal()) {
            (true, _) => match Terminal::open() {
                None => return Err(CommandError::usage("there is no terminal to ask on").hint("leave out --ask")),
                terminal => terminal,
            },
            (false, true) => None,
            (false, false) => Terminal::open(),
        };
        let directory = match self.dir {
            None => directory()?,
            Some(dir) => {
                dir.canonicalize().map_err(|error| CommandError::usage(format!("`{}`: {error}", dir.display())))?
            }
        };
        let terms = Terms {
            directory,
            grants: absolute(&self.grants)?,
            fuel: self.fuel,
            memory: self.memory,
            tokens: None,
            money: None,
            nice: self.nice,
            on_empty: self.on_empty,
            ask: terminal.is_some(),
            rate: None,
            client: None,
        };
        Ok((terms, terminal))
    }
}

/// The terms of a call that asks nobody and is granted nothing besides.
pub(super) fn plain_terms(directory: PathBuf) -> Terms {
    Terms {
        directory,
        grants: Vec::new(),
        fuel: None,
        memory: None,
        tokens: None,
        money: None,
        nice: Nice::default(),
        on_empty: None,
        ask: false,
        rate: None,
        client: None,
    }
}

/// Paths in grants are their user's: read by the folder the command was given in, not the program's.
fn absolute(lines: &[String]) -> Result<Vec<String>> {
    let mut grants = Grants::default();
    lines.iter().try_for_each(|line| grants.add(line)).map_err(CommandError::usage)?;
    Ok(grants.anchored(&directory()?).map_err(CommandError::usage)?.lines())
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

fn on_empty(text: &str) -> Result<OnEmpty, String> {
    match text {
        "end" => Ok(OnEmpty::End),
        "stop" => Ok(OnEmpty::Stop),
        _ => Err("write `end` or `stop`".to_owned()),
    }
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        let wanted = target(&self.target)?;
        let given = self.target;
        let says_usage = self.terms.usage;
        let (terms, terminal) = self.terms.settle()?;
        if self.detach && session.in_process {
            return Err(CommandError::usage("--detach needs the resident kernel: leave out --in-process"));
        }
        let run = Run {
            target: wanted.clone(),
            arguments: self.arguments,
            environment: self.environment,
            detach: self.detach,
            record: self.record.is_some(),
            terms,
        };
        let needs = self.record.map(|file| Needs::open(file, self.learn)).transpose()?;
        let mut connection = session.connect().await?;
        connection.send(&Request::Run(run)).await?;
        let denials = Denials::new(&given, wanted.clone(), directory()?);
        let stdin = if self.detach { Stdin::Nothing } else { Stdin::Ours };
        let conversation = Conversation { detach: self.detach, needs, ..Conversation::new(denials, terminal, stdin) };
        match conversation.follow(connection).await.map_err(|error| meant_path(&given, &wanted, error))? {
            End::Detached(pid) => ui::data(pid),
            End::Exited(exit) => {
                if says_usage {
                    ui::talk(ui::dim(usage(&exit)));
                }
                conclude(&given, &exit.status)
            }
            End::Answered(..) => Err(CommandError::internal("the kernel answered a run as a call")),
        }
    }
}
