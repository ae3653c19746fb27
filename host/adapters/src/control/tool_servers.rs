//! Servers of tools, as operators see them: looked at, accepted, called by hand. What they are is not known here.

use std::collections::BTreeMap;

use futures_util::future::BoxFuture;
use holm_kernel::{
    Exit, ToolError,
    account::{Fuel, Money},
    devices::tool::{ServerError, ToolRule, ToolWant},
    grant::Rule,
    process::{ExitStatus, LatencySummary},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::mpsc;

use super::{
    failure::{Failure, Kind},
    frame::Reader,
    protocol::{Input, Reply, Serving, Stage},
    server::Server,
};

/// How a server is, and what is known of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ServerView {
    /// Its name.
    pub name: String,
    /// `stdio` or `http`.
    pub kind: String,
    /// Its command, or its address. No environment, no header.
    pub target: String,
    /// What confines it.
    pub confinement: String,
    /// One serves all trees of processes.
    pub share: bool,
    /// It is not used.
    pub disabled: bool,
    /// How many of it run.
    pub running: usize,
    /// Whether its user is logged in there.
    pub logged_in: bool,
    /// What it calls itself.
    pub calls_itself: String,
    /// The revision of the protocol that was spoken; empty where it was never looked at.
    pub protocol: String,
    /// What is known of its tools.
    pub tools: Vec<ServerTool>,
    /// Tools that it told of no longer.
    pub gone: Vec<String>,
    /// Tools that are not taken, and why.
    pub refused: BTreeMap<String, String>,
    /// Milliseconds until it had told of its tools, where it was started for this.
    pub took: Option<u64>,
}

/// How a tool stands with its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToolStanding {
    /// As it was accepted.
    Accepted,
    /// Its description or schema is another: it is not called.
    Changed,
    /// Nobody accepted it yet.
    New,
}

/// A tool of a server.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ServerTool {
    /// Its name.
    pub name: String,
    /// How it stands.
    pub standing: ToolStanding,
    /// What it tells now.
    pub now: ToolText,
    /// What was accepted, where that is another.
    pub before: Option<ToolText>,
    /// The sha-256 of what it tells now.
    pub digest: String,
}

/// What a server tells of a tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ToolText {
    /// The first sentence of what it does.
    pub summary: String,
    /// What it is called before people.
    #[serde(default)]
    pub title: Option<String>,
    /// What it does.
    pub description: String,
    /// JSON Schema of its arguments.
    pub input_schema: Value,
    /// JSON Schema of its result.
    pub output_schema: Option<Value>,
    /// What it says it does to its world.
    pub annotations: Option<Value>,
}

/// The servers behind a kernel. Texts of errors are for their user.
pub trait ToolServers: Send + Sync + 'static {
    /// All of them; nothing is started.
    fn list(&self) -> BoxFuture<'_, Vec<ServerView>>;
    /// Starts one by itself, and hears of its tools.
    fn look<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<ServerView, String>>;
    /// Accepts these of its tools, as long as each tells what it told when it had this digest, and forgets those
    /// with an empty one, if they are gone. Which of them are now as they were seen.
    fn accept<'a>(
        &'a self,
        name: &'a str,
        tools: BTreeMap<String, String>,
    ) -> BoxFuture<'a, Result<Vec<String>, String>>;
    /// Begins a login: where its user's browser goes, which comes back to `redirect`.
    fn login<'a>(&'a self, name: &'a str, redirect: &'a str) -> BoxFuture<'a, Result<String, String>>;
    /// Ends a login with the address that the browser came back to: what was granted.
    fn logged_in<'a>(&'a self, name: &'a str, back: &'a str) -> BoxFuture<'a, Result<Vec<String>, String>>;
    /// Forgets a login; whether there was one.
    fn logout<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<bool, String>>;
    /// What secrets are bound to; none if there is no server of this name.
    fn audience(&self, name: &str) -> Option<String>;
    /// Forgets what was accepted.
    fn forget<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), String>>;
    /// Reads the configuration anew.
    fn reload(&self) -> BoxFuture<'_, Result<(), String>>;
    /// Whether there is one of this name.
    fn knows(&self, name: &str) -> bool;
    /// Calls a tool for its user.
    fn call<'a>(
        &'a self,
        name: &'a str,
        tool: &'a str,
        arguments: String,
    ) -> BoxFuture<'a, Result<String, ServerError>>;
    /// Ends all of them.
    fn stop(&self) -> BoxFuture<'_, ()>;
}

impl Server {
    /// Does something with servers.
    pub(crate) async fn serving(&self, serving: Serving, outgoing: &mpsc::Sender<Reply>) -> Result<Reply, Failure> {
        let failed = |text: String| Failure::new(Kind::Fault, text);
        match serving {
            Serving::List => Ok(Reply::Servers(self.servers.list().await)),
            Serving::Look { name } => {
                self.known_server(&name)?;
                let _ = outgoing.send(Reply::Progress(Stage::Starting)).await;
                let look = self.servers.look(&name).await;
                look.map(|view| Reply::Servers(vec![view])).map_err(|text| failed(format!("`{name}`: {text}")))
            }
            Serving::Accept { name, tools } => {
                self.known_server(&name)?;
                let wanted = tools.len();
                let accepted = self.servers.accept(&name, tools).await.map_err(Failure::internal)?;
                self.kernel.grants_changed();
                match accepted.len() == wanted {
                    true => Ok(Reply::Done),
                    false => Err(Failure::new(Kind::Conflict, "it tells something else by now than what you saw")
                        .hint(format!("`holm server accept {name}` shows it"))),
                }
            }
            Serving::Login { name, redirect } => {
                self.known_server(&name)?;
                let _ = outgoing.send(Reply::Progress(Stage::Starting)).await;
                let address = self.servers.login(&name, &redirect).await;
                address.map(Reply::Login).map_err(|text| failed(format!("`{name}`: {text}")))
            }
            Serving::LoggedIn { name, back } => {
                self.known_server(&name)?;
                let scopes = self.servers.logged_in(&name, back.expose()).await;
                scopes.map(Reply::LoggedIn).map_err(|text| failed(format!("`{name}`: {text}")))
            }
            Serving::Logout { name } => {
                self.known_server(&name)?;
                match self.servers.logout(&name).await.map_err(failed)? {
                    true => Ok(Reply::Done),
                    false => Err(Failure::new(Kind::NotFound, format!("nobody is logged in at `{name}`"))),
                }
            }
            Serving::Forget { name } => {
                self.servers.forget(&name).await.map_err(Failure::internal)?;
                Ok(Reply::Done)
            }
            Serving::Reload => {
                self.servers.reload().await.map_err(|text| Failure::new(Kind::Usage, text))?;
                Ok(Reply::Done)
            }
        }
    }

