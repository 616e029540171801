//! The requests of MCP clients, answered by the tools, views and prompts; no capability is known by name here.

use std::sync::Arc;

use http::request::Parts;
use reqwest::Url;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, CancelTaskParams, CompleteRequestParams,
        CompleteResult, CreateTaskResult, CustomRequest, CustomResult, ErrorCode, Extensions, GetPromptRequestParams,
        GetPromptResponse, GetTaskParams, GetTaskResult, ListPromptsResult, ListResourceTemplatesResult,
        ListResourcesResult, ListToolsResult, PaginatedRequestParams, ProtocolVersion, ReadResourceRequestParams,
        ReadResourceResponse, Reference, ServerCapabilities, ServerConfig, SubscribeRequestParams, SubscriptionFilter,
        Tool, UnsubscribeRequestParams, UpdateTaskParams,
    },
    service::{NotificationContext, RequestContext, SubscriptionContext},
};
use serde_json::Map;
use tools::{
    Context, Error,
    assistant::{self, views},
    toolsets::ToolFilter,
};

use super::{
    calling_client::CallingClient,
    connection_state::ConnectionState,
    errors::{cancelled, protocol_error, resource_not_found, tool_error},
    prompts, rate_limit, resources,
    subscription_auth::SubscriptionAuth,
    subscriptions::{ChangeWatcher, Notifier, SubscribedUris, hash_resource},
    tasks::{self, Tasks},
    tool_list::{TOOLS, TOOLS_WITH_ICONS, page_of, server_info},
};

const INSTRUCTIONS: &str = "Recollect is the user's long-term memory. Search it before you answer anything that may \
    depend on who the user is, what they prefer or what happened before; when you learn a lasting fact, keep it as one \
    self-contained sentence with names and dates. Edit or delete what turns out to be wrong.";

/// How many resources one connection can subscribe to.
const MAX_SUBSCRIPTIONS: usize = 100;

/// The longest URI of a resource, in bytes.
const MAX_URI: usize = 512;

/// How long clients may cache the list of tools: it does not change while the server runs, nor do a key's scopes.
const TOOLS_TTL_MS: u64 = 3_600_000;

const METHODS_WITH_PARAMS: [&str; 12] = [
    "tools/call",
    "tools/list",
    "resources/read",
    "resources/list",
    "resources/templates/list",
    "prompts/list",
    "prompts/get",
    "completion/complete",
    "subscriptions/listen",
    "tasks/get",
    "tasks/update",
    "tasks/cancel",
];

/// Methods that 2026-07-28 has removed.
const LEGACY_METHODS: [&str; 3] = ["logging/setLevel", "resources/subscribe", "resources/unsubscribe"];

type Reply<T> = Result<T, ErrorData>;

/// Answers the requests of MCP clients with the tools, views and prompts.
#[derive(Clone)]
pub struct McpHandler {
    /// The caller on standard input; callers over HTTP come with their requests.
    caller: Option<Context>,
    filter: ToolFilter,
    page_size: usize,
    connection: Arc<ConnectionState>,
    /// The tasks of all connections.
    tasks: Arc<Tasks>,
}

impl McpHandler {
    /// Answers callers that the HTTP endpoint has authenticated, in pages of `page_size` items.
    pub(crate) fn for_requests(page_size: usize) -> Self {
        Self {
            caller: None,
            filter: ToolFilter::default(),
            page_size,
            connection: Arc::default(),
            tasks: Arc::default(),
        }
    }

    /// Answers one caller on standard input, with these tools in its list.
    pub(crate) fn for_caller(caller: Context, filter: ToolFilter, page_size: usize) -> Self {
        Self { caller: Some(caller), filter, ..Self::for_requests(page_size) }
    }

    /// The same handler for another connection.
    pub(crate) fn for_new_connection(&self) -> Self {
        Self { connection: Arc::default(), ..self.clone() }
    }

    fn caller(&self, extensions: &Extensions) -> Reply<Context> {
        let authenticated = extensions.get::<Parts>().and_then(|parts| parts.extensions.get::<Context>());
        let caller = authenticated.or(self.caller.as_ref()).cloned();
        caller.ok_or_else(|| ErrorData::internal_error("Not authenticated", None))
    }

    /// The tools that the client wants listed: by `?toolsets=` in the URL, or by the option it was started with.
    fn filter(&self, request: &RequestContext<RoleServer>) -> Reply<ToolFilter> {
        let uri = request.extensions.get::<Parts>().map(|parts| parts.uri.to_string());
        let url = uri.and_then(|uri| Url::parse("http://localhost").ok()?.join(&uri).ok());
        let toolsets = url.as_ref().and_then(|url| url.query_pairs().find(|(name, _)| name == "toolsets"));
        toolsets.map_or_else(|| Ok(self.filter.clone()), |(_, names)| names.parse().map_err(protocol_error))
    }
}

