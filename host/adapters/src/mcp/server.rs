//! What clients ask for, and how it is answered.
#![expect(deprecated, reason = "clients before 2026-07-28 are told what calls say by logging")]

use std::{
    collections::{BTreeSet, HashMap},
    io,
    sync::Arc,
    time::Duration,
};

use holm_kernel::program::{ArgumentOf, Fetch};
use parking_lot::Mutex;
use rmcp::{
    ErrorData, RoleServer, ServerHandler, ServiceExt as _,
    model::{
        CallToolRequestParams, CallToolResponse, CancelTaskParams, ClientCapabilities, CompleteRequestParams,
        CompleteResult, CompletionInfo, CreateTaskResult, GetPromptRequestParams, GetPromptResponse, GetPromptResult,
        GetTaskParams, GetTaskResult, Implementation, InputResponses, ListPromptsResult, ListResourceTemplatesResult,
        ListResourcesResult, ListToolsResult, LoggingLevel, PaginatedRequestParams, ProtocolVersion,
        ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, Reference,
        ResourceUpdatedNotificationParam, ResultType, ServerCapabilities, ServerConfig, SetLevelRequestParams,
        SubscribeRequestParams, SubscriptionFilter, Tool, UnsubscribeRequestParams, UpdateTaskParams,
    },
    service::{NotificationContext, RequestContext, ServerInitializeError, SubscriptionContext},
};
use serde::de::DeserializeOwned;

use super::{
    answer, asking,
    call::{Call, Failed},
    catalog::{Catalog, NoSuchPage},
    http::Gate,
    profile::Client,
    share::CALLS,
    shared::{Changes, Shared},
    talk::{Outcome, Talk, scope},
    tasks::NoSuchTask,
};
use crate::control::{self, Failure, Fetching, Kind, Request, Target};

/// How often it is looked whether a client that is told of changes is still there.
const GLANCE: Duration = Duration::from_secs(30);

/// Resources that one client hears of. Stops one that asks for a new one for ever.
const WATCHED: usize = 256;

/// What models are told of Holm.
const INSTRUCTIONS: &str = "Tools of sandboxed plugins. A tool that was denied something says which command \
    would allow it: tell your user, who alone can decide that.";

/// The end of a connection that faces a client.
pub(crate) struct Front {
    shared: Arc<Shared>,
    /// Who is at the other end, where each request does not say it.
    gate: Option<Arc<dyn Gate>>,
    /// How grave a line must be to be told, before 2026-07-28.
    level: Mutex<LoggingLevel>,
    /// The resources that it wants to hear of, before 2026-07-28.
    watched: Arc<Mutex<BTreeSet<String>>>,
}

/// Serves one client over standard input and output, until it closes them. What it is offered is asked of
/// `gate` at each request, without a token.
///
/// # Errors
/// It speaks something else, or the pipe failed.
pub async fn stdio(shared: Arc<Shared>, gate: Arc<dyn Gate>) -> io::Result<()> {
    let front = Front::new(shared, Some(gate));
    match front.serve(rmcp::transport::stdio_pipes()).await {
        Ok(running) => running.waiting().await.map(drop).map_err(io::Error::other),
        // It has thought better of it.
        Err(ServerInitializeError::ConnectionClosed(_) | ServerInitializeError::Cancelled) => Ok(()),
        Err(error) => Err(io::Error::other(error)),
    }
}

/// What a request that asks for a plugin's work is about.
struct Asked<'a> {
    method: &'a str,
    /// The plugin that is to work.
    plugin: &'a str,
    /// What the client calls it.
    name: &'a str,
    /// As they were written.
    arguments: String,
    /// What a call that waited is sent back with.
    state: Option<&'a str>,
    responses: Option<&'a InputResponses>,
}

impl Front {
    pub(crate) fn new(shared: Arc<Shared>, gate: Option<Arc<dyn Gate>>) -> Self {
        Self { shared, gate, level: Mutex::new(LoggingLevel::Info), watched: Arc::default() }
    }