    fn known_server(&self, name: &str) -> Result<(), Failure> {
        match self.servers.knows(name) {
            true => Ok(()),
            false => Err(Failure::new(Kind::NotFound, format!("there is no server `{name}`"))
                .hint("`holm server list` shows what there is; `holm server add` adds one")),
        }
    }

    /// A name means one thing: a plugin is not called like a server.
    pub(crate) fn free_name(&self, name: &str) -> Result<(), Failure> {
        match self.servers.knows(name) {
            true => {
                Err(Failure::new(Kind::Conflict, format!("a server is called `{name}`, and one name means one thing"))
                    .hint(format!("`holm server remove {name}` takes it out of config.toml")))
            }
            false => Ok(()),
        }
    }

    /// Accepts the tools that new grants name: as they are now, where nobody looked at them before. Who
    /// granted them is shown what that was.
    pub(crate) async fn pin(&self, lines: &[String], outgoing: &mpsc::Sender<Reply>) {
        let rules = lines.iter().filter_map(|line| line.strip_prefix("tool=")?.parse::<ToolRule>().ok());
        let mut meant: BTreeMap<String, Vec<ToolRule>> = BTreeMap::new();
        for rule in rules {
            let text = rule.to_string();
            let name = text.split_once('/').map_or("", |(name, _)| name);
            if self.servers.knows(name) {
                meant.entry(name.to_owned()).or_default().push(rule);
            }
        }
        for (name, rules) in meant {
            if let Err(why) = self.pin_of(&name, &rules, outgoing).await {
                let text = format!("nothing of the server `{name}` is accepted yet: {why}");
                let _ = outgoing.send(Reply::Warning(text)).await;
            }
        }
    }

    async fn pin_of(&self, name: &str, rules: &[ToolRule], outgoing: &mpsc::Sender<Reply>) -> Result<(), String> {
        let views = self.servers.list().await;
        let known = views.into_iter().find(|view| view.name == name && !view.protocol.is_empty());
        let view = match known {
            Some(view) => view,
            None => {
                let _ = outgoing.send(Reply::Progress(Stage::Starting)).await;
                self.servers.look(name).await?
            }
        };
        let named = |tool: &&ServerTool| {
            let want = ToolWant::named(format!("{name}/{}", tool.name));
            tool.standing == ToolStanding::New && rules.iter().any(|rule| rule.admits(&want))
        };
        let new: Vec<ServerTool> = view.tools.iter().filter(named).cloned().collect();
        if new.is_empty() {
            return Ok(());
        }
        let digests = new.iter().map(|tool| (tool.name.clone(), tool.digest.clone())).collect();
        let accepted = self.servers.accept(name, digests).await?;
        let pinned = new.into_iter().filter(|tool| accepted.contains(&tool.name)).collect();
        let _ = outgoing.send(Reply::Pinned(ServerView { tools: pinned, ..view })).await;
        Ok(())
    }

    /// Calls a server's tool for its client, who is its operator.
    pub(crate) async fn call_server(
        &self,
        name: &str,
        tool: &str,
        arguments: String,
        reader: &mut Reader,
        outgoing: &mpsc::Sender<Reply>,
    ) -> Result<(), Failure> {
        let begun = std::time::Instant::now();
        let answer = tokio::select! {
            answer = self.servers.call(name, tool, arguments) => answer,
            // Whatever it says: it waits for nothing else. Dropping the call cancels it.
            _ = reader.next::<Input>() => return Err(Failure::new(Kind::Fault, "the call was cancelled")),
        };
        let result = match answer {
            Ok(result) => Ok(result),
            Err(ServerError::NoSuchTool) => Err(ToolError::NoSuchTool),
            Err(ServerError::InvalidArguments(text)) => Err(ToolError::InvalidArguments(text)),
            Err(ServerError::Failed(text)) => Err(ToolError::Failed(text)),
            Err(ServerError::Suspended(rule)) => {
                return Err(Failure::new(Kind::Denied, format!("`{name}/{tool}` is not called: {rule}")));
            }
            Err(ServerError::Unavailable(text)) => return Err(Failure::new(Kind::Fault, text)),
        };
        // No process answered.
        let exit = Exit {
            status: ExitStatus::Code(0),
            fuel: Fuel(0),
            syscalls: 0,
            wall: begun.elapsed(),
            model_calls: 0,
            tokens: 0,
            money: Money(0),
            latency: LatencySummary::default(),
        };
        let _ = outgoing.send(Reply::Answered { result, exit }).await;
        Ok(())
    }
}
