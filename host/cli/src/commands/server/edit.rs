//! Servers in config.toml: added and taken out, with comments and order kept.

use std::{
    collections::BTreeMap,
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use holm_adapters::control::{Keeping, Reply, Request, Serving};
use holm_drivers::mcp::{Place, Server, Table};
use holm_packages::printable;
use toml_edit::{DocumentMut, Item};

use super::reload;
use crate::{
    error::{CONFLICT, CommandError, NOT_FOUND, Result},
    servers,
    session::{Session, unexpected},
    settings::{FILE, Settings},
    ui,
};

const TABLE: &str = "mcp-servers";

/// What a server is.
#[derive(clap::Args)]
pub(super) struct Add {
    /// What to call it: its tools are NAME/TOOL
    name: String,
    /// Where it listens, if it is elsewhere
    #[arg(long)]
    url: Option<String>,
    /// What each request carries; ${secret:NAME} and ${env:NAME} stand for what they name
    #[arg(long, value_name = "NAME=VALUE", requires = "url")]
    header: Vec<String>,
    /// What it finds in its environment; ${secret:NAME} and ${env:NAME} as above
    #[arg(long, value_name = "NAME=VALUE")]
    env: Vec<String>,
    /// A place that it may read, or write with :rw
    #[arg(long, value_name = "PATH[:rw]")]
    fs: Vec<String>,
    /// One for all runs; each has its own otherwise
    #[arg(long)]
    share: bool,
    /// Unconfined: with all that you may do
    #[arg(long)]
    native: bool,
    /// Its program, and what that is given
    #[arg(last = true)]
    command: Vec<String>,
}

impl Add {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        let mut words = self.command.into_iter();
        let server = Server {
            command: words.next(),
            args: words.collect(),
            url: self.url,
            headers: pairs(&self.header)?,
            env: pairs(&self.env)?,
            fs: self.fs.iter().map(|text| place(text)).collect::<Result<_>>()?,
            share: self.share,
            native: self.native,
            ..Server::new()
        };
        let name = self.name;
        let (place, texts) = (server.clone(), server.env.values().chain(server.headers.values()).cloned());
        let secrets: Vec<String> = texts.flat_map(|text| named(&text)).filter_map(secret).collect();
        let known = Settings::read(session.open_home()?.path())?.mcp_servers;
        if known.contains_key(&name) {
            let error = CommandError::new(CONFLICT, format!("there is a server `{name}` already"));
            return Err(error.hint(format!("`holm server remove {name}` takes it out")));
        }
        write(session, &Table::from([(name.clone(), server)])).await?;
        ui::talk(format_args!("{} {}", ui::good("added"), ui::bold(&name)));
        reads(session, &place)?;
        // Who typed it means it.
        for secret in secrets {
            let bind = Keeping::BindServer { name: secret.clone(), server: name.clone() };
            if let Err(error) = session.ask(&Request::Secrets(bind)).await {
                ui::warn(format_args!("{}; later: `holm secret bind {secret} server:{name}`", error.message));
            }
        }
        ui::hint(format_args!(
            "`holm server test {name}` starts it; `holm grant PLUGIN 'tool={name}/*'` lets a plugin call it"
        ));
        Ok(())
    }
}

/// What a text names by `${…}`.
pub(super) fn named(text: &str) -> Vec<String> {
    text.split("${").skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name.to_owned()).collect()
}

fn secret(name: String) -> Option<String> {
    name.strip_prefix("secret:").map(str::to_owned)
}

/// Shows what a server reads of its program.
pub(super) fn reads(session: &Session, server: &Server) -> Result<()> {
    for place in servers::places_of(session.open_home()?.path(), server) {
        ui::talk(format_args!("  it reads {}", printable(&place.display().to_string())));
    }
    Ok(())
}

fn pairs(texts: &[String]) -> Result<BTreeMap<String, String>> {
    let pair = |text: &String| {
        let (name, value) = text.split_once('=').filter(|(name, _)| !name.is_empty())?;
        Some((name.to_owned(), value.to_owned()))
    };
    let wrong = || CommandError::usage("write NAME=VALUE");
    texts.iter().map(|text| pair(text).ok_or_else(wrong)).collect()
}

