//! `holm secret`: what the host adds to requests of plugins, and no plugin ever sees.

use std::io::{IsTerminal, Read};

use holm_adapters::control::{Keeping, Reply, Request};
use holm_packages::{Secret, Value};

use crate::{
    error::{CommandError, Result},
    session::{Session, unexpected},
    terminal::Terminal,
    ui,
};

const EXAMPLES: &str = "\
A plugin that is bound to a secret sends its requests without it; the host adds the header, over
TLS, on the way to the place that was named. What the server says back of it, the plugin reads as
stars. No command prints one.

  holm secret set github < token.txt
  holm secret bind github web 'https://api.github.com/*:get'
  holm secret bind github server:github
  holm secret bind shop web https://shop.example/api/* --header 'x-api-key: {}'

They are sealed by a key that lies beside them. `protect` seals that key under a passphrase; then
each start of the kernel needs `unlock` before bound requests go out.";

/// What a server is named by, where a plugin is otherwise.
const SERVER: &str = "server:";

/// Keep secrets that requests carry and plugins never see
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Keep a secret, read from standard input; it goes nowhere until it is bound
    Set {
        /// What to call it
        name: String,
    },
    /// List the secrets, and where each goes
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Let the requests of a plugin to one place carry a secret, or give it to a server
    Bind {
        /// The secret's name
        name: String,
        /// The plugin's name, or server:NAME for a server as it is now
        plugin: String,
        /// One host over https, with paths and methods as in a grant
        place: Option<String>,
        /// The header; {} is the secret, {base64} its base64
        #[arg(long, default_value = "authorization: Bearer {}")]
        header: String,
    },
    /// Let them carry it no longer
    Unbind {
        /// The secret's name
        name: String,
        /// The plugin's name, or server:NAME
        plugin: String,
        /// One of its places [default: all]
        place: Option<String>,
    },
    /// Forget a secret
    Delete {
        /// The secret's name
        name: String,
    },
    /// Seal the key of the secrets under a passphrase, or under another one
    Protect,
    /// Open protected secrets until the kernel ends
    Unlock,
    /// Let their key lie beside them without a passphrase again
    Unprotect,
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        let (json, done) = match &self.command {
            Command::List { json } => (*json, None),
            Command::Set { name } => (false, Some(format!("kept {}", ui::bold(name)))),
            Command::Delete { name } => (false, Some(format!("forgot {}", ui::bold(name)))),
            Command::Bind { name, plugin, .. } if plugin.starts_with(SERVER) => {
                (false, Some(format!("{} goes to {}, as it is now", ui::bold(name), ui::bold(plugin))))
            }
            Command::Unbind { name, plugin, .. } if plugin.starts_with(SERVER) => {
                (false, Some(format!("{} goes to {} no longer", ui::bold(name), ui::bold(plugin))))
            }
            Command::Bind { name, plugin, .. } => {
                (false, Some(format!("{} goes with requests of {}", ui::bold(name), ui::bold(plugin))))
            }
            Command::Unbind { name, plugin, .. } => {
                (false, Some(format!("{} goes with requests of {} no longer", ui::bold(name), ui::bold(plugin))))
            }
            Command::Protect => {
                (false, Some("protected: each start of the kernel needs `holm secret unlock`".to_owned()))
            }
            Command::Unlock => (false, Some("unlocked until the kernel ends".to_owned())),
            Command::Unprotect => (false, Some("not protected any more".to_owned())),
        };
        let keeping = match self.command {
            Command::List { .. } => Keeping::List,
            Command::Set { name } => Keeping::Set { name, value: read("the secret")? },
            Command::Bind { name, plugin, place, header } => match (plugin.strip_prefix(SERVER), place) {
                (Some(server), None) => Keeping::BindServer { name, server: server.to_owned() },
                (Some(_), Some(_)) => {
                    return Err(CommandError::usage("a server's settings say where in it a secret goes"));
                }
                (None, Some(rule)) => Keeping::Bind { name, plugin, rule, header },
                (None, None) => {
                    return Err(CommandError::usage(
                        "name a place, like 'https://api.github.com/*:get', or server:NAME",
                    ));
                }
            },
            Command::Unbind { name, plugin, place } => match plugin.strip_prefix(SERVER) {
                Some(server) => Keeping::UnbindServer { name, server: server.to_owned() },
                None => Keeping::Unbind { name, plugin, rule: place },
            },
            Command::Delete { name } => Keeping::Delete { name },
            Command::Protect => Keeping::Protect { passphrase: chosen()? },
            Command::Unlock => Keeping::Unlock { passphrase: read("the passphrase")? },
            Command::Unprotect => Keeping::Unprotect { passphrase: read("the passphrase")? },
        };
        let secrets = match session.ask(&Request::Secrets(keeping)).await? {
            Reply::Secrets(secrets) => secrets,
            reply => return unexpected(&reply),
        };
        match done {
            Some(done) => ui::talk(done),
            None if json => return ui::json(&secrets),
            None if secrets.is_empty() => ui::talk("no secret is kept"),
            None => return secrets.iter().try_for_each(show),
        }
        Ok(())
    }
}

fn show(secret: &Secret) -> Result<()> {
    ui::data(ui::bold(&secret.name))?;
    secret.servers.iter().try_for_each(|bound| {
        ui::data(format_args!("  server:{}  {}", bound.server, holm_packages::printable(&bound.target)))
    })?;
    secret
        .bindings
        .iter()
        .try_for_each(|binding| ui::data(format_args!("  {}  {}  {}", binding.plugin, binding.rule, binding.header)))
}

/// More than any secret has.
const MAXIMUM_BYTES: u64 = 64 << 10;

/// A new passphrase. What is typed unseen is typed twice.
fn chosen() -> Result<Value> {
    let passphrase = read("a passphrase")?;
    if std::io::stdin().is_terminal() && read("once more")?.expose() != passphrase.expose() {
        return Err(CommandError::usage("they differ; nothing was changed"));
    }
    Ok(passphrase)
}

/// Reads what nobody else is to see: typed unseen, or piped.
fn read(what: &str) -> Result<Value> {
    if std::io::stdin().is_terminal() {
        let terminal = Terminal::open().ok_or_else(|| CommandError::usage("there is no terminal to type it on"))?;
        return terminal.unseen(&format!("{what}: ")).map(Value::new).map_err(CommandError::internal);
    }
    let mut text = zeroize::Zeroizing::new(String::new());
    let read = std::io::stdin().take(MAXIMUM_BYTES).read_to_string(&mut text);
    read.map_err(|error| CommandError::usage(format!("{what} cannot be read: {error}")))?;
    Ok(Value::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}
