//! A server behind this one: what it offers is listed after our own, and it is asked for every name that is not ours.
//!
//! The program has none. Tests put one here, to offer what conformance suites want to see and no person needs.

use futures::future::BoxFuture;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult, GetPromptRequestParams,
        GetPromptResponse, Prompt, ReadResourceRequestParams, ReadResourceResponse, Resource, ResourceTemplate,
        ServerCapabilities, Tool,
    },
    service::RequestContext,
};

type Asked<'a, T> = BoxFuture<'a, Result<T, ErrorData>>;
type Request = RequestContext<RoleServer>;

/// What a server behind this one is asked. Every rmcp [`ServerHandler`] answers it; lists are taken whole.
pub trait Extension: Send + Sync + 'static {
    /// What it can do; lists of what it cannot are empty.
    fn capabilities(&self) -> ServerCapabilities;
    /// The tool called `name`.
    fn tool(&self, name: &str) -> Option<Tool>;
    /// Its tools.
    fn tools(&self, request: Request) -> Asked<'_, Vec<Tool>>;
    /// Calls one.
    fn call_tool(&self, params: CallToolRequestParams, request: Request) -> Asked<'_, CallToolResponse>;
    /// Its prompts.
    fn prompts(&self, request: Request) -> Asked<'_, Vec<Prompt>>;
    /// Opens one.
    fn prompt(&self, params: GetPromptRequestParams, request: Request) -> Asked<'_, GetPromptResponse>;
    /// Its resources.
    fn resources(&self, request: Request) -> Asked<'_, Vec<Resource>>;
    /// Its templates of addresses.
    fn templates(&self, request: Request) -> Asked<'_, Vec<ResourceTemplate>>;
    /// Opens a resource.
    fn resource(&self, params: ReadResourceRequestParams, request: Request) -> Asked<'_, ReadResourceResponse>;
    /// Completes an argument of a prompt or of a template.
    fn complete(&self, params: CompleteRequestParams, request: Request) -> Asked<'_, CompleteResult>;
}

impl<H: ServerHandler> Extension for H {
    fn capabilities(&self) -> ServerCapabilities {
        self.get_info().capabilities
    }

    fn tool(&self, name: &str) -> Option<Tool> {
        self.get_tool(name)
    }

    fn tools(&self, request: Request) -> Asked<'_, Vec<Tool>> {
        Box::pin(async move {
            let able = self.capabilities().tools.is_some();
            if able { Ok(self.list_tools(None, request).await?.tools) } else { Ok(Vec::new()) }
        })
    }

    fn call_tool(&self, params: CallToolRequestParams, request: Request) -> Asked<'_, CallToolResponse> {
        Box::pin(ServerHandler::call_tool(self, params, request))
    }

    fn prompts(&self, request: Request) -> Asked<'_, Vec<Prompt>> {
        Box::pin(async move {
            let able = self.capabilities().prompts.is_some();
            if able { Ok(self.list_prompts(None, request).await?.prompts) } else { Ok(Vec::new()) }
        })
    }

    fn prompt(&self, params: GetPromptRequestParams, request: Request) -> Asked<'_, GetPromptResponse> {
        Box::pin(self.get_prompt(params, request))
    }

    fn resources(&self, request: Request) -> Asked<'_, Vec<Resource>> {
        Box::pin(async move {
            let able = self.capabilities().resources.is_some();
            if able { Ok(self.list_resources(None, request).await?.resources) } else { Ok(Vec::new()) }
        })
    }

    fn templates(&self, request: Request) -> Asked<'_, Vec<ResourceTemplate>> {
        Box::pin(async move {
            let able = self.capabilities().resources.is_some();
            if able {
                Ok(self.list_resource_templates(None, request).await?.resource_templates)
            } else {
                Ok(Vec::new())
            }
        })
    }

    fn resource(&self, params: ReadResourceRequestParams, request: Request) -> Asked<'_, ReadResourceResponse> {
        Box::pin(self.read_resource(params, request))
    }

    fn complete(&self, params: CompleteRequestParams, request: Request) -> Asked<'_, CompleteResult> {
        Box::pin(ServerHandler::complete(self, params, request))
    }
}

/// The extension of the program: none.
pub(crate) struct Nothing;

impl ServerHandler for Nothing {}

/// What two servers can do together.
pub(super) fn united(mut ours: ServerCapabilities, theirs: ServerCapabilities) -> ServerCapabilities {
    fn tell(ours: &mut Option<bool>, theirs: Option<bool>) {
        *ours = (*ours == Some(true) || theirs == Some(true)).then_some(true);
    }
    let (mine, other) = (ours.tools.get_or_insert_default(), theirs.tools.unwrap_or_default());
    tell(&mut mine.list_changed, other.list_changed);
    if let Some(other) = theirs.prompts {
        tell(&mut ours.prompts.get_or_insert_default().list_changed, other.list_changed);
    }
    if let Some(other) = theirs.resources {
        let mine = ours.resources.get_or_insert_default();
        tell(&mut mine.list_changed, other.list_changed);
        tell(&mut mine.subscribe, other.subscribe);
    }
    ours.completions = ours.completions.or(theirs.completions);
    ours.logging = ours.logging.or(theirs.logging);
    ours
}
