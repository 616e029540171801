//! What rmcp has understood, answered by the tools and views; no capability is known by its name here.

use std::sync::{Arc, PoisonError};

use http::request::Parts;
use reqwest::Url;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, CompleteRequestParams, CompleteResult,
        CustomRequest, CustomResult, ErrorCode, Extensions, GetPromptRequestParams, GetPromptResponse,
        ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams,
        ProtocolVersion, ReadResourceRequestParams, ReadResourceResponse, Reference, ServerCapabilities, ServerConfig,
        SubscribeRequestParams, SubscriptionFilter, Tool, UnsubscribeRequestParams,
    },
    service::{NotificationContext, RequestContext, SubscriptionContext},
};
use serde_json::Map;
use tools::{Context, Error, assistant::views, toolsets::Shown};

use super::{
    connection_state::{Conversation, Watched},
    elicitation::CallingClient,
    errors::{cancelled, failure, refusal, unknown},
    extension::{Extension, Nothing, united},
    limits, prompts, resources,
    subscription_auth::Watcher,
    subscriptions::{Listener, Lists, Watch, reading},
    tool_list::{DESCRIBED, WITH_ICONS, page_of, server},
};

const INSTRUCTIONS: &str = "Recollect is the user's long-term memory. Search it before you answer anything that may \
    depend on who the user is, what they prefer or what happened before; when you learn a lasting fact, keep it as one \
    self-contained sentence with names and dates. Edit or delete what turns out to be wrong.";

/// How many resources one conversation can watch.
const MOST_WATCHED: usize = 100;

/// Which tools there are does not change while the server runs, and which ones a key may use never does.
const TOOLS_FRESH_MS: u64 = 3_600_000;

const WITH_PARAMETERS: [&str; 9] = [
    "tools/call",
    "tools/list",
    "resources/read",
    "resources/list",
    "resources/templates/list",
    "prompts/list",
    "prompts/get",
    "completion/complete",
    "subscriptions/listen",
];

/// What 2026-07-28 has no more.
const OF_SESSIONS: [&str; 3] = ["logging/setLevel", "resources/subscribe", "resources/unsubscribe"];

type Reply<T> = Result<T, ErrorData>;

/// Answers the requests of MCP clients.
#[derive(Clone)]
pub(crate) struct Handler {
    caller: Option<Context>,
    shown: Shown,
    page_size: usize,
    extension: Arc<dyn Extension>,
    lists: Lists,
    conversation: Arc<Conversation>,
}

impl Handler {
    /// Answers callers whom the HTTP side has signed in, and has the extension answer what is not ours; lists
    /// `page_size` items at once.
    pub(crate) fn for_requests(page_size: usize, extension: Arc<dyn Extension>) -> Self {
        Self {
            caller: None,
            shown: Shown::default(),
            page_size,
            extension,
            lists: Lists::default(),
            conversation: Arc::default(),
        }
    }

    /// Answers one caller, who is at the other end of a pipe and is shown these tools.
    pub(crate) fn for_caller(caller: Context, shown: Shown, page_size: usize) -> Self {
        Self { caller: Some(caller), shown, ..Self::for_requests(page_size, Arc::new(Nothing)) }
    }

    /// The same for another conversation.
    pub(crate) fn begin(&self) -> Self {
        Self { conversation: Arc::default(), ..self.clone() }
    }

    fn caller(&self, extensions: &Extensions) -> Reply<Context> {
        let signed_in = extensions.get::<Parts>().and_then(|parts| parts.extensions.get::<Context>());
        let caller = signed_in.or(self.caller.as_ref()).cloned();
        caller.ok_or_else(|| ErrorData::internal_error("Nobody has signed in", None))
    }

    /// The tools that the client asks to be shown: by `?toolsets=` in the address it calls, or when it was started.
    fn shown(&self, request: &RequestContext<RoleServer>) -> Reply<Shown> {
        let called = request.extensions.get::<Parts>().map(|parts| parts.uri.to_string());
        let address = called.and_then(|called| Url::parse("http://localhost").ok()?.join(&called).ok());
        let named = address.as_ref().and_then(|url| url.query_pairs().find(|(name, _)| name == "toolsets"));
        named.map_or_else(|| Ok(self.shown.clone()), |(_, names)| names.parse().map_err(refusal))
    }

    /// A request on its way to the extension.
    fn passed_on(&self, request: &RequestContext<RoleServer>) -> RequestContext<RoleServer> {
        let mut request = request.clone();
        request.extensions.insert(self.lists.clone());
        request
    }

