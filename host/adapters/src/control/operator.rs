//! The operator of one run, at the other end of its connection: told of denials, and asked.

use std::{
    collections::{HashMap, HashSet},
    future::Future,
    path::Path,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use holm_kernel::{Answer, Operator, Question, process::Pid};
use holm_packages::Plugins;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::{
    protocol::{Choice, Reply},
    runs::RunGrants,
    voice::Voice,
};

/// Denials are told once each, and this many in all: a guest that asks for ever is not heard for ever.
const TOLD: usize = 1024;

/// What a process wrote is on its way to the client before a question is.
const SETTLE: Duration = Duration::from_millis(10);

/// A client as operator.
pub(crate) struct Client {
    voice: Voice,
    asks: bool,
    run: Arc<RunGrants>,
    plugins: Arc<Plugins>,
    told: Mutex<HashSet<(Pid, String, String)>>,
    next: AtomicU64,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Choice>>>,
}

impl Client {
    pub(crate) fn new(voice: Voice, asks: bool, run: Arc<RunGrants>, plugins: Arc<Plugins>) -> Arc<Self> {
        let (told, waiting) = (Mutex::default(), Mutex::default());
        Arc::new(Self { voice, asks, run, plugins, told, next: AtomicU64::default(), waiting })
    }

    /// The user answered. An id that was not asked means nothing.
    pub(crate) fn answer(&self, id: u64, choice: Choice) {
        if let Some(waiting) = self.waiting.lock().remove(&id) {
            let _ = waiting.send(choice);
        }
    }

    /// The client is gone: whoever waits for it is denied.
    pub(crate) fn gone(&self) {
        self.waiting.lock().clear();
    }

    /// Whether it was not told yet, and may be.
    fn is_new(&self, question: &Question) -> bool {
        let key = (question.pid, question.capability.clone(), question.resource.clone());
        let mut told = self.told.lock();
        told.len() < TOLD && told.insert(key)
    }

    async fn decide(&self, question: Question) -> Answer {
        if !self.is_new(&question) {
            return Answer::Deny;
        }
        let installed = self.plugins.store().find(&question.plugin).is_ok();
        // Holm's own files are not granted once either.
        let own = question.capability == "fs" && {
            let path = question.resource.rsplit_once(':').map_or(question.resource.as_str(), |(path, _)| path);
            self.plugins.protected().touched_by(Path::new(path)).is_some()
        };
        if !self.asks || !question.grantable || own {
            let _ = self.voice.say(Reply::Denied { question, ask: None, installed }).await;
            return Answer::Deny;
        }
        let line = format!("{}={}", question.capability, question.resource);
        let asked = question.clone();
        match self.ask(|id| Reply::Denied { question: asked, ask: Some(id), installed }).await {
            // The run's own program: by a rule that `holm revoke` reaches. A child's: by the kernel.
            Choice::Once if question.root && question.plugin == self.run.program && self.run.allow(&line) => {
                Answer::Deny
            }
            Choice::Once => Answer::Once,
            Choice::Always => match self.plugins.grant(&question.plugin, &[line], Path::new("/")) {
                // The kernel asks the grants anew.
                Ok(_) => Answer::Deny,
                Err(error) => {
                    let _ = self.voice.say(Reply::Warning(format!("not granted: {error}"))).await;
                    Answer::Deny
                }
            },
            Choice::Never => Answer::Deny,
        }
    }
}

impl Client {
    /// Asks the user; who is gone says no.
    async fn ask(&self, question: impl FnOnce(u64) -> Reply) -> Choice {
        // What the guest wrote before comes before the question.
        tokio::time::sleep(SETTLE).await;
        let id = self.next.fetch_add(1, Relaxed);
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting(self, id);
        self.waiting.lock().insert(id, answer);
        if self.voice.say(question(id)).await.is_err() {
            return Choice::Never;
        }
        let choice = answered.await.unwrap_or(Choice::Never);
        drop(waiting);
        choice
    }

    async fn allow(&self, question: Question) -> bool {
        if self.asks {
            return self.ask(|id| Reply::Approve { question, ask: id }).await == Choice::Once;
        }
        if self.is_new(&question) {
            let rule = format!("{} asks, and there is nobody to ask", question.rule);
            let question = Question { rule, ..question };
            let _ = self.voice.say(Reply::Denied { question, ask: None, installed: false }).await;
        }
        false
    }
}

/// A question under way: whoever no longer waits for its answer is forgotten.
struct Waiting<'a>(&'a Client, u64);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.lock().remove(&self.1);
    }
}

