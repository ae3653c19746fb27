//! A server under way: connected, told of its tools, called, ended.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use holm_kernel::devices::tool::{ServerCall, ServerError};
use parking_lot::{Mutex, RwLock};
use rmcp::{
    RoleClient,
    model::{CallToolRequestParams, ProtocolVersion, ServerNotification, SubscriptionFilter},
    service::{
        ClientInitializeError, ClientLifecycleMode, ClientServiceExt, RunningService, RunningServiceCancellationToken,
        ServiceError,
    },
    transport::{IntoTransport, async_rw::AsyncRwTransport},
};
use serde_json::{Map, Value};
use tokio::{sync::Semaphore, time::timeout};

use super::{
    Kind, Launch, Server, answer,
    client::Client,
    extra::{self, Failed},
    guard::{Allowance, MESSAGE_BYTES},
    hidden::Hidden,
    http,
    launch::expand,
    login::Logins,
    pins::Look,
    program::Program,
    told::{TOOLS, Tool},
};

/// How long a server may take until it has greeted, and told of its tools.
const GREETS_WITHIN: Duration = Duration::from_secs(30);
/// How long its connection may take to close.
const CLOSES_WITHIN: Duration = Duration::from_secs(2);
/// Calls of one server that are answered at once. Stops a hundred answers of 8 MiB.
const AT_ONCE: usize = 8;
/// Between two tries to hear of changes, from the second on: doubled each time.
const LISTENS_AGAIN: Duration = Duration::from_secs(1);
const LONGEST_DEAFNESS: Duration = Duration::from_secs(60);
/// A server that goes on telling of its progress has this many times the time of a call.
const PATIENCE: u32 = 10;

/// A server under way.
pub(super) struct Instance {
    name: String,
    /// As it was configured when it was started.
    pub(super) server: Arc<Server>,
    service: RunningService<RoleClient, Arc<Client>>,
    client: Arc<Client>,
    program: Option<Program>,
    hidden: Hidden,
    /// What one over HTTP may still stream.
    streamed: Arc<Allowance>,
    /// The digest of each of its tools, as it told them last.
    told: RwLock<Arc<BTreeMap<String, String>>>,
    /// Held by who hears of its tools anew: nobody is called by what they were meanwhile.
    refreshing: tokio::sync::Mutex<()>,
    calls: AtomicUsize,
    /// Those that are answered now; others wait.
    turns: Semaphore,
    used: Mutex<Instant>,
}

/// Sets a flag again, unless what it asks for was done.
struct Again<'a>(&'a AtomicBool, bool);

impl Drop for Again<'_> {
    fn drop(&mut self) {
        if !self.1 {
            self.0.store(true, SeqCst);
        }
    }
}

/// A call that counts, as long as this is kept.
struct Counted<'a>(&'a Instance);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        *self.0.used.lock() = Instant::now();
        self.0.calls.fetch_sub(1, SeqCst);
    }
}

impl Instance {
    /// Starts a server, and hears of its tools. Why it did not, for its user.
    pub(super) async fn start(
        name: &str,
        server: Arc<Server>,
        launch: &dyn Launch,
        logins: &Arc<Logins>,
    ) -> Result<(Self, Look), String> {
        match Self::start_in(Era::Any, name, server.clone(), launch, logins).await {
            // It took the question for its era for something else, or could not bear it.
            Err(Silent::Confused(_)) => Self::start_in(Era::Before, name, server, launch, logins).await,
            started => started,
        }
        .map_err(|silent| match silent {
            Silent::Confused(why) | Silent::Failed(why) => why,
            Silent::Unknown => late(),
        })
    }