    /// Who asks: over HTTP each request was let in by a token.
    fn client(&self, context: &RequestContext<RoleServer>) -> Result<Client, ErrorData> {
        let parts = context.extensions.get::<http::request::Parts>();
        let client = parts.and_then(|parts| parts.extensions.get::<Client>()).cloned();
        let client = client.or_else(|| self.gate.as_ref()?.admit(None));
        client.ok_or_else(|| ErrorData::internal_error("it is not known who asks", None))
    }

    /// Who asks, and what it is offered.
    async fn offered(&self, context: &RequestContext<RoleServer>) -> Result<(Client, Arc<Catalog>), ErrorData> {
        let client = self.client(context)?;
        let catalog = self.shared.catalog(&client.profile).await.map_err(|failure| internal(&failure))?;
        Ok((client, catalog))
    }

    /// Has a plugin work, or go on with what it was at.
    async fn work(
        &self,
        asked: Asked<'_>,
        client: &Client,
        context: &RequestContext<RoleServer>,
        request: impl FnOnce(String) -> Request,
    ) -> Result<Outcome, ErrorData> {
        let modern = is_modern(context);
        let wanted = if modern { context.meta.log_level() } else { Some(*self.level.lock()) };
        let scope = scope(&client.name, asked.method, asked.name, &asked.arguments);
        // What is fetched is answered at once; a tool may take its time, for clients that know how.
        let tasks = asked.method == "tools/call" && capabilities(context).supports_tasks();
        let given = Mutex::new(asked.responses.cloned().unwrap_or_default());
        let lacking = Mutex::default();
        let early = asked.state.is_none();
        let parked = &self.shared.parked;
        let mut talk = Talk { context, modern, wanted, parked, client, scope, tasks, early, given, lacking };
        let mut outcome = match asked.state {
            Some(state) => talk.resume(state).await?,
            None => {
                let place = tokio::select! {
                    place = self.shared.shares.take(&client.name) => place,
                    () = context.ct.cancelled() => return Err(ErrorData::internal_error("cancelled", None)),
                };
                let Some(place) = place else {
                    let failure = Failure::new(Kind::Busy, format!("this client has {CALLS} calls under way"));
                    return Ok(Outcome::Ended(Err(Failed::Kernel(failure))));
                };
                match Call::begin(self.shared.kernel.clone(), place, request(asked.arguments)).await {
                    Ok(call) => talk.follow(call).await?,
                    Err(failure) => Outcome::Ended(Err(Failed::Kernel(failure))),
                }
            }
        };
        if let Outcome::Long(call) = outcome {
            if self.shared.tasks.has_room(&client.name) {
                return Ok(Outcome::Long(call));
            }
            talk.tasks = false;
            outcome = talk.follow(*call).await?;
        }
        match (&outcome, talk.lacking.into_inner()) {
            // It failed, and could not ask its client what it needed to.
            (Outcome::Ended(Err(Failed::Tool { .. })), Some(lacking)) if modern => {
                Err(ErrorData::missing_required_client_capability(lacking))
            }
            _ => Ok(outcome),
        }
    }

    /// Fetches what a plugin offers beside its tools.
    async fn fetch(
        &self,
        asked: Asked<'_>,
        client: &Client,
        context: &RequestContext<RoleServer>,
        fetch: Fetch,
    ) -> Result<Outcome, ErrorData> {
        let target = Target::Installed(asked.plugin.to_owned());
        let terms = client.profile.terms(&client.name, self.shared.directory.clone());
        // Who completes an argument is not asked: that is no request that can be made again with answers.
        let hears = !matches!(fetch, Fetch::Completion { .. });
        self.work(asked, client, context, |_| Request::Fetch(Fetching { target, fetch, hears, terms })).await
    }
}

/// Whether the request is of the era without sessions.
fn is_modern(context: &RequestContext<RoleServer>) -> bool {
    context.protocol_version().is_some_and(|version| version.as_str() >= ProtocolVersion::V_2026_07_28.as_str())
}

