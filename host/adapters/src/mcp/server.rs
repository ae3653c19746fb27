//! What clients ask for, and how it is answered.
#![expect(deprecated, reason = "clients before 2026-07-28 are told what calls say by logging")]

use std::{io, sync::Arc, time::Duration};

use parking_lot::Mutex;
use rmcp::{
    ErrorData, RoleServer, ServerHandler, ServiceExt as _,
    model::{
        CallToolRequestParams, CallToolResponse, Implementation, ListToolsResult, LoggingLevel, PaginatedRequestParams,
        ProtocolVersion, ServerCapabilities, ServerConfig, SetLevelRequestParams, SubscriptionFilter,
    },
    service::{NotificationContext, RequestContext, ServerInitializeError, SubscriptionContext},
};

use super::{
    answer,
    call::{Call, Event, Failed},
    logging,
    profile::Client,
    shared::Shared,
};
use crate::control::{self, Failure, Kind, Target};

/// How often it is looked whether a client that is told of changes is still there.
const GLANCE: Duration = Duration::from_secs(30);

/// What models are told of Holm.
const INSTRUCTIONS: &str = "Tools of sandboxed plugins. A tool that was denied something says which command \
    would allow it: tell your user, who alone can decide that.";

/// The end of a connection that faces a client.
pub(crate) struct Front {
    shared: Arc<Shared>,
    /// Who is at the other end, where each request does not say it.
    client: Option<Client>,
    /// How grave a line must be to be told, before 2026-07-28.
    level: Mutex<LoggingLevel>,
}

/// Serves one client over standard input and output, until it closes them.
///
/// # Errors
/// It speaks something else, or the pipe failed.
pub async fn stdio(shared: Arc<Shared>, client: Client) -> io::Result<()> {
    let front = Front::new(shared, Some(client));
    match front.serve(rmcp::transport::stdio_pipes()).await {
        Ok(running) => running.waiting().await.map(drop).map_err(io::Error::other),
        // It has thought better of it.
        Err(ServerInitializeError::ConnectionClosed(_) | ServerInitializeError::Cancelled) => Ok(()),
        Err(error) => Err(io::Error::other(error)),
    }
}

impl Front {
    pub(crate) fn new(shared: Arc<Shared>, client: Option<Client>) -> Self {
        Self { shared, client, level: Mutex::new(LoggingLevel::Info) }
    }

    /// Who asks: over HTTP each request was let in by a token.
    fn client(&self, context: &RequestContext<RoleServer>) -> Result<Client, ErrorData> {
        let parts = context.extensions.get::<http::request::Parts>();
        let client = parts.and_then(|parts| parts.extensions.get::<Client>()).or(self.client.as_ref());
        client.cloned().ok_or_else(|| ErrorData::internal_error("it is not known who asks", None))
    }

    /// Which lines a call tells its client.
    fn wants(&self, context: &RequestContext<RoleServer>) -> Option<LoggingLevel> {
        match is_modern(context) {
            true => context.meta.log_level(),
            false => Some(*self.level.lock()),
        }
    }

    async fn tools(&self, client: &Client, cursor: Option<&str>) -> Result<ListToolsResult, ErrorData> {
        let catalog = self.shared.catalog(&client.profile).await.map_err(|failure| internal(&failure))?;
        let (tools, next) = catalog.page(cursor).map_err(|_| ErrorData::invalid_params("no such cursor", None))?;
        let mut page = ListToolsResult::with_all_items(tools);
        page.next_cursor = next;
        Ok(page)
    }

    async fn call(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let client = self.client(&context)?;
        let catalog = self.shared.catalog(&client.profile).await.map_err(|failure| internal(&failure))?;
        let unknown = || ErrorData::invalid_params(format!("unknown tool: {}", request.name), None);
        let offered = catalog.find(&request.name).ok_or_else(unknown)?;
        let arguments = request.arguments.as_ref().map_or_else(|| Ok("{}".to_owned()), serde_json::to_string);
        let call = control::Call {
            target: Target::Installed(offered.plugin.clone()),
            tool: offered.tool.clone(),
            arguments: arguments.map_err(|error| ErrorData::invalid_params(error.to_string(), None))?,
            hears: true,
            terms: client.profile.terms(self.shared.directory.clone()),
        };
        let wanted = self.wants(&context);
        let mut call = match Call::begin(self.shared.kernel.clone(), call).await {
            Ok(call) => call,
            Err(failure) => return Ok(answer::failed(&Failed::Kernel(failure)).into()),
        };
        loop {
            let event = tokio::select! {
                event = call.next() => event,
                // The process ends with its call.
                () = context.ct.cancelled() => return Err(ErrorData::internal_error("cancelled", None)),
            };
            match event {
                Event::Line { logger, level, text } => {
                    logging::tell(&context, wanted, &logger, &level, text).await;
                }
                Event::Ended(result) => {
                    call.done();
                    return match result {
                        Ok(json) => {
                            let loose = is_modern(&context) && offered.described.output_schema.is_some();
                            Ok(answer::result(json, loose).into())
                        }
                        Err(Failed::Kernel(failure)) if failure.kind == Kind::NotFound => Err(unknown()),
                        Err(failed) => Ok(answer::failed(&failed).into()),
                    };
                }
            }
        }
    }
}

/// Whether the request is of the era without sessions.
fn is_modern(context: &RequestContext<RoleServer>) -> bool {
    context.protocol_version().is_some_and(|version| version.as_str() >= ProtocolVersion::V_2026_07_28.as_str())
}

fn internal(failure: &Failure) -> ErrorData {
    ErrorData::internal_error(failure.message.clone(), None)
}

impl ServerHandler for Front {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_logging().enable_tools().enable_tool_list_changed();
        ServerConfig::new(capabilities.build())
            .with_server_info(Implementation::new("holm", self.shared.version.clone()).with_title("Holm"))
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let client = self.client(&context)?;
        self.tools(&client, request.and_then(|request| request.cursor).as_deref()).await
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        self.call(request, context).await
    }

    async fn set_level(
        &self,
        request: SetLevelRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        *self.level.lock() = request.level;
        Ok(())
    }

    /// A client before 2026-07-28 is told of changes without asking.
    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        let mut changes = self.shared.changes();
        tokio::spawn(async move {
            while !context.peer.is_transport_closed() {
                match tokio::time::timeout(GLANCE, changes.changed()).await {
                    Ok(Ok(())) if context.peer.notify_tool_list_changed().await.is_err() => return,
                    Ok(Err(_)) => return,
                    _ => {}
                }
            }
        });
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(requested.intersection(&SubscriptionFilter::builder().tools_list_changed().build()))
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let mut changes = self.shared.changes();
        loop {
            let changed = tokio::select! {
                changed = changes.changed() => changed.is_ok(),
                () = context.cancelled() => false,
            };
            if !changed {
                return Ok(());
            }
            if context.accepted().tools_list_changed == Some(true) {
                // A client that is gone cancels.
                let _ = context.sink().notify_tool_list_changed().await;
            }
        }
    }
}