/// A place as it is typed: from the working directory.
fn place(text: &str) -> Result<Place> {
    let (path, access) = match text.rsplit_once(':') {
        Some((path, access @ ("ro" | "rw"))) => (path, access),
        _ => (text, "ro"),
    };
    let absolute = match path.starts_with("~/") {
        true => PathBuf::from(path),
        false => std::path::absolute(path).map_err(|error| CommandError::usage(format!("`{text}`: {error}")))?,
    };
    // As it is now: a link that is put there later leads nowhere.
    let absolute = absolute.canonicalize().unwrap_or(absolute);
    format!("{}:{access}", absolute.display()).parse().map_err(CommandError::usage)
}

/// Takes a server out, and forgets what was accepted of it.
pub(super) async fn remove(session: &Session, name: &str) -> Result<()> {
    let home = session.open_home()?;
    let path = home.path().join(FILE);
    let mut file = read(&path)?;
    let servers = file.get_mut(TABLE).and_then(Item::as_table_like_mut);
    if servers.and_then(|servers| servers.remove(name)).is_none() {
        let error = CommandError::new(NOT_FOUND, format!("there is no server `{name}` in {}", path.display()));
        return Err(error.hint("`holm server list` shows what there is"));
    }
    put(&path, &file)?;
    reload(session).await?;
    // Who comes by this name is somebody else.
    match session.ask(&Request::Servers(Serving::Forget { name: name.to_owned() })).await? {
        Reply::Done => {}
        reply => return unexpected(&reply),
    }
    ui::talk(format_args!(
        "removed {}; what it kept is in {}",
        ui::bold(name),
        home.path().join("servers").join(name).display()
    ));
    Ok(())
}

/// Adds these servers to config.toml, once it is sure that the file makes sense with them.
pub(super) async fn write(session: &Session, servers: &Table) -> Result<()> {
    for (name, server) in servers {
        server.check(name).map_err(CommandError::usage)?;
    }
    let plugins = match session.ask(&Request::List).await? {
        Reply::Plugins(plugins) => plugins,
        reply => return unexpected(&reply),
    };
    if let Some(taken) = plugins.iter().find(|plugin| servers.contains_key(&plugin.name)) {
        let text = format!("a plugin `{}` is installed, and one name means one thing", taken.name);
        return Err(CommandError::usage(text).hint("call the server something else"));
    }
    let path = session.open_home()?.path().join(FILE);
    let mut file = read(&path)?;
    let table = file.entry(TABLE).or_insert_with(|| {
        let mut table = toml_edit::Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    let Some(table) = table.as_table_like_mut() else {
        return Err(CommandError::usage(format!("`{TABLE}` in {} is no table", path.display())));
    };
    for (name, server) in servers {
        let document = toml_edit::ser::to_document(server).map_err(CommandError::internal)?;
        table.insert(name, Item::Table(document.as_table().clone()));
    }
    let before = std::fs::read(&path).ok();
    put(&path, &file)?;
    // The kernel knows what else there is: a plugin may be called so.
    let reloaded = session.ask(&Request::Servers(Serving::Reload)).await;
    if reloaded.is_err() {
        match before {
            Some(before) => std::fs::write(&path, before)?,
            None => std::fs::remove_file(&path)?,
        }
    }
    reloaded.map(drop)
}

fn read(path: &Path) -> Result<DocumentMut> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        text => text.map_err(|error| CommandError::internal(format!("`{}`: {error}", path.display())))?,
    };
    text.parse().map_err(|error| CommandError::usage(format!("`{}`: {error}", path.display())))
}

/// Puts the file there whole, if its settings can be read again.
fn put(path: &Path, file: &DocumentMut) -> Result<()> {
    let text = file.to_string();
    let failed = |error: std::io::Error| CommandError::internal(format!("`{}`: {error}", path.display()));
    Settings::parse(&text, path)?;
    let new = path.with_extension("toml.new");
    let mut writer = std::fs::OpenOptions::new();
    let mut writer = writer.write(true).create(true).truncate(true).mode(0o600).open(&new).map_err(failed)?;
    writer.write_all(text.as_bytes()).and_then(|()| writer.sync_all()).map_err(failed)?;
    if let Ok(before) = path.metadata() {
        std::fs::set_permissions(&new, before.permissions()).map_err(failed)?;
    }
    std::fs::rename(&new, path).map_err(failed)
}