fn capabilities(context: &RequestContext<RoleServer>) -> ClientCapabilities {
    context.client_capabilities().unwrap_or_default()
}

fn no_task(_: NoSuchTask) -> ErrorData {
    ErrorData::invalid_params("no such task", None)
}

fn internal(failure: &Failure) -> ErrorData {
    ErrorData::internal_error(failure.message.clone(), None)
}

fn no_page(_: NoSuchPage) -> ErrorData {
    ErrorData::invalid_params("no such cursor", None)
}

fn cursor(request: Option<PaginatedRequestParams>) -> Option<String> {
    request.and_then(|request| request.cursor)
}

/// What was fetched, or why nothing was, as a protocol error: there is no other kind here.
fn fetched<T: DeserializeOwned>(result: Result<String, Failed>, missing: ErrorData) -> Result<T, ErrorData> {
    match result {
        Ok(json) => serde_json::from_str(&json).map_err(|error| {
            ErrorData::internal_error(format!("the plugin answered what is not MCP's: {error}"), None)
        }),
        Err(failed) if failed.is_missing() => Err(missing),
        Err(failed) => Err(answer::error(&failed)),
    }
}

/// `{"a":"b"}` as the pairs that plugins take.
fn pairs(arguments: &HashMap<String, String>) -> Vec<(String, String)> {
    let mut pairs: Vec<_> = arguments.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    pairs.sort();
    pairs
}