impl ServerHandler for McpHandler {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().enable_resources().enable_resources_subscribe();
        let capabilities =
            capabilities.enable_resources_list_changed().enable_prompts().enable_completions().enable_tasks();
        let mut capabilities = capabilities.build();
        capabilities.logging = Some(Map::new());
        ServerConfig::new(capabilities).with_server_info(server_info()).with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Reply<ListToolsResult> {
        let caller = self.caller(&context.extensions)?;
        let filter = self.filter(&context)?;
        let all = if filter.is_usual() { &TOOLS } else { &TOOLS_WITH_ICONS };
        let listed = tools::all().iter().zip(all.iter()).filter(|(tool, _)| filter.includes(tool));
        let permitted = listed.filter(|(tool, _)| tool.permits(&caller).is_ok()).map(|(_, listed)| listed);
        let cursor = request.and_then(|request| request.cursor);
        let (page, next) = page_of(permitted.collect(), cursor.as_deref(), self.page_size)?;
        let mut result = ListToolsResult::with_all_items(page).with_ttl_ms(TOOLS_TTL_MS);
        result.next_cursor = next;
        Ok(result.with_cache_scope(CacheScope::Private))
    }

    async fn call_tool(
        &self,
        mut request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Reply<CallToolResponse> {
        let caller = self.caller(&context.extensions)?;
        let Some(tool) = tools::find(&request.name) else {
            return Err(ErrorData::invalid_params(format!("Unknown tool: {}", request.name), None));
        };
        tool.permits(&caller).map_err(protocol_error)?;
        if let Err(error) = rate_limit::charge_call(tool, &caller, &context.extensions) {
            return Ok(tool_error(error).into());
        }
        if tool.is_long_running && tasks::are_accepted(&context) {
            let arguments = request.arguments.clone().unwrap_or_default();
            if let Some(task) = self.tasks.start(tool, caller.clone(), arguments, &context) {
                return Ok(CreateTaskResult::new(task).into());
            }
        }
        let client = CallingClient::of(&context, &mut request);
        let caller = caller.with_client(client.clone());
        let mut arguments = request.arguments.unwrap_or_default();
        let position = match tool.take_position(&mut arguments) {
            Ok(position) => position,
            Err(error) => return Ok(tool_error(error).into()),
        };
        let call = tool.call(caller, &tool.arguments, arguments);
        let outcome = context.ct.run_until_cancelled(call).await.ok_or_else(cancelled)?;
        if let (Err(Error::Asked), Some(question)) = (&outcome, client.question()) {
            return Ok(question.into());
        }
        self.connection.log_call(&context, tool.name, &outcome).await;
        let result = outcome.map(|result| tool.part_for_assistants(result, position));
        Ok(result.map_or_else(tool_error, CallToolResult::structured).into())
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Reply<ListResourcesResult> {
        until_cancelled(&context, async {
            let caller = self.caller(&context.extensions)?;
            let cursor = request.and_then(|request| request.cursor);
            let (page, next) = resources::list(&caller, self.page_size, cursor.as_deref()).await?;
            let mut result = ListResourcesResult::with_all_items(page);
            result.next_cursor = next;
            Ok(result)
        })
        .await
    }

    async fn list_resource_templates(
        &self,
        _request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Reply<ListResourceTemplatesResult> {
        let caller = self.caller(&context.extensions)?;
        Ok(ListResourceTemplatesResult::with_all_items(resources::templates(&caller)))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Reply<ReadResourceResponse> {
        until_cancelled(&context, async {
            let caller = self.caller(&context.extensions)?;
            check_length(&request.uri)?;
            let address = views::find(&request.uri).ok_or_else(|| resource_not_found(&request.uri))?;
            resources::read(caller, address, &request).await
        })
        .await
    }

    async fn list_prompts(
        &self,
        _request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Reply<ListPromptsResult> {
        Ok(ListPromptsResult::with_all_items(prompts::list(&self.caller(&context.extensions)?)))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Reply<GetPromptResponse> {
        until_cancelled(&context, async {
            let caller = self.caller(&context.extensions)?;
            let prompt = assistant::prompts::find(&request.name).filter(|prompt| prompt.permits(&caller));
            let unknown = || ErrorData::invalid_params(format!("Unknown prompt: {}", request.name), None);
            let (prompt, version) = (prompt.ok_or_else(unknown)?, context.protocol_version());
            Ok(prompts::get(caller, prompt, request.arguments, version).await?.into())
        })
        .await
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Reply<CompleteResult> {
        until_cancelled(&context, async {
            let caller = self.caller(&context.extensions)?;
            let typed = &request.argument;
            let completion = match &request.r#ref {
                Reference::Resource(of) => match resources::of_template(&of.uri) {
                    Some(view) => Some(resources::complete(caller, view, &typed.value).await?),
                    None => None,
                },
                Reference::Prompt(of) => match assistant::prompts::find(&of.name) {
                    Some(prompt) => Some(prompts::complete(&caller, prompt, &typed.name, &typed.value).await?),
                    None => None,
                },
                _ => None,
            };
            let unknown = || ErrorData::invalid_params("Unknown prompt or resource template", None);
            completion.map(CompleteResult::new).ok_or_else(unknown)
        })
        .await
    }

    async fn get_task(&self, request: GetTaskParams, context: RequestContext<RoleServer>) -> Reply<GetTaskResult> {
        self.tasks.get(&self.caller(&context.extensions)?, &request.task_id)
    }

    async fn update_task(&self, request: UpdateTaskParams, context: RequestContext<RoleServer>) -> Reply<()> {
        self.tasks.update(&self.caller(&context.extensions)?, &request.task_id, request.input_responses)
    }

    async fn cancel_task(&self, request: CancelTaskParams, context: RequestContext<RoleServer>) -> Reply<()> {
        self.tasks.cancel(&self.caller(&context.extensions)?, &request.task_id)
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        TOOLS.iter().find(|tool| tool.name == name).cloned()
    }

    #[expect(deprecated, reason = "logging is deprecated, and still used by clients of older protocol versions")]
    async fn set_level(
        &self,
        request: rmcp::model::SetLevelRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Reply<()> {
        if is_modern(&context) {
            return Err(ErrorData::method_not_found::<rmcp::model::SetLevelRequestMethod>());
        }
        self.connection.set_log_level(&request);
        Ok(())
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        let Some(closed) = self.connection.initialize() else { return };
        let Ok(caller) = self.caller(&context.extensions) else { return };
        let watcher = ChangeWatcher::new(SubscriptionAuth::of_session(&context.extensions, &caller), &caller);
        let (notifier, subscribed) = (Notifier::Session(context.peer), Arc::clone(&self.connection.subscribed));
        tokio::spawn(async move { closed.run_until_cancelled(watcher.run(&notifier, &subscribed)).await });
    }

    async fn subscribe(&self, request: SubscribeRequestParams, context: RequestContext<RoleServer>) -> Reply<()> {
        check_length(&request.uri)?;
        if views::find(&request.uri).is_none() {
            return Err(resource_not_found(&request.uri));
        }
        let caller = self.caller(&context.extensions)?;
        let now = until_cancelled(&context, async { Ok(hash_resource(&caller, &request.uri).await) }).await?;
        let mut subscribed = self.connection.subscribed.lock();
        if subscribed.len() >= MAX_SUBSCRIPTIONS && !subscribed.contains_key(&request.uri) {
            let sentence = format!("A session can subscribe to at most {MAX_SUBSCRIPTIONS} resources");
            return Err(ErrorData::invalid_params(sentence, None));
        }
        subscribed.insert(request.uri, now);
        Ok(())
    }

    async fn unsubscribe(&self, request: UnsubscribeRequestParams, _context: RequestContext<RoleServer>) -> Reply<()> {
        self.connection.subscribed.lock().remove(&request.uri);
        Ok(())
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        let mut accepted = requested.clone();
        if let Some(uris) = &mut accepted.resource_subscriptions {
            uris.retain(|uri| uri.len() <= MAX_URI && views::find(uri).is_some());
            uris.truncate(MAX_SUBSCRIPTIONS);
        }
        Some(accepted)
    }

    async fn listen(&self, context: SubscriptionContext) -> Reply<()> {
        let extensions = &context.request_context().extensions;
        let caller = self.caller(extensions)?;
        let watcher = ChangeWatcher::new(SubscriptionAuth::of_request(extensions, &caller), &caller);
        let subscribed = SubscribedUris::default();
        for uri in context.accepted().resource_subscriptions.iter().flatten() {
            let now = hash_resource(&caller, uri).await;
            subscribed.lock().insert(uri.clone(), now);
        }
        let notifier = Notifier::Subscription(context.sink().clone());
        tokio::select! {
            () = context.cancelled() => {}
            () = watcher.run(&notifier, &subscribed) => {}
        }
        Ok(())
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        context: RequestContext<RoleServer>,
    ) -> Reply<CustomResult> {
        // rmcp treats a method whose parameters it cannot read as an unknown method.
        let method = request.method.as_str();
        let known = METHODS_WITH_PARAMS.contains(&method) || (LEGACY_METHODS.contains(&method) && !is_modern(&context));
        Err(if known {
            ErrorData::invalid_params(format!("Invalid parameters for {}", request.method), None)
        } else {
            ErrorData::new(ErrorCode::METHOD_NOT_FOUND, format!("Method not found: {}", request.method), None)
        })
    }
}

/// Awaits the answer to a request, unless it is cancelled.
async fn until_cancelled<T>(request: &RequestContext<RoleServer>, answer: impl Future<Output = Reply<T>>) -> Reply<T> {
    request.ct.run_until_cancelled(answer).await.unwrap_or_else(|| Err(cancelled()))
}

fn check_length(uri: &str) -> Reply<()> {
    let too_long = || ErrorData::invalid_params(format!("uri: at most {MAX_URI} bytes"), None);
    if uri.len() > MAX_URI { Err(too_long()) } else { Ok(()) }
}

/// Whether a request is of protocol version 2026-07-28 or newer.
fn is_modern(request: &RequestContext<RoleServer>) -> bool {
    request.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28)
}
