//! The fixture domain: the tools, prompts and resources that the MCP conformance suite asks for by name. It stands
//! behind a server of the tests as an extension; no program that anybody runs has it.

use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult, CompletionInfo,
        GetPromptRequestParams, GetPromptResponse, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult,
        ListToolsResult, PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse, ServerConfig, Tool,
    },
    service::RequestContext,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{prompts, resources, rounds, tools};

pub(super) type Reply<T> = Result<T, ErrorData>;
pub(super) type Request = RequestContext<RoleServer>;

/// The extension.
pub(super) struct Fixture;

/// What JSON says, as rmcp has it.
pub(super) fn made<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

impl ServerHandler for Fixture {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(made(json!({
            "tools": { "listChanged": true },
            "prompts": { "listChanged": true },
            "resources": { "subscribe": true },
            "completions": {},
        })))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        tools::all().chain(rounds::all()).find(|tool| tool.name == name)
    }

    async fn list_tools(&self, _page: Option<PaginatedRequestParams>, _request: Request) -> Reply<ListToolsResult> {
        Ok(ListToolsResult::with_all_items(tools::all().chain(rounds::all()).collect()))
    }

    async fn call_tool(&self, params: CallToolRequestParams, request: Request) -> Reply<CallToolResponse> {
        match rounds::call(&params, &request) {
            Some(answer) => answer,
            None => tools::call(params, request).await,
        }
    }

    async fn list_prompts(&self, _page: Option<PaginatedRequestParams>, _request: Request) -> Reply<ListPromptsResult> {
        Ok(ListPromptsResult::with_all_items(prompts::all()))
    }

    async fn get_prompt(&self, params: GetPromptRequestParams, _request: Request) -> Reply<GetPromptResponse> {
        prompts::get(&params)
    }

    async fn list_resources(
        &self,
        _page: Option<PaginatedRequestParams>,
        _request: Request,
    ) -> Reply<ListResourcesResult> {
        Ok(ListResourcesResult::with_all_items(resources::all()))
    }

    async fn list_resource_templates(
        &self,
        _page: Option<PaginatedRequestParams>,
        _request: Request,
    ) -> Reply<ListResourceTemplatesResult> {
        Ok(ListResourceTemplatesResult::with_all_items(resources::templates()))
    }

    async fn read_resource(&self, params: ReadResourceRequestParams, _request: Request) -> Reply<ReadResourceResponse> {
        resources::read(&params.uri)
    }

    async fn complete(&self, params: CompleteRequestParams, _request: Request) -> Reply<CompleteResult> {
        let known = ["test", "testing", "tested"].map(str::to_owned);
        let fitting = known.into_iter().filter(|value| value.starts_with(&params.argument.value)).collect();
        Ok(CompleteResult::new(CompletionInfo::with_all_values(fitting).unwrap()))
    }
}
