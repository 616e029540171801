//! The fixture domain: the tools, prompts and resources that the MCP conformance suite asks for by name. It is a decorator
//! of the server's own MCP handler, whose lists it extends; no program that anybody runs has it.
#![expect(
    deprecated,
    reason = "logging and subscriptions of sessions are deprecated, and conformance to older revisions needs them"
)]

use std::sync::LazyLock;

use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CancelTaskParams, CompleteRequestParams, CompleteResult,
        CompletionInfo, CustomRequest, CustomResult, GetPromptRequestParams, GetPromptResponse, GetTaskParams,
        GetTaskResult, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
        PaginatedRequestParams, PromptListChangedNotification, ReadResourceRequestParams, ReadResourceResponse,
        ServerConfig, ServerNotification, SetLevelRequestParams, SubscribeRequestParams, SubscriptionFilter, Tool,
        ToolListChangedNotification, UnsubscribeRequestParams, UpdateTaskParams,
    },
    service::{NotificationContext, RequestContext, SubscriptionContext, SubscriptionSink},
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use server::McpHandler;
use tokio::sync::broadcast::{self, Receiver};

use super::{prompts, resources, rounds, tasks, tools};

pub(super) type Reply<T> = Result<T, ErrorData>;
pub(super) type Request = RequestContext<RoleServer>;

/// The lists that a tool of the fixture can announce as changed.
#[derive(Debug, Clone, Copy)]
pub(super) enum List {
    Tools,
    Prompts,
}

static LIST_CHANGES: LazyLock<broadcast::Sender<List>> = LazyLock::new(|| broadcast::channel(16).0);

/// Notifies every subscription that a list has changed.
pub(super) fn list_changed(list: List) {
    // There may be no subscription.
    let _ = LIST_CHANGES.send(list);
}

/// The server's handler with the fixture beside it.
#[derive(Clone)]
pub(super) struct Fixture {
    server: McpHandler,
}

/// What JSON says, as rmcp has it.
pub(super) fn made<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

impl Fixture {
    pub(super) fn around(server: McpHandler) -> Self {
        Self { server }
    }
}

fn fixture_tools() -> impl Iterator<Item = Tool> {
    tools::all().chain(rounds::all()).chain(tasks::all())
}

/// Sends what [`list_changed`] announces.
async fn announce(mut changes: Receiver<List>, sink: SubscriptionSink) {
    while let Ok(list) = changes.recv().await {
        let notification = match list {
            List::Tools => ServerNotification::ToolListChangedNotification(ToolListChangedNotification::default()),
            List::Prompts => {
                ServerNotification::PromptListChangedNotification(PromptListChangedNotification::default())
            }
        };
        // A subscription may not want it.
        let _ = sink.send(notification).await;
    }
}

impl ServerHandler for Fixture {
    fn get_info(&self) -> ServerConfig {
        let mut info = self.server.get_info();
        let capabilities = &mut info.capabilities;
        capabilities.tools.get_or_insert_default().list_changed = Some(true);
        capabilities.prompts.get_or_insert_default().list_changed = Some(true);
        info
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.server.get_tool(name).or_else(|| fixture_tools().find(|tool| tool.name == name))
    }

    async fn list_tools(&self, page: Option<PaginatedRequestParams>, request: Request) -> Reply<ListToolsResult> {
        let mut listed = self.server.list_tools(page, request).await?;
        if listed.next_cursor.is_none() {
            listed.tools.extend(fixture_tools());
        }
        Ok(listed)
    }

    async fn call_tool(&self, params: CallToolRequestParams, request: Request) -> Reply<CallToolResponse> {
        if let Some(answer) = tasks::call(&params, &request).await {
            return answer;
        }
        let is_ours = fixture_tools().any(|tool| tool.name == params.name);
        match rounds::call(&params, &request) {
            Some(answer) => answer,
            None if is_ours => tools::call(params, request).await,
            None => self.server.call_tool(params, request).await,
        }
    }

