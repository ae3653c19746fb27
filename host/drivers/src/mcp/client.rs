//! Holm as a server's client: what it is asked between the lines, and what it is told.
#![expect(deprecated, reason = "servers of the eras before ask for their roots")]

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
};

use holm_kernel::{Approval, Operator, Question, devices::tool::ServerCall, is_hidden, process::Pid};
use parking_lot::Mutex;
use rmcp::{
    ClientHandler, RoleClient,
    model::{
        ClientCapabilities, ClientConfig, ElicitRequestParams, ElicitResult, ElicitationAction, ElicitationCapability,
        ElicitationSchema, ErrorData, FormElicitationCapability, Implementation, ListRootsResult,
        ProgressNotificationParam, Root, RootsCapabilities,
    },
    service::{NotificationContext, RequestContext},
};
use serde_json::{Map, Value};
use tokio::sync::Notify;

use super::Place;

/// A longer text is cut where its user is asked.
const SHOWN_BYTES: usize = 2_000;

/// For whom a server is called right now.
#[derive(Clone)]
struct Asking {
    pid: Pid,
    plugin: String,
    tool: String,
    operator: Option<Arc<dyn Operator>>,
}

/// One server's client.
pub(super) struct Client {
    roots: Vec<Place>,
    /// It serves several trees: nobody knows on whose behalf it asks.
    shared: bool,
    asking: Mutex<BTreeMap<u64, Asking>>,
    next: AtomicU64,
    /// Its tools are others than it told.
    pub(super) stale: AtomicBool,
    /// It said something of a call under way.
    pub(super) heard: Notify,
    /// Questions that its user thinks about: no call is late meanwhile.
    pub(super) thinking: AtomicUsize,
}

/// A question that somebody thinks about, as long as this is kept.
struct Thinking<'a>(&'a AtomicUsize);

impl Drop for Thinking<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

/// A call under way, as long as this is kept.
pub(super) struct UnderWay<'a>(&'a Client, u64);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.asking.lock().remove(&self.1);
    }
}

impl Client {
    pub(super) fn new(roots: Vec<Place>, shared: bool) -> Self {
        Self {
            roots,
            shared,
            asking: Mutex::default(),
            next: AtomicU64::default(),
            stale: AtomicBool::default(),
            heard: Notify::new(),
            thinking: AtomicUsize::default(),
        }
    }

    /// Notes for whom it is called.
    pub(super) fn calls(&self, call: &ServerCall) -> UnderWay<'_> {
        let number = self.next.fetch_add(1, SeqCst);
        let asking = Asking {
            pid: call.pid,
            plugin: call.plugin.clone(),
            tool: format!("{}/{}", call.server, call.tool),
            operator: call.operator.clone(),
        };
        self.asking.lock().insert(number, asking);
        UnderWay(self, number)
    }

    /// Asks the user for a yes to what a server wants to know, where its form is filled without them: by its
    /// own defaults, and a yes by a yes.
    async fn ask(&self, message: String, schema: &ElicitationSchema) -> Option<Value> {
        let filled = filled(schema)?;
        let asking = self.asking.lock().values().next().cloned().filter(|_| !self.shared)?;
        let operator = asking.operator?;
        let mut detail: String = message.chars().filter(|char| !is_hidden(*char) || *char == ' ').collect();
        detail.truncate(detail.floor_char_boundary(SHOWN_BYTES));
        detail.push_str(&format!(" (yes answers {})", Value::Object(filled.clone())));
        let question = Question {
            pid: asking.pid,
            root: false,
            plugin: asking.plugin,
            capability: "tool".to_owned(),
            resource: asking.tool,
            rule: "the server asks".to_owned(),
            grantable: false,
            approval: Some(Approval { detail }),
        };
        self.thinking.fetch_add(1, SeqCst);
        let _thinking = Thinking(&self.thinking);
        operator.approve(question).await.then_some(Value::Object(filled))
    }
}

/// A form filled by its defaults; none if one that has to be filled has none.
fn filled(schema: &ElicitationSchema) -> Option<Map<String, Value>> {
    let mut filled = Map::new();
    let required = schema.required.as_deref().unwrap_or_default();
    for (name, property) in &schema.properties {
        let property = serde_json::to_value(property).ok()?;
        let value = match (property.get("default"), &property["type"]) {
            (Some(default), _) => default.clone(),
            (None, kind) if kind == "boolean" => Value::Bool(true),
            (None, _) if required.contains(name) => return None,
            (None, _) => continue,
        };
        filled.insert(name.clone(), value);
    }
    Some(filled)
}

impl ClientHandler for Client {
    fn get_info(&self) -> ClientConfig {
        let mut capabilities = ClientCapabilities::default();
        capabilities.elicitation = Some(ElicitationCapability::new().with_form(FormElicitationCapability::default()));
        capabilities.roots = Some(RootsCapabilities::default());
        let mut name = Implementation::new("holm", env!("CARGO_PKG_VERSION"));
        name.title = Some("Holm".to_owned());
        ClientConfig::new(capabilities, name)
    }

    async fn list_roots(&self, _: RequestContext<RoleClient>) -> Result<ListRootsResult, ErrorData> {
        let roots = self.roots.iter().filter_map(|place| url(&place.path)).map(Root::new);
        Ok(ListRootsResult::new(roots.collect()))
    }

    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        let filled = match request {
            ElicitRequestParams::FormElicitationParams { message, requested_schema, .. } => {
                self.ask(message, &requested_schema).await
            }
            // Nothing opens an address that a server names.
            _ => None,
        };
        Ok(match filled {
            Some(filled) => ElicitResult::new(ElicitationAction::Accept).with_content(filled),
            None => ElicitResult::new(ElicitationAction::Decline),
        })
    }

    async fn on_progress(&self, _: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        self.heard.notify_waiters();
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.stale.store(true, SeqCst);
    }
}

fn url(path: &std::path::Path) -> Option<String> {
    reqwest::Url::from_file_path(path).ok().map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_filled_by_what_it_says_itself() {
        let form = |text: &str| filled(&serde_json::from_str(text).expect("a form")).map(Value::Object);
        let text = r#"{"type":"object","required":["name","sure"],"properties":{
            "name":{"type":"string","default":"Ada"},"age":{"type":"integer","default":3},
            "sure":{"type":"boolean"},"nick":{"type":"string"}}}"#;
        assert_eq!(form(text), Some(serde_json::json!({"name": "Ada", "age": 3, "sure": true})));
        assert_eq!(form(r#"{"type":"object","required":["x"],"properties":{"x":{"type":"string"}}}"#), None);
    }
}
