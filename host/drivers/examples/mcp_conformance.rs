//! The driver of MCP servers as the official conformance suite tests clients: it is given an address, and
//! does with the server there what a guest could. `just mcp-conformance` runs the suite with it.
#![expect(clippy::print_stderr, reason = "the suite shows what it says")]

use std::{
    collections::BTreeMap,
    process::Command,
    sync::{Arc, Mutex},
};

use holm_drivers::mcp::{Authorization, Launch, Pins, Server, Servers, Table};
use holm_kernel::{
    Answer, Operator, Question,
    account::Bytes,
    devices::tool::{self, ServerCall, Servers as _},
    process::Pid,
};
use serde_json::{Map, Value, json};

/// Where a browser comes back to. Nothing listens: the suite's says where it is sent.
const BACK: &str = "http://127.0.0.1:3777/callback";
/// What the suite takes for a document that describes us.
const DOCUMENT: &str = "https://conformance-test.local/client-metadata.json";
/// Logins for one call. A server that wants one more each time gets no more.
const LOGINS: usize = 3;

/// This machine, for a server that is elsewhere: a user's login, and the secret of a client.
#[derive(Default)]
struct Elsewhere {
    login: Mutex<Option<String>>,
    secret: Option<String>,
}

impl Launch for Elsewhere {
    fn command(&self, _: &str, _: &Server, _: &BTreeMap<String, String>) -> Result<Command, String> {
        Err("there is no program".to_owned())
    }

    fn value(&self, kind: &str, name: &str, _: (&str, &Server)) -> Result<String, String> {
        match (kind, &self.secret) {
            ("secret", Some(secret)) => Ok(secret.clone()),
            _ => Err(format!("there is no {kind}:{name}")),
        }
    }

    fn login(&self, _: (&str, &Server)) -> Result<Option<String>, String> {
        Ok(self.login.lock().map_err(|error| error.to_string())?.clone())
    }

    fn keep_login(&self, _: (&str, &Server), login: Option<String>) -> Result<(), String> {
        *self.login.lock().map_err(|error| error.to_string())? = login;
        Ok(())
    }
}

/// A user who says yes to whatever they are asked.
struct Agreeable;

impl Operator for Agreeable {
    fn denied(&self, _: Question) -> futures_core::future::BoxFuture<'_, Answer> {
        Box::pin(async { Answer::Deny })
    }

    fn told(&self, _: Question) {}

    fn approve(&self, _: Question) -> futures_core::future::BoxFuture<'_, bool> {
        Box::pin(async { true })
    }

    fn deferred(&self, _: Question, _: u64) -> futures_core::future::BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

struct Client {
    servers: Servers,
}

impl Client {
    /// Calls a tool as a process of some tree would; what came of it is said.
    async fn call(&self, tool: &str, arguments: Value) -> Option<Value> {
        for _ in 0..LOGINS {
            match self.called(tool, &arguments).await {
                Err(error) if error.contains("holm server login") => self.log_in().await.ok()?,
                answer => return answer.ok().and_then(|text| serde_json::from_str(&text).ok()),
            }
        }
        self.called(tool, &arguments).await.ok().and_then(|text| serde_json::from_str(&text).ok())
    }

    /// Logs in as `holm server login` does, with a browser whose user says yes.
    async fn log_in(&self) -> Result<(), String> {
        let address = self.servers.login("it", BACK).await.inspect_err(|error| eprintln!("login: {error}"))?;
        let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build();
        let page = browser.map_err(|error| error.to_string())?.get(address).send().await;
        let page = page.map_err(|error| error.to_string())?;
        let location = page.headers().get("location").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let scopes = self.servers.logged_in("it", location).await.inspect_err(|error| eprintln!("login: {error}"))?;
        eprintln!("logged in: {}", scopes.join(" "));
        Ok(())
    }

    async fn called(&self, tool: &str, arguments: &Value) -> Result<String, String> {
        let call = ServerCall {
            root: Pid::new(1, 0),
            pid: Pid::new(1, 0),
            plugin: "conformance".to_owned(),
            server: "it".to_owned(),
            tool: tool.to_owned(),
            arguments: arguments.to_string(),
            maximum: Bytes(4 << 20),
            operator: Some(Arc::new(Agreeable)),
        };
        let answer = tool::Servers::call(&self.servers, call).await;
        answer.map_err(|error| error.to_string()).inspect_err(|error| eprintln!("{tool}: {error}"))
    }

