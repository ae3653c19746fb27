//! Holm as a server's client: what it is asked between the lines, and what it is told.
#![expect(deprecated, reason = "servers of the eras before ask for their roots")]

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
};

use holm_kernel::{Approval, Operator, Question, devices::tool::ServerCall, process::Pid};
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
use tokio_util::sync::CancellationToken;

use super::Place;

/// A longer answer is not given: its user could not see all of what their yes stands for.
const ANSWER_BYTES: usize = 1_000;

/// For whom a server is called right now.
#[derive(Clone)]
struct Asking {
    pid: Pid,
    plugin: String,
    tool: String,
    operator: Option<Arc<dyn Operator>>,
    /// The call is at an end, and what is asked for it too.
    over: CancellationToken,
}

/// One server's client.
pub(super) struct Client {
    roots: Vec<Place>,
    /// It serves several trees: nobody knows on whose behalf it asks.
    shared: bool,
    asking: Mutex<BTreeMap<u64, Asking>>,
    next: AtomicU64,
    /// Held while its user is asked: one that asks a hundred things at once is declined.
    questions: tokio::sync::Mutex<()>,
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
        if let Some(asking) = self.0.asking.lock().remove(&self.1) {
            asking.over.cancel();
        }
    }
}

impl Client {
    pub(super) fn new(roots: Vec<Place>, shared: bool) -> Self {
        Self {
            roots,
            shared,
            asking: Mutex::default(),
            next: AtomicU64::default(),
            questions: tokio::sync::Mutex::default(),
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
            over: CancellationToken::new(),
        };
        self.asking.lock().insert(number, asking);
        UnderWay(self, number)
    }

    /// Asks the user for a yes to what a server wants to know, where its form is filled without them: by its
    /// own defaults, and a yes by a yes.
    async fn ask(&self, message: String, schema: &ElicitationSchema) -> Option<Value> {
        let filled = filled(schema)?;
        let asking = self.asked_for()?;
        let operator = asking.operator?;
        let _alone = self.questions.try_lock().ok()?;
        let answers = Value::Object(filled.clone()).to_string();
        if answers.len() > ANSWER_BYTES {
            return None;
        }
        let answers = Approval::new(&answers).detail;
        let detail = format!("(yes answers {answers}) {}", Approval::new(&message).detail);
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
        tokio::select! {
            biased;
            () = asking.over.cancelled() => None,
            yes = operator.approve(question) => yes.then_some(Value::Object(filled)),
        }
    }

    /// For which call it asks something; none where nobody can know.
    fn asked_for(&self) -> Option<Asking> {
        let asking = self.asking.lock();
        let only = asking.values().next().filter(|_| asking.len() == 1 && !self.shared);
        only.cloned()
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
    use futures_core::future::BoxFuture;
    use holm_kernel::Answer;

    use super::*;

    /// Who says yes once they are let, and keeps what they were asked.
    #[derive(Default)]
    struct User {
        asked: Mutex<Vec<String>>,
        lets: Notify,
    }

    impl Operator for User {
        fn denied(&self, _: Question) -> BoxFuture<'_, Answer> {
            Box::pin(async { Answer::Deny })
        }

        fn told(&self, _: Question) {}

        fn approve(&self, question: Question) -> BoxFuture<'_, bool> {
            self.asked.lock().push(question.approval.expect("shown").detail);
            Box::pin(async {
                self.lets.notified().await;
                true
            })
        }

        fn deferred(&self, _: Question, _: u64) -> BoxFuture<'_, ()> {
            Box::pin(async {})
        }
    }

    fn call(user: &Arc<User>) -> ServerCall {
        ServerCall {
            root: Pid::from(1),
            pid: Pid::from(1),
            plugin: "agent".to_owned(),
            server: "s".to_owned(),
            tool: "t".to_owned(),
            arguments: "{}".to_owned(),
            maximum: holm_kernel::account::Bytes(1 << 20),
            operator: Some(user.clone()),
        }
    }

    #[tokio::test]
    async fn a_question_is_of_one_call_and_ends_with_it() {
        let user = Arc::<User>::default();
        let client = Client::new(Vec::new(), false);
        let sure = r#"{"type":"object","properties":{"sure":{"type":"boolean"}}}"#;
        let sure: ElicitationSchema = serde_json::from_str(sure).expect("a form");
        let ask = |text: String| client.ask(text, &sure);
        assert_eq!(ask("before".to_owned()).await, None);
        let one = client.calls(&call(&user));
        // One at a time, and the whole of it is shown in few bytes.
        let (first, second) = tokio::join!(ask("x".repeat(1 << 20)), async {
            let second = ask("again".to_owned()).await;
            user.lets.notify_one();
            second
        });
        assert_eq!((first, second), (Some(serde_json::json!({"sure": true})), None));
        let asked = user.asked.lock().clone();
        assert!(
            asked.len() == 1 && asked[0].starts_with("(yes answers {\"sure\":true}) xxx") && asked[0].len() < 2_200
        );
        // Nobody knows whose it is.
        let two = client.calls(&call(&user));
        assert_eq!(ask("whose".to_owned()).await, None);
        drop(two);
        // It ends with its call.
        let (late, ()) = tokio::join!(ask("late".to_owned()), async { drop(one) });
        assert_eq!((late, user.asked.lock().len()), (None, 2));
        let long = format!(
            r#"{{"type":"object","properties":{{"a":{{"type":"string","default":"{}"}}}}}}"#,
            "x".repeat(2_000)
        );
        let _three = client.calls(&call(&user));
        assert_eq!(client.ask(String::new(), &serde_json::from_str(&long).expect("a form")).await, None);
    }

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