    async fn start_in(
        era: Era,
        name: &str,
        server: Arc<Server>,
        launch: &dyn Launch,
        logins: &Arc<Logins>,
    ) -> Result<(Self, Look), Silent> {
        let client = Arc::new(Client::new(server.fs.clone(), server.share));
        let streamed = Arc::<Allowance>::default();
        let (service, program, hidden) = match server.kind() {
            Kind::Stdio => {
                let (mut environment, mut secrets) = (BTreeMap::new(), Vec::new());
                for (variable, text) in &server.env {
                    let (text, values) = expand((name, &server), text, launch).map_err(Silent::Failed)?;
                    environment.insert(variable.clone(), text);
                    secrets.extend(values);
                }
                // Known before it says anything.
                let hidden = Hidden::new(&secrets);
                let command = launch.command(name, &server, &environment).map_err(Silent::Failed)?;
                let started = Program::start(command, hidden.clone()).await;
                let (program, (reads, writes)) =
                    started.map_err(|error| Silent::Failed(hidden.brief(error.to_string())))?;
                let transport = AsyncRwTransport::new_client(reads, writes).with_max_line_length(MESSAGE_BYTES);
                match greet(client.clone(), transport, era).await {
                    Ok(service) => (service, Some(program), hidden),
                    // A program knows nothing of that.
                    Err(Silent::Unknown) => return Err(Silent::Failed(late())),
                    Err(Silent::Confused(error)) => {
                        let why = program.why().await;
                        program.stop().await;
                        return Err(Silent::Confused(format!("{why} ({})", hidden.brief(error))));
                    }
                    Err(Silent::Failed(error)) => {
                        let words = program.last_words();
                        program.stop().await;
                        let said = if words.is_empty() { String::new() } else { format!("; it says: {words}") };
                        return Err(Silent::Failed(format!("{}{said}", hidden.brief(error))));
                    }
                }
            }
            Kind::Http => {
                let transport = http::transport(name, &server, launch, logins, client.clone(), streamed.clone());
                let (transport, hidden) = transport.map_err(Silent::Failed)?;
                match greet(client.clone(), transport, era).await {
                    Ok(service) => (service, None, hidden),
                    Err(Silent::Unknown) => return Err(Silent::Failed(wants_login(name, &server, None))),
                    Err(Silent::Confused(error)) => return Err(Silent::Confused(hidden.brief(error))),
                    Err(Silent::Failed(error)) => return Err(Silent::Failed(hidden.brief(error))),
                }
            }
        };
        let instance = Self {
            name: name.to_owned(),
            server,
            service,
            client,
            program,
            hidden,
            streamed,
            told: RwLock::default(),
            refreshing: tokio::sync::Mutex::default(),
            calls: AtomicUsize::default(),
            turns: Semaphore::new(AT_ONCE),
            used: Mutex::new(Instant::now()),
        };
        match timeout(GREETS_WITHIN, instance.look()).await {
            Ok(Ok(look)) => {
                instance.listen().await;
                Ok((instance, look))
            }
            Ok(Err(error)) => {
                let why = instance.why(&error).await;
                instance.stop().await;
                Err(Silent::Failed(why))
            }
            Err(_) => {
                instance.stop().await;
                Err(Silent::Failed(late()))
            }
        }
    }

    /// Hears of its tools anew, where it said that they are others.
    pub(super) async fn refresh(&self) -> Result<Option<Look>, String> {
        let _alone = self.refreshing.lock().await;
        if !self.client.stale.swap(false, SeqCst) {
            return Ok(None);
        }
        let mut again = Again(&self.client.stale, false);
        match timeout(GREETS_WITHIN, self.look()).await {
            Ok(Ok(look)) => {
                again.1 = true;
                Ok(Some(look))
            }
            Ok(Err(error)) => Err(self.why(&error).await),
            Err(_) => Err(late()),
        }
    }