    async fn everything(&self) {
        let context = context();
        if let Some(calls) = context["toolCalls"].as_array() {
            for call in calls {
                self.call(call["name"].as_str().unwrap_or_default(), call["arguments"].clone()).await;
            }
            return;
        }
        let tools: Vec<_> = self.servers.offers().iter().flat_map(|offer| offer.tools().to_vec()).collect();
        let rich = tools.iter().find(|tool| tool.name == "json_schema_2020_12_tool");
        let rich: Option<Value> = rich.and_then(|tool| serde_json::from_str(&tool.input_schema).ok());
        for tool in tools {
            let name = tool.name;
            let schema = serde_json::from_str(&tool.input_schema).unwrap_or_default();
            match name.as_str() {
                "resources.list" => {
                    let listed = self.call(&name, json!({})).await.unwrap_or_default();
                    let uris = listed["resources"].as_array().cloned().unwrap_or_default();
                    for resource in uris.iter().take(2) {
                        self.call("resources.read", json!({"uri": resource["uri"]})).await;
                    }
                }
                "prompts.list" => {
                    let listed = self.call(&name, json!({})).await.unwrap_or_default();
                    let prompts = listed["prompts"].as_array().cloned().unwrap_or_default();
                    for prompt in prompts.iter().take(2) {
                        self.call("prompts.get", json!({"name": prompt["name"]})).await;
                    }
                }
                "resources.read" | "prompts.get" => {}
                // Says back what it was told of another.
                "json_schema_echo" => drop(self.call(&name, json!({ "schema": rich })).await),
                _ => drop(self.call(&name, arguments(&schema)).await),
            }
        }
    }
}

/// Something for each argument that has to be there.
fn arguments(schema: &Value) -> Value {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let value = |name: &Value| {
        let name = name.as_str()?;
        let value = match schema["properties"][name]["type"].as_str() {
            Some("number" | "integer") => json!(5),
            Some("boolean") => json!(true),
            Some("array") => json!([]),
            Some("object") => json!({}),
            _ => json!("text"),
        };
        Some((name.to_owned(), value))
    };
    Value::Object(required.iter().filter_map(value).collect::<Map<_, _>>())
}

/// What the suite says of a scenario beside its address.
fn context() -> Value {
    let text = std::env::var("MCP_CONFORMANCE_CONTEXT").ok();
    text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// Who gives out tokens, for a client that was registered by hand: its user looked.
async fn issuer(url: &str) -> Option<String> {
    let mut address: reqwest::Url = url.parse().ok()?;
    address.set_path(&format!("/.well-known/oauth-protected-resource{}", address.path()));
    let found: Value = reqwest::get(address).await.ok()?.json().await.ok()?;
    found["authorization_servers"][0].as_str().map(str::to_owned)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let url = std::env::args().next_back().ok_or("it is given an address")?;
    let folder = std::env::temp_dir().join(format!("holm-conformance-{}", std::process::id()));
    let text = |name: &str| context()[name].as_str().map(str::to_owned);
    let (client_id, secret) = (text("client_id"), text("client_secret"));
    let authorization = Authorization {
        client_metadata: client_id.is_none().then(|| DOCUMENT.to_owned()),
        client_secret: client_id.as_ref().and(secret.as_ref()).map(|_| "${secret:client}".to_owned()),
        issuer: if client_id.is_some() { issuer(&url).await } else { None },
        client_id,
        ..Authorization::default()
    };
    let server = Server { url: Some(url), authorization: Some(authorization), ..Server::new() };
    let table = Table::from([("it".to_owned(), server)]);
    let elsewhere = Elsewhere { secret, ..Elsewhere::default() };
    let servers = Servers::new(table, |_| false, Pins::new(folder.clone()), Arc::new(elsewhere))?;
    let client = Client { servers };
    let mut told = client.servers.survey("it").await;
    for _ in 0..LOGINS {
        match &told {
            Err(error) if error.contains("holm server login") => client.log_in().await?,
            _ => break,
        }
        told = client.servers.survey("it").await;
    }
    let told = told?.catalogue;
    let seen = told.differs.iter().map(|(name, tool)| (name.clone(), tool.digest.clone()));
    client.servers.accept("it", seen.collect()).await?;
    client.everything().await;
    client.servers.stop().await;
    std::fs::remove_dir_all(folder)?;
    Ok(())
}