impl Operator for Client {
    fn told(&self, question: Question) {
        if !self.is_new(&question) {
            return;
        }
        // In its place before what follows; a client that does not listen is told when it does.
        self.voice.call_out(Reply::Denied { question, ask: None, installed: false });
    }

    fn approve(&self, question: Question) -> Pin<Box<dyn Future<Output = bool> + Send + '_>> {
        Box::pin(self.allow(question))
    }

    fn deferred(&self, question: Question, id: u64) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        // Nobody may be listening: it waits all the same.
        Box::pin(async move { drop(self.voice.say(Reply::Deferred { question, id }).await) })
    }

    fn denied(&self, question: Question) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
        Box::pin(self.decide(question))
    }
}

#[cfg(test)]
mod tests {
    use std::{path::Path, sync::Arc};

    use holm_kernel::{Answer, Question, account::Limits, devices::Grants, process::Pid};
    use holm_packages::Plugins;
    use tokio::sync::mpsc;

    use super::{Choice, Client, Reply, Voice};
    use crate::control::runs::{RunGrants, Runs};

    fn question(plugin: &str, root: bool, resource: &str) -> Question {
        Question {
            pid: "7".parse::<Pid>().expect("a pid"),
            root,
            plugin: plugin.to_owned(),
            capability: "fs".to_owned(),
            resource: resource.to_owned(),
            rule: "not granted".to_owned(),
            grantable: true,
            approval: None,
        }
    }

    /// What becomes of a question of the run of `clipper` that is answered with "once", if it is asked.
    async fn once(home: &Path, question: Question) -> (Answer, bool, Arc<RunGrants>) {
        let plugins = Arc::new(Plugins::open(home, [], Limits::default()).expect("a home"));
        let run = Runs::default().begin("clipper", None, Grants::default());
        let (outgoing, mut replies) = mpsc::channel(4);
        let client = Client::new(Voice::new(outgoing), true, run.clone(), plugins);
        let (answer, asked) = tokio::join!(client.decide(question), async {
            let Some(Reply::Denied { ask, .. }) = replies.recv().await else { panic!("it is told") };
            if let Some(id) = ask {
                client.answer(id, Choice::Once);
            }
            ask.is_some()
        });
        (answer, asked, run)
    }

    #[tokio::test]
    async fn once_widens_the_run_for_its_root_alone() {
        let home = tempfile::tempdir().expect("a home");
        let (_, asked, run) = once(home.path(), question("clipper", true, "/data:ro")).await;
        assert!(asked);
        assert_eq!(run.live.get().lines(), ["fs=/data:ro"]);
        // A child of the same plugin, and a child of another: by the kernel, for that process alone.
        for plugin in ["clipper", "other"] {
            let (answer, asked, run) = once(home.path(), question(plugin, false, "/data:ro")).await;
            assert_eq!((answer, asked, run.live.get().lines()), (Answer::Once, true, Vec::new()));
        }
    }

    #[tokio::test]
    async fn holms_own_files_are_not_even_asked_for() {
        let home = tempfile::tempdir().expect("a home");
        for path in [home.path().join("plugins"), home.path().join("grants.toml"), home.path().to_path_buf()] {
            let (answer, asked, run) =
                once(home.path(), question("clipper", true, &format!("{}:rw", path.display()))).await;
            assert_eq!((answer, asked, run.live.get().lines()), (Answer::Deny, false, Vec::new()));
        }
    }
}
