//! Calls that take long, for clients that know tasks (`io.modelcontextprotocol/tasks`): the call goes on as
//! the process that it is, and its client asks for it by a name that nobody guesses, and that is good for
//! that client alone.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::{Duration, SystemTime},
};

use holm_kernel::answer::Reply;
use parking_lot::Mutex;
use rmcp::model::{
    CallToolResult, ClientCapabilities, DetailedTask, InputRequests, InputResponses, JsonObject, Task, TaskPayload,
    TaskStatus,
};
use tokio::sync::watch;

use super::{
    answer, asking,
    call::{Call, Event, Failed},
    parked::{PATIENCE, Waiting, unguessable},
};

/// A call becomes a task when it is not over after this long.
pub(crate) const SOON: Duration = Duration::from_millis(400);

/// How long what came of a task is kept.
const KEPT: Duration = Duration::from_secs(60 * 60);

/// How often a client need look.
const LOOK: Duration = Duration::from_millis(500);

/// Tasks at a time, those that are over included. Where there are more, calls are answered as for clients
/// that know none.
const TASKS: usize = 1024;

/// The same, of one client: its own that are over make room.
const OWN: usize = 64;

/// Bytes of what came of one client's tasks. Stops who has results made and never fetches them.
const OWN_BYTES: usize = 64 << 20;

/// The tasks of all clients.
#[derive(Default)]
pub(crate) struct Tasks(Mutex<HashMap<String, Arc<One>>>);

/// There is no such task, or it is another's.
pub(crate) struct NoSuchTask;

/// A task.
struct One {
    client: String,
    capabilities: ClientCapabilities,
    made: SystemTime,
    state: Mutex<State>,
    /// Whether its client wants it no longer.
    cancelled: watch::Sender<bool>,
    /// Tells the one who follows the call that its questions are answered.
    answered: watch::Sender<()>,
}

struct State {
    changed: SystemTime,
    /// What the call said last.
    message: Option<String>,
    now: Now,
    /// What came of it, where it is over.
    bytes: usize,
}

/// Forgets the oldest of a client's tasks that are over; whether there was one.
fn evict(tasks: &mut HashMap<String, Arc<One>>, client: &str) -> bool {
    let over = tasks.iter().filter(|(_, task)| task.client == client && task.is_over());
    let oldest = over.min_by_key(|(_, task)| task.state.lock().changed).map(|(id, _)| id.clone());
    oldest.and_then(|oldest| tasks.remove(&oldest)).is_some()
}

/// How it is.
enum Now {
    Working,
    /// It waits for its client.
    Asks(Box<Waiting>),
    /// It is over.
    Over(TaskPayload),
}

impl Tasks {
    /// Whether there is room for another of this client. Its own that are over make room, the oldest first;
    /// nobody else's do.
    pub(crate) fn has_room(&self, client: &str) -> bool {
        let mut tasks = self.0.lock();
        loop {
            let own = tasks.values().filter(|task| task.client == client).count();
            if own < OWN && tasks.len() < TASKS {
                return true;
            }
            if !evict(&mut tasks, client) {
                return false;
            }
        }
    }

    /// Holds what came of a client's tasks to so many bytes.
    fn trim(&self, client: &str) {
        let mut tasks = self.0.lock();
        let bytes = |tasks: &HashMap<String, Arc<One>>| {
            let own = tasks.values().filter(|task| task.client == client);
            own.map(|task| task.state.lock().bytes).sum::<usize>()
        };
        while bytes(&tasks) > OWN_BYTES && evict(&mut tasks, client) {}
    }

    /// Makes a task of a call. `end` writes what comes of it.
    pub(crate) fn begin(
        self: &Arc<Self>,
        call: Call,
        client: &str,
        capabilities: ClientCapabilities,
        end: impl FnOnce(Result<String, Failed>) -> CallToolResult + Send + 'static,
    ) -> Task {
        let (id, made) = (unguessable(), SystemTime::now());
        let one = Arc::new(One {
            client: client.to_owned(),
            capabilities,
            made,
            state: Mutex::new(State { changed: made, message: None, now: Now::Working, bytes: 0 }),
            cancelled: watch::Sender::new(false),
            answered: watch::Sender::new(()),
        });
        self.0.lock().insert(id.clone(), one.clone());
        let told = one.told(&id);
        let (mine, name) = (self.clone(), id);
        tokio::spawn(async move {
            let client = one.client.clone();
            one.follow(call, end).await;
            // What came of it is the list's alone from here on: forgotten there, it is gone.
            drop(one);
            mine.trim(&client);
            tokio::time::sleep(KEPT).await;
            mine.0.lock().remove(&name);
        });
        told.task
    }

    /// How a task is.
    pub(crate) fn get(&self, id: &str, client: &str) -> Result<DetailedTask, NoSuchTask> {
        Ok(self.find(id, client)?.told(id))
    }

    /// Answers what a task asks; what it does not ask means nothing.
    pub(crate) fn update(&self, id: &str, client: &str, responses: &InputResponses) -> Result<(), NoSuchTask> {
        let task = self.find(id, client)?;
        let mut state = task.state.lock();
        if let Now::Asks(waiting) = &mut state.now {
            let answered: Vec<_> = waiting
                .open()
                .filter_map(|(at, question)| {
                    let response = responses.get(&key(waiting.id, &question.name))?;
                    Some((at, asking::reply(question, response)?))
                })
                .collect();
            for (at, reply) in answered {
                waiting.replies[at] = Some(reply);
            }
            if waiting.open().next().is_none() {
                task.answered.send_replace(());
            }
            state.changed = SystemTime::now();
        }
        Ok(())
    }

