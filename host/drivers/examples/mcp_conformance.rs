//! The driver of MCP servers as the official conformance suite tests clients: it is given an address, and
//! does with the server there what a guest could. `just mcp-conformance` runs the suite with it.
#![expect(clippy::print_stderr, reason = "the suite shows what it says")]

use std::{collections::BTreeMap, process::Command, sync::Arc};

use holm_drivers::mcp::{Launch, Pins, Server, Servers, Table};
use holm_kernel::{
    Answer, Operator, Question,
    account::Bytes,
    devices::tool::{self, ServerCall, Servers as _},
    process::Pid,
};
use serde_json::{Map, Value, json};

/// This machine, for a server that is elsewhere.
struct Elsewhere;

impl Launch for Elsewhere {
    fn command(&self, _: &str, _: &Server, _: &BTreeMap<String, String>) -> Result<Command, String> {
        Err("there is no program".to_owned())
    }

    fn value(&self, kind: &str, name: &str, _: (&str, &Server)) -> Result<String, String> {
        Err(format!("there is no {kind}:{name}"))
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
        if let Err(error) = &answer {
            eprintln!("{tool}: {error}");
        }
        answer.ok().and_then(|text| serde_json::from_str(&text).ok())
    }

    async fn everything(&self) {
        let context: Value = std::env::var("MCP_CONFORMANCE_CONTEXT")
            .ok()
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
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

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().next_back().ok_or("it is given an address")?;
    let folder = std::env::temp_dir().join(format!("holm-conformance-{}", std::process::id()));
    let table = Table::from([("it".to_owned(), Server { url: Some(url), ..Server::new() })]);
    let servers = Servers::new(table, |_| false, Pins::new(folder.clone()), Arc::new(Elsewhere))?;
    let told = servers.survey("it").await?.catalogue;
    let seen = told.differs.iter().map(|(name, tool)| (name.clone(), tool.digest.clone()));
    servers.accept("it", seen.collect()).await?;
    let client = Client { servers };
    client.everything().await;
    client.servers.stop().await;
    std::fs::remove_dir_all(folder)?;
    Ok(())
}
