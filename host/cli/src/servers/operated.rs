//! Servers of tools as their operator's commands see them.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use futures_util::future::BoxFuture;
use holm_adapters::control::{ServerTool, ServerView, ToolServers, ToolStanding, ToolText};
use holm_drivers::mcp::{Catalogue, Kind, Server, Servers, Standing, Tool};
use holm_kernel::{account::Bytes, devices::tool::ServerError, devices::tool::Servers as _};
use holm_packages::{Plugins, printable};
use serde_json::Value;

use super::confinement;
use crate::settings::Settings;

/// A longer answer is not shown to anybody.
const ANSWER: Bytes = Bytes(4 << 20);

/// The servers of a home, and its settings.
pub(crate) struct Operated {
    servers: Servers,
    home: PathBuf,
    plugins: Arc<Plugins>,
}

impl Operated {
    pub(crate) fn new(servers: Servers, home: PathBuf, plugins: Arc<Plugins>) -> Self {
        Self { servers, home, plugins }
    }
}

impl ToolServers for Operated {
    fn list(&self) -> BoxFuture<'_, Vec<ServerView>> {
        Box::pin(async {
            let mut views = Vec::new();
            for (name, server) in &*self.servers.table() {
                let running = self.servers.running(name).await;
                let logged_in = self.servers.is_logged_in(name).unwrap_or_default();
                views.push(ServerView {
                    running,
                    logged_in,
                    ..view(name, server, &self.servers.pins().of(name, server))
                });
            }
            views
        })
    }

    fn look<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<ServerView, String>> {
        Box::pin(async move {
            let survey = self.servers.survey(name).await?;
            let table = self.servers.table();
            let server = table.get(name).ok_or("it was taken out meanwhile")?;
            let took = u64::try_from(survey.took.as_millis()).ok();
            let logged_in = self.servers.is_logged_in(name).unwrap_or_default();
            Ok(ServerView { took, logged_in, ..view(name, server, &survey.catalogue) })
        })
    }

    fn accept<'a>(
        &'a self,
        name: &'a str,
        tools: BTreeMap<String, String>,
    ) -> BoxFuture<'a, Result<Vec<String>, String>> {
        Box::pin(self.servers.accept(name, tools))
    }

    fn login<'a>(&'a self, name: &'a str, redirect: &'a str) -> BoxFuture<'a, Result<String, String>> {
        Box::pin(self.servers.login(name, redirect))
    }

    fn logged_in<'a>(&'a self, name: &'a str, back: &'a str) -> BoxFuture<'a, Result<Vec<String>, String>> {
        Box::pin(self.servers.logged_in(name, back))
    }

    fn logout<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<bool, String>> {
        Box::pin(self.servers.logout(name))
    }

    fn audience(&self, name: &str) -> Option<String> {
        self.servers.table().get(name).map(Server::audience)
    }

    fn forget<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(self.servers.forget(name))
    }

    fn reload(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async {
            let settings = Settings::read(&self.home).map_err(|error| error.message)?;
            let names = self.plugins.store().names().map_err(|error| error.to_string())?;
            let taken = |name: &str| names.iter().any(|known| known == name);
            self.servers.reload(settings.mcp_servers, taken).await.map_err(|trouble| trouble.to_string())
        })
    }

    fn knows(&self, name: &str) -> bool {
        self.servers.knows(name)
    }

    fn call<'a>(
        &'a self,
        name: &'a str,
        tool: &'a str,
        arguments: String,
    ) -> BoxFuture<'a, Result<String, ServerError>> {
        Box::pin(self.servers.call(name, tool, arguments, ANSWER))
    }

    fn stop(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.servers.stop())
    }
}

fn view(name: &str, server: &Server, known: &Catalogue) -> ServerView {
    let confinement = match (server.kind(), server.native, confinement()) {
        (Kind::Http, ..) => "it is elsewhere",
        (Kind::Stdio, true, _) => "none: native = true",
        (Kind::Stdio, false, Ok(confined)) => confined,
        (Kind::Stdio, false, Err(_)) => "impossible here: it does not start",
    };
    let target = match &server.url {
        // What follows may be a key.
        Some(url) => url.split_once('?').map_or_else(|| url.clone(), |(before, _)| format!("{before}?…")),
        None => {
            let words = server.command.iter().chain(&server.args).map(String::as_str);
            shlex::try_join(words).unwrap_or_default()
        }
    };
    let told = known.accepted.keys().chain(known.differs.keys()).filter(|name| !known.gone.contains(name));
    let names: std::collections::BTreeSet<&String> = told.collect();
    ServerView {
        name: name.to_owned(),
        kind: if server.kind() == Kind::Http { "http" } else { "stdio" }.to_owned(),
        target: printable(&target),
        confinement: confinement.to_owned(),
        share: server.share,
        disabled: server.disabled,
        running: 0,
        logged_in: false,
        calls_itself: known.calls_itself.clone(),
        protocol: known.protocol.clone(),
        tools: names.into_iter().filter_map(|name| tool(name, known)).collect(),
        gone: known.gone.clone(),
        refused: known.refused.clone(),
        took: None,
    }
}

fn tool(name: &str, known: &Catalogue) -> Option<ServerTool> {
    let (accepted, told) = (known.accepted.get(name), known.differs.get(name));
    let now = told.or(accepted)?;
    let standing = match known.standing(name) {
        Standing::Changed => ToolStanding::Changed,
        Standing::New => ToolStanding::New,
        _ => ToolStanding::Accepted,
    };
    let before = accepted.filter(|_| standing == ToolStanding::Changed).map(text);
    Some(ServerTool { name: name.to_owned(), standing, now: text(now), before, digest: now.digest.clone() })
}

fn text(tool: &Tool) -> ToolText {
    let schema = |text: &str| serde_json::from_str(text).unwrap_or(Value::Null);
    ToolText {
        summary: tool.description.summary.clone(),
        title: tool.title.clone(),
        description: tool.description.description.clone(),
        input_schema: schema(&tool.description.input_schema),
        output_schema: tool.description.output_schema.as_deref().map(schema),
        annotations: tool.annotations.clone(),
    }
}
