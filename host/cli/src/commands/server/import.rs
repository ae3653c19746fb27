//! `holm server import`: servers from other clients' files.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use holm_drivers::mcp::{Kind, Server, Table};
use holm_packages::printable;
use serde_json::{Map, Value};

use super::edit;
use crate::{
    error::{CONFLICT, CommandError, Result},
    session::Session,
    settings::Settings,
    terminal::Terminal,
    ui,
};

/// More than any client's file.
const FILE_BYTES: u64 = 64 << 20;

pub(super) async fn run(session: &Session, file: &Path, variables: &[String], yes: bool) -> Result<()> {
    let failed = |error: &dyn std::fmt::Display| CommandError::usage(format!("`{}`: {error}", file.display()));
    if file.metadata().map_err(|error| failed(&error))?.len() > FILE_BYTES {
        return Err(failed(&"it is too long to be a client's settings"));
    }
    let text = std::fs::read_to_string(file).map_err(|error| failed(&error))?;
    let value: Value = serde_json::from_str(&text).map_err(|error| failed(&error))?;
    let found = found(&value).ok_or_else(|| failed(&"it has no `mcpServers` and no `servers`"))?;
    let known = Settings::read(session.open_home()?.path())?.mcp_servers;
    let mut table = Table::new();
    for (given, value) in found {
        let name = name(given);
        let shown = printable(given);
        match server(value) {
            _ if known.contains_key(&name) || table.contains_key(&name) => {
                ui::warn(format_args!("`{shown}` is left out: there is a server `{name}` already"));
            }
            Err(reason) => ui::warn(format_args!("`{shown}` is left out: {reason}")),
            Ok((server, notes)) => match server.check(&name) {
                Err(trouble) => ui::warn(format_args!("`{shown}` is left out: {}", trouble.reason)),
                Ok(()) if !may_read(&name, &server, variables, yes)? => {}
                Ok(()) => {
                    notes.iter().for_each(|note| ui::warn(format_args!("`{shown}`: {note}")));
                    table.insert(name, server);
                }
            },
        }
    }
    if table.is_empty() {
        ui::talk("there is nothing to import");
        return Ok(());
    }
    let shown = BTreeMap::from([("mcp-servers", &table)]);
    let text = toml_edit::ser::to_string_pretty(&shown).map_err(CommandError::internal)?;
    text.lines().for_each(|line| ui::talk(format_args!("  {}", printable(line))));
    for (name, server) in &table {
        ui::talk(ui::bold(name));
        edit::reads(session, server)?;
    }
    if !yes {
        let nobody = || {
            CommandError::new(CONFLICT, "nothing was imported: there is no terminal to ask on")
                .hint(format!("holm server import --yes {}", file.display()))
        };
        let question = format!("add {} to config.toml?", ui::count(table.len(), "server"));
        if !Terminal::open().ok_or_else(nobody)?.confirm(&question)? {
            return Err(CommandError::new(CONFLICT, "nothing was imported"));
        }
    }
    edit::write(session, &table).await?;
    ui::talk(format_args!("{} {}", ui::good("imported"), ui::count(table.len(), "server")));
    ui::hint("`holm server test NAME` starts one; each is confined: name the places that it needs in `fs`");
    Ok(())
}

/// Whether a server may have the variables that it names: who wrote the file is not who imports it.
fn may_read(name: &str, server: &Server, variables: &[String], yes: bool) -> Result<bool> {
    let texts = server.env.values().chain(server.headers.values());
    for named in texts.flat_map(|text| edit::named(text)) {
        let variable = match named.split_once(':') {
            None if named == "home" => continue,
            None => &*named,
            Some(("env", variable)) => variable,
            Some(("secret", secret)) => {
                let hint = format!("`holm secret bind {} server:{name}`", printable(secret));
                ui::warn(format_args!("`{name}` wants the secret `{}`: it has none before {hint}", printable(secret)));
                continue;
            }
            Some(_) => continue,
        };
        if variables.iter().any(|known| known == variable) {
            continue;
        }
        let shown = printable(variable);
        let question = format!("let {name} have {shown} of your environment?");
        let terminal = if yes { None } else { Terminal::open() };
        if !terminal.map_or(Ok(false), |terminal| terminal.confirm(&question))? {
            ui::warn(format_args!(
                "`{name}` is left out: it wants `{shown}` of your environment; `--variable {shown}` allows it"
            ));
            return Ok(false);
        }
    }
    Ok(true)
}

/// The servers in a client's file: Claude's and most others', VS Code's own and in its settings.
fn found(value: &Value) -> Option<&Map<String, Value>> {
    let places = ["/mcpServers", "/servers", "/mcp/servers", "/context_servers"];
    places.iter().find_map(|place| value.pointer(place)?.as_object())
}

/// A name as it is here: in small letters, and nothing that a grant could misread.
fn name(given: &str) -> String {
    let plain = |char: char| match char.to_ascii_lowercase() {
        char if char.is_ascii_lowercase() || char.is_ascii_digit() || "_-".contains(char) => char,
        _ => '-',
    };
    given.chars().map(plain).take(64).collect::<String>().trim_matches('-').to_owned()
}