    async fn get_task(&self, params: GetTaskParams, request: Request) -> Reply<GetTaskResult> {
        match tasks::TASKS.get_task(&params.task_id) {
            Ok(task) => Ok(GetTaskResult::new(task)),
            Err(_) => self.server.get_task(params, request).await,
        }
    }

    async fn update_task(&self, params: UpdateTaskParams, request: Request) -> Reply<()> {
        match tasks::TASKS.update_task(&params.task_id, params.input_responses.clone()) {
            Ok(()) => Ok(()),
            Err(_) => self.server.update_task(params, request).await,
        }
    }

    async fn cancel_task(&self, params: CancelTaskParams, request: Request) -> Reply<()> {
        match tasks::TASKS.cancel_task(&params.task_id) {
            Ok(()) => Ok(()),
            Err(_) => self.server.cancel_task(params, request).await,
        }
    }

    async fn list_prompts(&self, page: Option<PaginatedRequestParams>, request: Request) -> Reply<ListPromptsResult> {
        let mut listed = self.server.list_prompts(page, request).await?;
        listed.prompts.extend(prompts::all());
        Ok(listed)
    }

    async fn get_prompt(&self, params: GetPromptRequestParams, request: Request) -> Reply<GetPromptResponse> {
        match self.server.get_prompt(params.clone(), request).await {
            Err(_) => prompts::get(&params),
            answer => answer,
        }
    }

    async fn list_resources(
        &self,
        page: Option<PaginatedRequestParams>,
        request: Request,
    ) -> Reply<ListResourcesResult> {
        let mut listed = self.server.list_resources(page, request).await?;
        if listed.next_cursor.is_none() {
            listed.resources.extend(resources::all());
        }
        Ok(listed)
    }

    async fn list_resource_templates(
        &self,
        page: Option<PaginatedRequestParams>,
        request: Request,
    ) -> Reply<ListResourceTemplatesResult> {
        let mut listed = self.server.list_resource_templates(page, request).await?;
        listed.resource_templates.extend(resources::templates());
        Ok(listed)
    }

    async fn read_resource(&self, params: ReadResourceRequestParams, request: Request) -> Reply<ReadResourceResponse> {
        let uri = params.uri.clone();
        match self.server.read_resource(params, request).await {
            Err(_) => resources::read(&uri),
            answer => answer,
        }
    }

    async fn complete(&self, params: CompleteRequestParams, request: Request) -> Reply<CompleteResult> {
        let typed = params.argument.value.clone();
        if let Ok(completed) = self.server.complete(params, request).await {
            return Ok(completed);
        }
        let known = ["test", "testing", "tested"].map(str::to_owned);
        let fitting = known.into_iter().filter(|value| value.starts_with(&typed)).collect();
        Ok(CompleteResult::new(CompletionInfo::with_all_values(fitting).unwrap()))
    }

    async fn set_level(&self, params: SetLevelRequestParams, request: Request) -> Reply<()> {
        self.server.set_level(params, request).await
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        self.server.on_initialized(context).await;
    }

    async fn subscribe(&self, params: SubscribeRequestParams, request: Request) -> Reply<()> {
        let is_ours = params.uri.starts_with("test://");
        if is_ours { Ok(()) } else { self.server.subscribe(params, request).await }
    }

    async fn unsubscribe(&self, params: UnsubscribeRequestParams, request: Request) -> Reply<()> {
        self.server.unsubscribe(params, request).await
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(requested.clone())
    }

    async fn listen(&self, context: SubscriptionContext) -> Reply<()> {
        let (changes, sink) = (LIST_CHANGES.subscribe(), context.sink().clone());
        tokio::select! {
            ended = self.server.listen(context) => ended,
            () = announce(changes, sink) => Ok(()),
        }
    }

    async fn on_custom_request(&self, request: CustomRequest, context: Request) -> Reply<CustomResult> {
        self.server.on_custom_request(request, context).await
    }
}