    /// What it tells of its tools now.
    async fn look(&self) -> Result<Look, ServiceError> {
        self.renew();
        let known = self.service.peer_info();
        let mut look = Look::default();
        if let Some(known) = &known {
            look.protocol = known.protocol_version.to_string();
            look.calls_itself = known.server_info.as_ref().map_or_else(String::new, |info| {
                let named = format!("{} {}", info.name, info.version);
                let named = named.chars().filter(|char| !holm_kernel::is_hidden(*char)).collect();
                self.hidden.text(named).chars().take(100).collect()
            });
        }
        for tool in known.iter().flat_map(|known| extra::tools(&known.capabilities)) {
            look.tools.insert(tool.name().to_owned(), tool);
        }
        let offers = known.as_ref().is_none_or(|known| known.capabilities.tools.is_some());
        let (mut cursor, mut count) = (None, 0);
        for _ in 0..extra::PAGES {
            if !offers {
                break;
            }
            let page = self.service.list_tools(extra::next(cursor)).await?;
            for told in &page.tools {
                count += 1;
                let shown: String = told.name.chars().filter(|char| !holm_kernel::is_hidden(*char)).take(64).collect();
                let refuse = |reason: &str| (shown.clone(), reason.to_owned());
                if count > TOOLS {
                    look.refused.extend([refuse("is one of over 512 tools")]);
                    break;
                }
                let known = self.hidden.told(told).ok_or("says a secret that it was given");
                match known.and_then(|told| Tool::new(&told)) {
                    Ok(tool) => drop(look.tools.insert(tool.name().to_owned(), tool)),
                    Err(reason) => look.refused.extend([refuse(reason)]),
                }
            }
            cursor = page.next_cursor;
            if cursor.is_none() || count > TOOLS {
                break;
            }
        }
        let told = look.tools.iter().map(|(name, tool)| (name.clone(), tool.digest.clone()));
        *self.told.write() = Arc::new(told.collect());
        Ok(look)
    }

    /// Asks a server of the present era to say when its tools change; one of the past does by itself.
    async fn listen(&self) {
        let known = self.service.peer_info();
        let tools = known.as_ref().and_then(|known| known.capabilities.tools.as_ref());
        let tells = tools.is_some_and(|tools| tools.list_changed == Some(true));
        let modern = known.as_ref().is_some_and(|known| known.protocol_version >= ProtocolVersion::V_2026_07_28);
        if !tells || !modern {
            return;
        }
        let (peer, client) = (self.service.peer().clone(), Arc::downgrade(&self.client));
        tokio::spawn(async move {
            let stale = || client.upgrade().map(|client| client.stale.store(true, SeqCst));
            let mut wait = LISTENS_AGAIN;
            loop {
                let filter = SubscriptionFilter::builder().tools_list_changed().build();
                let listening = peer.listen(filter).await;
                // What changed until now nobody heard; one that does not listen is asked once more, and then at
                // its next start.
                if stale().is_none() {
                    return;
                }
                let Ok(mut subscription) = listening else { return };
                while let Ok(Some(notification)) = subscription.next().await {
                    let changed = matches!(notification, ServerNotification::ToolListChangedNotification(_));
                    if changed && stale().is_none() {
                        return;
                    }
                }
                // It ended, or said more than was heard: what it said since is not known.
                if stale().is_none() || peer.is_transport_closed() {
                    return;
                }
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(LONGEST_DEAFNESS);
            }
        });
    }

    /// The digest of a tool as it told it last.
    pub(super) fn digest(&self, tool: &str) -> Option<String> {
        self.told.read().get(tool).cloned()
    }