impl ServerHandler for Front {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_logging()
            .enable_completions()
            .enable_prompts()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_tools()
            .enable_prompts_list_changed()
            .enable_resources_list_changed()
            .enable_tool_list_changed()
            .enable_tasks();
        ServerConfig::new(capabilities.build())
            .with_server_info(Implementation::new("holm", self.shared.version.clone()).with_title("Holm"))
            .with_instructions(INSTRUCTIONS)
    }

    /// For the headers that a tool's schema asks for: whoever asks, the tool is the same.
    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.shared.described(name)
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let (_, catalog) = self.offered(&context).await?;
        let (items, next) = catalog.tools.page(cursor(request).as_deref()).map_err(no_page)?;
        let mut page = ListToolsResult::with_all_items(items);
        page.next_cursor = next;
        Ok(page)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let (client, catalog) = self.offered(&context).await?;
        let unknown = || ErrorData::invalid_params(format!("unknown tool: {}", request.name), None);
        let offered = catalog.tools.find(&request.name).ok_or_else(unknown)?;
        let arguments = request.arguments.as_ref().map_or_else(|| Ok("{}".to_owned()), serde_json::to_string);
        let asked = Asked {
            method: "tools/call",
            plugin: &offered.plugin,
            name: &request.name,
            arguments: arguments.map_err(|error| ErrorData::invalid_params(error.to_string(), None))?,
            state: request.request_state.as_deref(),
            responses: request.input_responses.as_ref(),
        };
        let call = |arguments| {
            Request::Call(control::Call {
                target: Target::Installed(offered.plugin.clone()),
                tool: offered.own.clone(),
                arguments,
                servers: false,
                hears: true,
                terms: client.profile.terms(&client.name, self.shared.directory.clone()),
            })
        };
        let loose = is_modern(&context) && offered.described.output_schema.is_some();
        Ok(match self.work(asked, &client, &context, call).await? {
            Outcome::Waits(result) => result.into(),
            Outcome::Long(long) => {
                let end = move |result| match result {
                    Ok(json) => answer::result(json, loose),
                    Err(failed) => answer::failed(&failed),
                };
                let task = self.shared.tasks.begin(
                    *long,
                    &client.name,
                    asking::allowed(capabilities(&context), &client.profile),
                    end,
                );
                CallToolResponse::Task(CreateTaskResult::new(task))
            }
            Outcome::Ended(Ok(json)) => answer::result(json, loose).into(),
            Outcome::Ended(Err(Failed::Kernel(failure))) if failure.kind == Kind::NotFound => return Err(unknown()),
            Outcome::Ended(Err(failed)) => answer::failed(&failed).into(),
        })
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let (_, catalog) = self.offered(&context).await?;
        let (items, next) = catalog.resources.page(cursor(request).as_deref()).map_err(no_page)?;
        let mut page = ListResourcesResult::with_all_items(items);
        page.next_cursor = next;
        Ok(page)
    }

    async fn list_resource_templates(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let (_, catalog) = self.offered(&context).await?;
        let (items, next) = catalog.templates.page(cursor(request).as_deref()).map_err(no_page)?;
        let mut page = ListResourceTemplatesResult::with_all_items(items);
        page.next_cursor = next;
        Ok(page)
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let (client, catalog) = self.offered(&context).await?;
        let missing = || {
            let uri = serde_json::json!({ "uri": request.uri });
            ErrorData::resource_not_found(format!("no such resource: {}", request.uri), Some(uri))
        };
        let (plugin, uri) = catalog.resource(&request.uri).ok_or_else(missing)?;
        let asked = Asked {
            method: "resources/read",
            plugin,
            name: &request.uri,
            arguments: String::new(),
            state: request.request_state.as_deref(),
            responses: request.input_responses.as_ref(),
        };
        match self.fetch(asked, &client, &context, Fetch::Resource { uri }).await? {
            Outcome::Waits(result) => Ok(result.into()),
            Outcome::Long(_) => Err(missing()),
            Outcome::Ended(result) => {
                let read: ReadResourceResult = fetched(result, missing())?;
                Ok(ReadResourceResult::new(read.contents).into())
            }
        }
    }

    async fn list_prompts(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let (_, catalog) = self.offered(&context).await?;
        let (items, next) = catalog.prompts.page(cursor(request).as_deref()).map_err(no_page)?;
        let mut page = ListPromptsResult::with_all_items(items);
        page.next_cursor = next;
        Ok(page)
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let (client, catalog) = self.offered(&context).await?;
        let missing = || ErrorData::invalid_params(format!("unknown prompt: {}", request.name), None);
        let offered = catalog.prompts.find(&request.name).ok_or_else(missing)?;
        let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let given = request.arguments.iter().flatten().map(|(name, value)| (name.clone(), text(value)));
        let arguments: Vec<_> = given.collect();
        let asked = Asked {
            method: "prompts/get",
            plugin: &offered.plugin,
            name: &request.name,
            arguments: serde_json::to_string(&arguments).unwrap_or_default(),
            state: request.request_state.as_deref(),
            responses: request.input_responses.as_ref(),
        };
        let fetch = Fetch::Prompt { name: offered.own.clone(), arguments };
        match self.fetch(asked, &client, &context, fetch).await? {
            Outcome::Waits(result) => Ok(result.into()),
            Outcome::Long(_) => Err(missing()),
            Outcome::Ended(result) => {
                let mut filled: GetPromptResult = fetched(result, missing())?;
                filled.result_type = Some(ResultType::COMPLETE);
                Ok(filled.into())
            }
        }
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let (client, catalog) = self.offered(&context).await?;
        let missing = || ErrorData::invalid_params("it is not offered", None);
        let (plugin, of) = match &request.r#ref {
            Reference::Prompt(prompt) => {
                let offered = catalog.prompts.find(&prompt.name).ok_or_else(missing)?;
                (&offered.plugin, ArgumentOf::Prompt(offered.own.clone()))
            }
            Reference::Resource(resource) => {
                let offered = catalog.templates.find(&resource.uri).ok_or_else(missing)?;
                (&offered.plugin, ArgumentOf::Template(offered.own.clone()))
            }
            _ => return Err(missing()),
        };
        let known = request.context.and_then(|context| context.arguments).unwrap_or_default();
        let fetch = Fetch::Completion {
            of,
            argument: request.argument.name,
            value: request.argument.value,
            known: pairs(&known),
        };
        let asked = Asked {
            method: "completion/complete",
            plugin,
            name: "",
            arguments: String::new(),
            state: None,
            responses: None,
        };
        match self.fetch(asked, &client, &context, fetch).await? {
            // It was not to ask.
            Outcome::Waits(_) | Outcome::Long(_) => Ok(CompleteResult::default()),
            Outcome::Ended(result) => Ok(CompleteResult::new(fetched::<CompletionInfo>(result, missing())?)),
        }
    }

    async fn get_task(
        &self,
        request: GetTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        let client = self.client(&context)?;
        Ok(GetTaskResult::new(self.shared.tasks.get(&request.task_id, &client.name).map_err(no_task)?))
    }

    async fn update_task(
        &self,
        request: UpdateTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let client = self.client(&context)?;
        self.shared.tasks.update(&request.task_id, &client.name, &request.input_responses).map_err(no_task)
    }

    async fn cancel_task(
        &self,
        request: CancelTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let client = self.client(&context)?;
        self.shared.tasks.cancel(&request.task_id, &client.name).map_err(no_task)
    }

    async fn set_level(
        &self,
        request: SetLevelRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        *self.level.lock() = request.level;
        Ok(())
    }

    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let (_, catalog) = self.offered(&context).await?;
        let missing = || ErrorData::resource_not_found(format!("no such resource: {}", request.uri), None);
        catalog.resource(&request.uri).ok_or_else(missing)?;
        let mut watched = self.watched.lock();
        if watched.len() >= WATCHED && !watched.contains(&request.uri) {
            return Err(ErrorData::invalid_params(format!("{WATCHED} resources are watched already"), None));
        }
        watched.insert(request.uri);
        Ok(())
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.watched.lock().remove(&request.uri);
        Ok(())
    }

    /// A client before 2026-07-28 is told of changes without asking.
    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        let mut changes = self.shared.changes();
        let mut known = *changes.borrow_and_update();
        let watched = self.watched.clone();
        tokio::spawn(async move {
            while !context.peer.is_transport_closed() {
                match tokio::time::timeout(GLANCE, changes.changed()).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) => return,
                    Err(_) => continue,
                }
                let now = *changes.borrow_and_update();
                let told = async {
                    if now.tools != known.tools {
                        context.peer.notify_tool_list_changed().await?;
                    }
                    if now.offers != known.offers {
                        context.peer.notify_prompt_list_changed().await?;
                        context.peer.notify_resource_list_changed().await?;
                    }
                    if now.held != known.held {
                        let watched = watched.lock().clone();
                        for uri in watched {
                            let updated = ResourceUpdatedNotificationParam::new(uri);
                            context.peer.notify_resource_updated(updated).await?;
                        }
                    }
                    Ok::<_, rmcp::ServiceError>(())
                };
                if told.await.is_err() {
                    return;
                }
                known = now;
            }
        });
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        let told = SubscriptionFilter::builder().tools_list_changed().prompts_list_changed().resources_list_changed();
        let watched = requested.resource_subscriptions.iter().flatten().take(WATCHED).cloned();
        let told = told.resource_subscriptions(watched);
        Some(requested.intersection(&told.build()))
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let mut changes = self.shared.changes();
        let mut known: Changes = *changes.borrow_and_update();
        loop {
            let changed = tokio::select! {
                changed = changes.changed() => changed.is_ok(),
                () = context.cancelled() => false,
            };
            if !changed {
                return Ok(());
            }
            let now = *changes.borrow_and_update();
            let (sink, accepted) = (context.sink(), context.accepted());
            // A client that is gone cancels.
            if now.tools != known.tools && accepted.tools_list_changed == Some(true) {
                let _ = sink.notify_tool_list_changed().await;
            }
            if now.offers != known.offers && accepted.prompts_list_changed == Some(true) {
                let _ = sink.notify_prompt_list_changed().await;
            }
            if now.offers != known.offers && accepted.resources_list_changed == Some(true) {
                let _ = sink.notify_resource_list_changed().await;
            }
            if now.held != known.held {
                for uri in accepted.resource_subscriptions.iter().flatten() {
                    let _ = sink.notify_resource_updated(uri).await;
                }
            }
            known = now;
        }
    }
}
