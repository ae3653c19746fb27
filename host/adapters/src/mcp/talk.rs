//! A call and its client, until it is over or waits for the client's next request: what it says is passed
//! on, what it asks is asked. Before 2026-07-28 a server asks by requests of its own; since then it answers
//! that it waits, and the client asks again with the answers.
#![expect(deprecated, reason = "tools may ask for completions and roots as long as clients offer them")]

use std::{collections::BTreeMap, future::Future, pin::Pin, sync::Arc};

use holm_kernel::answer::{Inquiry, Progress, Question, Reply};
use parking_lot::Mutex;
use rmcp::{
    ErrorData, RoleServer,
    model::{
        ClientCapabilities, InputRequest, InputRequests, InputRequiredResult, InputResponses, LoggingLevel,
        ProgressNotificationParam, ServerRequest,
    },
    service::{PeerRequestOptions, RequestContext},
};

use super::{
    asking,
    call::{Call, Event, Failed},
    logging,
    parked::{PATIENCE, Parked, Waiting, unguessable},
    profile::Client,
    tasks::SOON,
};

/// How a request is answered.
pub(crate) enum Outcome {
    /// With this.
    Ended(Result<String, Failed>),
    /// Not soon: it goes on as a task.
    Long(Box<Call>),
    /// Not yet: the client is to ask again, with answers.
    Waits(InputRequiredResult),
}

/// Questions that a client is asked, by the number of their inquiry.
type Asking<'a> = Pin<Box<dyn Future<Output = (u64, Vec<Reply>)> + Send + 'a>>;

/// What comes of them; nothing comes where none are asked.
async fn answers(asking: &mut Option<Asking<'_>>) -> (u64, Vec<Reply>) {
    match asking {
        Some(asking) => asking.await,
        None => std::future::pending().await,
    }
}

/// A client's request under way.
pub(crate) struct Talk<'a> {
    pub(crate) context: &'a RequestContext<RoleServer>,
    /// Whether the client asks again itself.
    pub(crate) modern: bool,
    /// How grave a line must be to be told; none are told otherwise.
    pub(crate) wanted: Option<LoggingLevel>,
    pub(crate) parked: &'a Arc<Parked>,
    pub(crate) client: &'a Client,
    /// Whose request of what this is: a call that waits is resumed by the same alone.
    pub(crate) scope: Vec<u8>,
    /// Whether what takes long becomes a task.
    pub(crate) tasks: bool,
    /// Whether this request made the call.
    pub(crate) early: bool,
    /// What the client answered with this request, until it is asked for.
    pub(crate) given: Mutex<InputResponses>,
    /// What it would have to be capable of to be asked what it was to be asked.
    pub(crate) lacking: Mutex<Option<ClientCapabilities>>,
}

impl Talk<'_> {
    /// Follows a call.
    ///
    /// # Errors
    /// The client cancelled it; its process ends.
    pub(crate) async fn follow(&self, mut call: Call) -> Result<Outcome, ErrorData> {
        let soon = tokio::time::sleep(SOON);
        tokio::pin!(soon);
        let mut asking: Option<Asking<'_>> = None;
        loop {
            let event = tokio::select! {
                event = call.next() => event,
                (id, replies) = answers(&mut asking) => {
                    asking = None;
                    call.reply(id, replies).await;
                    continue;
                }
                () = &mut soon, if self.tasks && asking.is_none() => return Ok(Outcome::Long(Box::new(call))),
                () = self.context.ct.cancelled() => return Err(cancelled()),
            };
            match event {
                Event::Line { logger, level, text } => {
                    logging::tell(self.context, self.wanted, &logger, &level, text).await;
                }
                Event::Told(progress) => self.tell(progress).await,
                Event::Withdrawn => asking = None,
                Event::Asked { id, inquiry } if self.modern => {
                    // What came with a call's first request is for what was called, and for no other plugin
                    // that asks by the same name.
                    let replies = match inquiry.root && self.early {
                        true => self.given(&inquiry),
                        false => vec![None; inquiry.questions.len()],
                    };
                    match self.wait(Waiting { call, id, inquiry, replies }).await {
                        Some(Waits::Parked(result)) => return Ok(Outcome::Waits(result)),
                        Some(Waits::Answered(answered)) => call = *answered,
                        None => return Err(cancelled()),
                    }
                }
                // It goes on to be heard meanwhile: it may be killed before anybody answers.
                Event::Asked { id, inquiry } => {
                    asking = Some(Box::pin(async move { (id, self.ask(&inquiry).await) }));
                }
                Event::Ended(result) => {
                    call.done();
                    return Ok(Outcome::Ended(result));
                }
            }
        }
    }

    /// Goes on with a call that waited for this request.
    ///
    /// # Errors
    /// There is none, or it is another's.
    pub(crate) async fn resume(&self, sealed: &str) -> Result<Outcome, ErrorData> {
        let waiting = self.parked.resume(sealed, &self.scope);
        let mut waiting =
            waiting.map_err(|_| ErrorData::invalid_params("no call waits for this requestState", None))?;
        let given = self.given(&waiting.inquiry);
        for (reply, given) in waiting.replies.iter_mut().zip(given) {
            *reply = reply.take().or(given);
        }
        // These answers were for this inquiry: the next one's questions are others, whatever they are called.
        self.given.lock().clear();
        self.settle(waiting).await
    }
}