    /// Calls a tool. Dropping this tells the server so.
    pub(super) async fn call(&self, call: &ServerCall) -> Result<String, ServerError> {
        let Ok(Value::Object(arguments)) = serde_json::from_str(&call.arguments) else {
            return Err(ServerError::InvalidArguments("they are no JSON object".to_owned()));
        };
        self.calls.fetch_add(1, SeqCst);
        let _counted = Counted(self);
        let limit = self.server.time_of(&call.tool);
        let Ok(Ok(_turn)) = timeout(limit, self.turns.acquire()).await else {
            let text = format!("`{}` has {AT_ONCE} calls under way, and none ended in time", call.server);
            return Err(ServerError::Unavailable(text));
        };
        let _under_way = self.client.calls(call);
        self.renew();
        let answered = tokio::select! {
            answered = self.in_time(limit, self.ask(&call.tool, arguments, call.maximum.0)) => answered,
            why = self.streamed.cut() => return Err(ServerError::Unavailable(format!("`{}`: {why}", call.server))),
        };
        let Some(answer) = answered else {
            let text = format!("`{}` did not answer within {} s", call.server, limit.as_secs_f32());
            return Err(ServerError::Unavailable(text));
        };
        let text = match answer {
            Ok(text) => self.hidden.text(text),
            Err(Failed::Arguments(text)) => return Err(ServerError::InvalidArguments(self.said(text))),
            Err(Failed::Tool(text)) => return Err(ServerError::Failed(self.said(text))),
            Err(Failed::Service(error)) => return Err(self.refusal(&call.server, &error).await),
        };
        match text.len() as u64 > call.maximum.0 {
            true => Err(ServerError::Failed(format!(
                "its answer has {} bytes, and a call takes {} at most",
                text.len(),
                call.maximum.0
            ))),
            false => Ok(text),
        }
    }

    async fn ask(&self, tool: &str, arguments: Map<String, Value>, maximum: u64) -> Result<String, Failed> {
        // A tool of its own of that name comes before ours.
        let own = self.service.peer_info().map(|known| extra::tools(&known.capabilities));
        let ours = own.iter().flatten().find(|ours| ours.name() == tool).map(|ours| &ours.digest);
        if ours.is_some()
            && ours == self.digest(tool).as_ref()
            && let Some(answer) = extra::call(&self.service, tool, arguments.clone(), maximum).await
        {
            return answer;
        }
        let params = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        let result = self.service.call_tool(params).await?;
        answer::of_tool(result).map_err(Failed::Tool)
    }

    /// Waits for an answer as long as it may take: anew with each word of its progress, and while its user
    /// thinks, but not for ever.
    async fn in_time<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        tokio::pin!(work);
        let end = Instant::now() + limit * PATIENCE;
        let mut due = Instant::now() + limit;
        loop {
            tokio::select! {
                done = &mut work => return Some(done),
                () = self.client.heard.notified() => due = (Instant::now() + limit).min(end),
                () = tokio::time::sleep_until(due.into()) => match self.client.thinking.load(SeqCst) {
                    0 => return None,
                    // A question is no way to hold a call for ever.
                    _ if Instant::now() >= end => return None,
                    _ => due = (Instant::now() + limit).min(end),
                },
            }
        }
    }

    fn renew(&self) {
        if let Some(program) = &self.program {
            program.allowance.renew();
        }
        self.streamed.renew();
    }

    async fn refusal(&self, name: &str, error: &ServiceError) -> ServerError {
        if error.auth_challenge().is_some() || error.is_authorization_required() {
            return ServerError::Unavailable(format!("`{name}`: {}", self.why(error).await));
        }
        match answer::refusal(error) {
            Some(ServerError::Failed(text)) => ServerError::Failed(self.said(text)),
            Some(ServerError::InvalidArguments(text)) => ServerError::InvalidArguments(self.said(text)),
            Some(refusal) => refusal,
            None => ServerError::Unavailable(format!("`{name}`: {}", self.why(error).await)),
        }
    }

    /// What it says of a failure.
    fn said(&self, text: String) -> String {
        answer::cut(self.hidden.text(text))
    }

    /// Why it says nothing more.
    async fn why(&self, error: &ServiceError) -> String {
        let challenge = error.auth_challenge();
        if challenge.is_some() || error.is_authorization_required() {
            return wants_login(&self.name, &self.server, challenge);
        }
        let why = match &self.program {
            Some(program) if self.is_over() || matches!(error, ServiceError::TransportClosed) => program.why().await,
            _ => chain(error),
        };
        self.hidden.brief(why)
    }

    /// Whether nothing more can come of it.
    pub(super) fn is_over(&self) -> bool {
        self.service.is_closed() || self.service.peer().is_transport_closed() || self.streamed.broken().is_some()
    }

    /// For how long nobody needed it; none while somebody does.
    pub(super) fn idle(&self) -> Option<Duration> {
        (self.calls.load(SeqCst) == 0).then(|| self.used.lock().elapsed())
    }

    /// Ends it; calls under way fail.
    pub(super) async fn stop(&self) {
        RunningServiceCancellationToken::cancel(self.service.cancellation_token());
        let closed = async {
            while !self.service.peer().is_transport_closed() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        if timeout(CLOSES_WITHIN, closed).await.is_err() {
            tracing::warn!("a server's connection does not close");
        }
        if let Some(program) = &self.program {
            program.stop().await;
        }
    }
}