    /// Ends a task, and its process. One that is over does not mind.
    pub(crate) fn cancel(&self, id: &str, client: &str) -> Result<(), NoSuchTask> {
        self.find(id, client)?.cancelled.send_replace(true);
        Ok(())
    }

    fn find(&self, id: &str, client: &str) -> Result<Arc<One>, NoSuchTask> {
        self.0.lock().get(id).filter(|task| task.client == client).cloned().ok_or(NoSuchTask)
    }
}

impl One {
    fn is_over(&self) -> bool {
        matches!(self.state.lock().now, Now::Over(_))
    }

    /// Follows a call to its end. Its process ends with its cancellation, or where nobody answers it.
    async fn follow(&self, call: Call, end: impl FnOnce(Result<String, Failed>) -> CallToolResult) {
        let mut cancelled = self.cancelled.subscribe();
        let ended = tokio::select! {
            ended = self.run(call) => match ended {
                // The protocol's own failures, a process that broke down among them.
                Some(Err(failed)) if !failed.is_said() => TaskPayload::Failed { error: object(&answer::error(&failed)) },
                Some(result) => TaskPayload::Completed { result: object(&end(result)) },
                None => TaskPayload::Cancelled,
            },
            _ = cancelled.wait_for(|cancelled| *cancelled) => TaskPayload::Cancelled,
        };
        // A call that waited ends with its place here.
        let bytes = match &ended {
            TaskPayload::Completed { result: told } | TaskPayload::Failed { error: told } => {
                serde_json::to_vec(told).map_or(0, |written| written.len())
            }
            _ => 0,
        };
        self.set(Now::Over(ended));
        self.state.lock().bytes = bytes;
    }

    async fn run(&self, mut call: Call) -> Option<Result<String, Failed>> {
        loop {
            match call.next().await {
                Event::Told(progress) => {
                    let mut state = self.state.lock();
                    state.message = progress.message;
                    state.changed = SystemTime::now();
                }
                Event::Asked { id, inquiry } => {
                    let replies = vec![None; inquiry.questions.len()];
                    call = self.wait(Box::new(Waiting { call, id, inquiry, replies })).await?;
                }
                Event::Line { .. } | Event::Withdrawn => {}
                Event::Ended(result) => {
                    call.done();
                    return Some(result);
                }
            }
        }
    }

    /// Waits until all is answered that its client can be asked.
    async fn wait(&self, mut waiting: Box<Waiting>) -> Option<Call> {
        let mut answered = self.answered.subscribe();
        let nobody: Vec<_> = waiting
            .open()
            .filter(|(_, question)| asking::request(&waiting.inquiry, question, &self.capabilities, "").is_none())
            .map(|(at, _)| at)
            .collect();
        for at in nobody {
            waiting.replies[at] = Some(Reply::Nobody);
        }
        if waiting.open().next().is_some() {
            self.set(Now::Asks(waiting));
            let _ = tokio::time::timeout(PATIENCE, answered.changed()).await.ok()?;
            let mut state = self.state.lock();
            state.changed = SystemTime::now();
            let Now::Asks(settled) = std::mem::replace(&mut state.now, Now::Working) else { return None };
            waiting = settled;
        }
        let replies = waiting.replies.into_iter().map(|reply| reply.unwrap_or(Reply::Cancelled)).collect();
        waiting.call.reply(waiting.id, replies).await;
        Some(waiting.call)
    }

    fn set(&self, now: Now) {
        let mut state = self.state.lock();
        state.changed = SystemTime::now();
        state.now = now;
    }

    fn told(&self, id: &str) -> DetailedTask {
        let state = self.state.lock();
        let (status, payload) = match &state.now {
            Now::Working => (TaskStatus::Working, TaskPayload::Working),
            Now::Asks(waiting) => {
                let asked = waiting.open().filter_map(|(_, question)| {
                    let request = asking::request(&waiting.inquiry, question, &self.capabilities, "")?;
                    Some((key(waiting.id, &question.name), request))
                });
                let input_requests: InputRequests = asked.collect::<BTreeMap<_, _>>();
                (TaskStatus::InputRequired, TaskPayload::InputRequired { input_requests })
            }
            Now::Over(payload) => (payload.status(), payload.clone()),
        };
        let mut task = Task::new(id, status, written(self.made), written(state.changed))
            .with_ttl_ms(millis(KEPT))
            .with_poll_interval_ms(millis(LOOK));
        task.status_message.clone_from(&state.message);
        DetailedTask::new(task, payload)
    }
}

/// What a question of a task is called: one that is asked again is another.
fn key(inquiry: u64, question: &str) -> String {
    format!("{inquiry}.{question}")
}

fn written(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn object(result: &impl serde::Serialize) -> JsonObject {
    match serde_json::to_value(result) {
        Ok(serde_json::Value::Object(object)) => object,
        _ => JsonObject::new(),
    }
}