/// What becomes of a call that asked.
enum Waits {
    /// It waits for the client's next request.
    Parked(InputRequiredResult),
    /// It goes on: all was answered.
    Answered(Box<Call>),
}

impl Talk<'_> {
    /// Has a call wait, or goes on with it.
    async fn settle(&self, waiting: Waiting) -> Result<Outcome, ErrorData> {
        match self.wait(waiting).await {
            Some(Waits::Parked(result)) => Ok(Outcome::Waits(result)),
            Some(Waits::Answered(call)) => Box::pin(self.follow(*call)).await,
            None => Err(cancelled()),
        }
    }

    /// What the client answered already of what is asked. Each answer is good for one question.
    fn given(&self, inquiry: &Inquiry) -> Vec<Option<Reply>> {
        let mut given = self.given.lock();
        let reply = |question: &Question| asking::reply(question, &given.remove(&question.name)?);
        inquiry.questions.iter().map(reply).collect()
    }

    /// Has a call wait for what its client can be asked; what it cannot is answered so.
    async fn wait(&self, mut waiting: Waiting) -> Option<Waits> {
        let client = self.capabilities();
        let mut requests = InputRequests::new();
        let mut nobody = Vec::new();
        for (at, question) in waiting.open() {
            match asking::request(&waiting.inquiry, question, &client, "") {
                Some(request) => drop(requests.insert(question.name.clone(), request)),
                None => nobody.push(at),
            }
        }
        for at in nobody {
            let (inquiry, profile) = (&waiting.inquiry, &self.client.profile);
            let mut needed = ClientCapabilities::default();
            asking::need(inquiry, &inquiry.questions[at], profile, &mut needed);
            // What no profile lets it ask for, its client need not be capable of.
            if needed != ClientCapabilities::default() {
                let mut lacking = self.lacking.lock();
                asking::need(inquiry, &inquiry.questions[at], profile, lacking.get_or_insert_default());
            }
            waiting.replies[at] = Some(Reply::Nobody);
        }
        if requests.is_empty() {
            let replies = waiting.replies.into_iter().map(|reply| reply.unwrap_or(Reply::Cancelled)).collect();
            waiting.call.reply(waiting.id, replies).await;
            return Some(Waits::Answered(Box::new(waiting.call)));
        }
        if self.context.ct.is_cancelled() {
            return None;
        }
        let sealed = self.parked.park(&self.client.name, waiting, &self.scope);
        Some(Waits::Parked(InputRequiredResult::new(Some(requests), Some(sealed))))
    }

    /// Asks a client by requests, one after the other.
    async fn ask(&self, inquiry: &Inquiry) -> Vec<Reply> {
        let client = self.capabilities();
        let mut replies = Vec::new();
        for question in &inquiry.questions {
            let reply = match asking::request(inquiry, question, &client, &unguessable()) {
                Some(request) => self.request(request).await.and_then(|answer| asking::reply(question, &answer)),
                None => Some(Reply::Nobody),
            };
            replies.push(reply.unwrap_or(Reply::Cancelled));
        }
        replies
    }

    /// One request to the client; nothing where it fails, or takes too long.
    async fn request(&self, request: InputRequest) -> Option<serde_json::Value> {
        let request = match request {
            InputRequest::CreateMessage(request) => ServerRequest::CreateMessageRequest(request),
            InputRequest::Elicitation(request) => ServerRequest::ElicitRequest(request),
            InputRequest::ListRoots(request) => ServerRequest::ListRootsRequest(request),
            _ => return None,
        };
        let options = PeerRequestOptions::with_timeout(PATIENCE);
        let asked = self.context.peer.send_request_with_option(request, options).await.ok()?;
        serde_json::to_value(asked.await_response().await.ok()?).ok()
    }

    fn capabilities(&self) -> ClientCapabilities {
        asking::allowed(self.context.client_capabilities().unwrap_or_default(), &self.client.profile)
    }

    /// Tells how far a call is, if the client wants to know.
    async fn tell(&self, progress: Progress) {
        let Some(token) = self.context.meta.get_progress_token() else { return };
        let mut told = ProgressNotificationParam::new(token, progress.done);
        told.total = progress.total;
        told.message = progress.message;
        // A client that is gone is noticed elsewhere.
        let _ = self.context.peer.notify_progress(told).await;
    }
}

/// What tells a request apart: whose it is, what it asks for, with which arguments.
pub(crate) fn scope(client: &str, method: &str, name: &str, arguments: &str) -> Vec<u8> {
    let parts = BTreeMap::from([("client", client), ("method", method), ("name", name), ("arguments", arguments)]);
    serde_json::to_vec(&parts).unwrap_or_default()
}

fn cancelled() -> ErrorData {
    ErrorData::internal_error("cancelled", None)
}