/// In which era of the protocol a server is greeted.
#[derive(Clone, Copy)]
enum Era {
    /// In the present one, if it says that it is of that.
    Any,
    /// In the one before.
    Before,
}

/// Why a server did not greet, for its user.
enum Silent {
    /// It answered something else, or ended: perhaps since it is of another era.
    Confused(String),
    /// It cannot be reached, or says nothing.
    Failed(String),
    /// It speaks to whom it knows, or what its user was let do there is too little.
    Unknown,
}

/// Connects.
async fn greet<T, E, A>(
    client: Arc<Client>,
    transport: T,
    era: Era,
) -> Result<RunningService<RoleClient, Arc<Client>>, Silent>
where
    T: IntoTransport<RoleClient, E, A>,
    E: std::error::Error + Send + Sync + 'static,
{
    let lifecycle = match era {
        Era::Any => ClientLifecycleMode::Auto {
            preferred_versions: vec![ProtocolVersion::V_2026_07_28],
            legacy_version: Some(ProtocolVersion::LATEST_WITH_INITIALIZE),
        },
        Era::Before => ClientLifecycleMode::Initialize,
    };
    match timeout(GREETS_WITHIN, client.serve_with_lifecycle(transport, lifecycle)).await {
        Ok(Ok(service)) => Ok(service),
        Ok(Err(error)) if error.is_authorization_required() || error.auth_challenge().is_some() => Err(Silent::Unknown),
        Ok(Err(
            error @ (ClientInitializeError::ExpectedInitResponse(_)
            | ClientInitializeError::ExpectedInitResult(_)
            | ClientInitializeError::ConflictInitResponseId(..)
            | ClientInitializeError::UncorrelatedErrorResponse { .. }
            | ClientInitializeError::ConnectionClosed(_)),
        )) => Err(Silent::Confused(chain(&error))),
        Ok(Err(error)) => Err(Silent::Failed(chain(&error))),
        Err(_) => Err(Silent::Failed(late())),
    }
}

/// What its user does where a server does not know them, or lets them do too little.
fn wants_login(name: &str, server: &Server, challenge: Option<&str>) -> String {
    if server.has_token() {
        return "it does not take the `authorization` that is in its `headers`".to_owned();
    }
    let more = challenge.is_some_and(|challenge| challenge.contains("insufficient_scope"));
    match more {
        true => format!("it wants more than its login allows; `holm server login {name}` asks for that"),
        false => format!("it wants to know its user; `holm server login {name}` logs in there"),
    }
}

fn late() -> String {
    format!("it did not greet within {} s", GREETS_WITHIN.as_secs())
}

/// An error and what led to it, as long as it is and with what it names: [`Hidden::brief`] comes after it.
fn chain<E: std::error::Error>(error: &E) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(&format!(": {cause_text}"));
        }
        source = cause.source();
    }
    text.chars().map(|char| if holm_kernel::is_hidden(char) { ' ' } else { char }).collect()
}