    /// Whether an address is one that can be watched.
    fn is_watchable(&self, uri: &str) -> bool {
        let others = || self.extension.capabilities().resources.and_then(|able| able.subscribe) == Some(true);
        views::find(uri).is_some() || others()
    }
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        let ours = ServerCapabilities::builder().enable_tools().enable_resources().enable_resources_subscribe();
        let mut ours = ours.enable_resources_list_changed().enable_prompts().enable_completions().build();
        ours.logging = Some(Map::new());
        let capabilities = united(ours, self.extension.capabilities());
        ServerConfig::new(capabilities).with_server_info(server()).with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Reply<ListToolsResult> {
        let caller = self.caller(&context.extensions)?;
        let shown = self.shown(&context)?;
        let all = if shown.is_usual() { &DESCRIBED } else { &WITH_ICONS };
        let described = tools::all().iter().zip(all.iter()).filter(|(tool, _)| shown.includes(tool));
        let permitted = described.filter(|(tool, _)| tool.permits(&caller).is_ok()).map(|(_, described)| described);
        let cursor = request.and_then(|request| request.cursor);
        let (mut page, next) = page_of(permitted.collect(), cursor.as_deref(), self.page_size)?;
        if next.is_none() {
            page.extend(self.extension.tools(self.passed_on(&context)).await?);
        }
        let mut result = ListToolsResult::with_all_items(page).with_ttl_ms(TOOLS_FRESH_MS);
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
            return match self.extension.tool(&request.name) {
                Some(_) => self.extension.call_tool(request, self.passed_on(&context)).await,
                None => Err(ErrorData::invalid_params(format!("Unknown tool: {}", request.name), None)),
            };
        };
        tool.permits(&caller).map_err(refusal)?;
        if let Err(error) = limits::charge_call(tool, &caller, &context.extensions) {
            return Ok(failure(error).into());
        }
        let client = CallingClient::of(&context, &mut request);
        let caller = caller.with_client(client.clone());
        let call = tool.call(caller, &tool.arguments, request.arguments.unwrap_or_default());
        let outcome = context.ct.run_until_cancelled(call).await.ok_or_else(cancelled)?;
        if let (Err(Error::Asked), Some(question)) = (&outcome, client.question()) {
            return Ok(question.into());
        }
        self.conversation.log(&context, tool.name, &outcome).await;
        let shown = outcome.map(|result| tool.for_assistants(result));
        Ok(shown.map_or_else(failure, CallToolResult::structured).into())
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Reply<ListResourcesResult> {
        until_cancelled(&context, async {
            let caller = self.caller(&context.extensions)?;
            let cursor = request.and_then(|request| request.cursor);
            let (mut page, next) = resources::list(&caller, self.page_size, cursor.as_deref()).await?;
            if next.is_none() {
                page.extend(self.extension.resources(self.passed_on(&context)).await?);
            }
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
        let mut templates = resources::templates(&caller);
        templates.extend(self.extension.templates(self.passed_on(&context)).await?);
        Ok(ListResourceTemplatesResult::with_all_items(templates))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Reply<ReadResourceResponse> {
        until_cancelled(&context, async {
            let caller = self.caller(&context.extensions)?;
            if let Some(address) = views::find(&request.uri) {
                return resources::read(caller, address, &request).await;
            }
            match self.extension.capabilities().resources {
                Some(_) => self.extension.resource(request, self.passed_on(&context)).await,
                None => Err(unknown(&request.uri)),
            }
        })
        .await
    }

    async fn list_prompts(
        &self,
        _request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Reply<ListPromptsResult> {
        let mut prompts = prompts::list(&self.caller(&context.extensions)?);
        if self.extension.capabilities().prompts.is_some() {
            prompts.extend(self.extension.prompts(self.passed_on(&context)).await?);
        }
        Ok(ListPromptsResult::with_all_items(prompts))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Reply<GetPromptResponse> {
        until_cancelled(&context, async {
            let caller = self.caller(&context.extensions)?;
            if let Some(prompt) =
                tools::assistant::prompts::find(&request.name).filter(|prompt| prompt.permits(&caller))
            {
                let version = context.protocol_version();
                return Ok(prompts::get(caller, prompt, request.arguments, version).await?.into());
            }
            match self.extension.capabilities().prompts {
                Some(_) => self.extension.prompt(request, self.passed_on(&context)).await,
                None => Err(ErrorData::invalid_params(format!("Unknown prompt: {}", request.name), None)),
            }
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
            let completed = match &request.r#ref {
                Reference::Resource(of) => match resources::of_template(&of.uri) {
                    Some(view) => Some(resources::complete(caller, view, &typed.value).await?),
                    None => None,
                },
                Reference::Prompt(of) => match tools::assistant::prompts::find(&of.name) {
                    Some(prompt) => Some(prompts::complete(&caller, prompt, &typed.name, &typed.value).await?),
                    None => None,
                },
                _ => None,
            };
            match (completed, self.extension.capabilities().completions) {
                (Some(completed), _) => Ok(CompleteResult::new(completed)),
                (None, Some(_)) => self.extension.complete(request, self.passed_on(&context)).await,
                (None, None) => Err(ErrorData::invalid_params("There is nothing of this name to complete", None)),
            }
        })
        .await
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        let ours = tools::all().iter().zip(DESCRIBED.iter()).find(|(tool, _)| tool.name == name);
        ours.map(|(_, described)| described.clone()).or_else(|| self.extension.tool(name))
    }

    #[expect(deprecated, reason = "it is deprecated, and still what clients of older revisions ask for")]
    async fn set_level(
        &self,
        request: rmcp::model::SetLevelRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Reply<()> {
        if is_modern(&context) {
            return Err(ErrorData::method_not_found::<rmcp::model::SetLevelRequestMethod>());
        }
        self.conversation.log_from(&request);
        Ok(())
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        let Some(end) = self.conversation.begin() else { return };
        let Ok(caller) = self.caller(&context.extensions) else { return };
        let watch = Watch::begin(Watcher::of_session(&context.extensions, &caller), &self.lists, &caller);
        let (listener, watched) = (Listener::Session(context.peer), Arc::clone(&self.conversation.watched));
        tokio::spawn(async move { end.run_until_cancelled(watch.run(&listener, &watched)).await });
    }

    async fn subscribe(&self, request: SubscribeRequestParams, context: RequestContext<RoleServer>) -> Reply<()> {
        if !self.is_watchable(&request.uri) {
            return Err(unknown(&request.uri));
        }
        let caller = self.caller(&context.extensions)?;
        let now = until_cancelled(&context, async { Ok(reading(&caller, &request.uri).await) }).await?;
        let mut watched = self.conversation.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if watched.len() >= MOST_WATCHED && !watched.contains_key(&request.uri) {
            return Err(ErrorData::invalid_params(format!("At most {MOST_WATCHED} resources can be watched"), None));
        }
        watched.insert(request.uri, now);
        Ok(())
    }

    async fn unsubscribe(&self, request: UnsubscribeRequestParams, _context: RequestContext<RoleServer>) -> Reply<()> {
        self.conversation.watched.lock().unwrap_or_else(PoisonError::into_inner).remove(&request.uri);
        Ok(())
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        let mut accepted = requested.clone();
        if let Some(uris) = &mut accepted.resource_subscriptions {
            uris.retain(|uri| self.is_watchable(uri));
            uris.truncate(MOST_WATCHED);
        }
        Some(accepted)
    }

    async fn listen(&self, context: SubscriptionContext) -> Reply<()> {
        let extensions = &context.request_context().extensions;
        let caller = self.caller(extensions)?;
        let watch = Watch::begin(Watcher::of_request(extensions, &caller), &self.lists, &caller);
        let watched = Watched::default();
        for uri in context.accepted().resource_subscriptions.iter().flatten() {
            let now = reading(&caller, uri).await;
            watched.lock().unwrap_or_else(PoisonError::into_inner).insert(uri.clone(), now);
        }
        let listener = Listener::Subscription(context.sink().clone());
        tokio::select! {
            () = context.cancelled() => {}
            () = watch.run(&listener, &watched) => {}
        }
        Ok(())
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        context: RequestContext<RoleServer>,
    ) -> Reply<CustomResult> {
        // rmcp takes a method whose parameters it cannot read for one that it does not know.
        let method = request.method.as_str();
        let known = WITH_PARAMETERS.contains(&method) || (OF_SESSIONS.contains(&method) && !is_modern(&context));
        Err(if known {
            ErrorData::invalid_params(format!("Invalid parameters for {}", request.method), None)
        } else {
            ErrorData::new(ErrorCode::METHOD_NOT_FOUND, format!("Method not found: {}", request.method), None)
        })
    }
}

/// Answers a request, unless it is cancelled before that.
async fn until_cancelled<T>(request: &RequestContext<RoleServer>, answer: impl Future<Output = Reply<T>>) -> Reply<T> {
    request.ct.run_until_cancelled(answer).await.unwrap_or_else(|| Err(cancelled()))
}

/// Whether a request is of 2026-07-28 or newer.
fn is_modern(request: &RequestContext<RoleServer>) -> bool {
    request.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28)
}