/// One server, and what its user should know about it.
fn server(value: &Value) -> Result<(Server, Vec<String>), String> {
    let object = value.as_object().ok_or("it is no object")?;
    let (mut server, mut notes) = (Server::new(), Vec::new());
    for (key, value) in object {
        let wrong = || format!("`{}` is not what it should be", printable(key));
        let text = || value.as_str().map(str::to_owned).ok_or_else(wrong);
        match key.as_str() {
            "type" | "transport" | "transportType" => match text()?.as_str() {
                "stdio" => server.kind = None,
                "http" | "streamable-http" | "streamableHttp" => server.kind = Some(Kind::Http),
                other => {
                    return Err(format!("`{}` is not spoken here, only stdio and streamable HTTP", printable(other)));
                }
            },
            "command" => server.command = Some(text()?),
            "args" => {
                let words = value.as_array().ok_or_else(wrong)?.iter();
                let words = words.map(|word| word.as_str().map(str::to_owned).ok_or_else(wrong));
                server.args = words.collect::<Result<_, _>>()?;
            }
            "env" => server.env = texts(value).ok_or_else(wrong)?,
            "cwd" => server.cwd = Some(PathBuf::from(text()?)),
            "url" | "serverUrl" | "httpUrl" => server.url = Some(text()?),
            "headers" => server.headers = texts(value).ok_or_else(wrong)?,
            "disabled" => server.disabled = value.as_bool().ok_or_else(wrong)?,
            "enabled" => server.disabled = !value.as_bool().ok_or_else(wrong)?,
            "timeout" => server.time = time(value).ok_or_else(wrong)?,
            other => notes.push(format!("`{}` means nothing here, and is left out", printable(other))),
        }
    }
    if server.url.is_some() {
        server.kind = None;
    }
    let values = server.env.values().chain(server.headers.values());
    let values: Vec<&String> = values.collect();
    if values.iter().any(|value| value.contains("${input:")) {
        return Err("it asks for a secret (`${input:…}`): add it by hand, with `${secret:NAME}`".to_owned());
    }
    if values.iter().any(|value| !value.is_empty() && !value.contains("${")) {
        notes.push(
            "its env or headers hold values: `holm secret set NAME`, and write ${secret:NAME} in their place"
                .to_owned(),
        );
    }
    if ["npx", "uvx", "pipx", "bunx"].contains(&server.command.as_deref().unwrap_or_default()) {
        notes.push(
            "it is fetched each time it starts, and a confined server has no network: install it, and name its \
             program (`holm server show` tells what confines it)"
                .to_owned(),
        );
    }
    Ok((server, notes))
}

fn texts(value: &Value) -> Option<BTreeMap<String, String>> {
    let text = |(name, value): (&String, &Value)| {
        let text = value.as_str().map(str::to_owned);
        let text = text.or_else(|| (value.is_number() || value.is_boolean()).then(|| value.to_string()))?;
        Some((name.clone(), text))
    };
    value.as_object()?.iter().map(text).collect()
}

/// Milliseconds where it is a large number, and seconds where it is a small one: clients differ.
fn time(value: &Value) -> Option<Duration> {
    let number = value.as_u64().filter(|number| *number > 0)?;
    Some(if number >= 1000 { Duration::from_millis(number) } else { Duration::from_secs(number) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(Server, Vec<String>), String> {
        server(&serde_json::from_str(text).expect("JSON"))
    }

    #[test]
    fn other_clients_servers_are_understood() {
        let (server, notes) =
            read(r#"{"type":"stdio","command":"node","args":["x.js"],"env":{"A":"${B}"},"timeout":30000}"#)
                .expect("one");
        assert_eq!((server.command.as_deref(), server.time, notes.len()), (Some("node"), Duration::from_secs(30), 0));
        let (server, notes) = read(r#"{"type":"http","url":"https://x.example/mcp","alwaysAllow":[]}"#).expect("one");
        assert_eq!((server.kind(), notes.len()), (Kind::Http, 1));
        assert_eq!(read(r#"{"command":"npx","args":["-y","x"],"env":{"TOKEN":"abc"}}"#).expect("one").1.len(), 2);
        for text in [
            r#"{"type":"sse","url":"https://x.example"}"#,
            r#"{"command":7}"#,
            r#"{"command":"x","args":"y"}"#,
            r#"{"command":"x","env":{"A":"${input:token}"}}"#,
            "7",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        assert_eq!((name("My Server!").as_str(), name("git_hub-2").as_str()), ("my-server", "git_hub-2"));
        for text in [r#"{"mcpServers":{}}"#, r#"{"servers":{}}"#, r#"{"mcp":{"servers":{}}}"#] {
            assert!(found(&serde_json::from_str(text).expect("JSON")).is_some(), "{text}");
        }
        assert!(found(&Value::Null).is_none());
    }
}
