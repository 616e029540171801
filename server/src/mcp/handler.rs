//! What rmcp has understood, answered by the tools and views; no capability is known by its name here.

use std::sync::LazyLock;

use http::request::Parts;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        Annotations, CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, CustomRequest,
        CustomResult, ErrorCode, Implementation, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
        PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, Resource,
        ResourceContents, ResourceTemplate, ServerCapabilities, ServerConfig, Tool, ToolAnnotations,
    },
    service::RequestContext,
};
use serde_json::{Map, Value, json};
use tools::{
    Context, Error,
    views::{self, Entry, View},
};

const INSTRUCTIONS: &str = "Recollect is the user's long-term memory. Search it before you answer anything that may \
    depend on who the user is, what they prefer or what happened before; when you learn a lasting fact, keep it as one \
    self-contained sentence with names and dates. Edit or delete what turns out to be wrong.";

/// The JSON-RPC code for a key that lacks a scope.
const MISSING_SCOPE: ErrorCode = ErrorCode(-32003);

/// Which tools there are does not change while the server runs, and which ones a key may use never does.
const TOOLS_FRESH_MS: u64 = 3_600_000;

const WITH_PARAMETERS: [&str; 5] =
    ["tools/call", "tools/list", "resources/read", "resources/list", "resources/templates/list"];

type Reply<T> = Result<T, ErrorData>;

/// Answers the requests of MCP clients.
#[derive(Clone)]
pub(crate) struct Handler {
    caller: Option<Context>,
    page_size: usize,
}

impl Handler {
    /// Answers callers whom the HTTP side has signed in; lists `page_size` items at once.
    pub(crate) fn for_requests(page_size: usize) -> Self {
        Self { caller: None, page_size }
    }

    /// Answers one caller, who is at the other end of a pipe.
    pub(crate) fn for_caller(caller: Context, page_size: usize) -> Self {
        Self { caller: Some(caller), page_size }
    }

    fn caller(&self, request: &RequestContext<RoleServer>) -> Reply<Context> {
        let signed_in = request.extensions.get::<Parts>().and_then(|parts| parts.extensions.get::<Context>());
        let caller = signed_in.or(self.caller.as_ref()).cloned();
        caller.ok_or_else(|| ErrorData::internal_error("Nobody has signed in", None))
    }
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().enable_resources().build();
        let server = Implementation::new("recollect", env!("CARGO_PKG_VERSION")).with_title("Recollect");
        ServerConfig::new(capabilities).with_server_info(server).with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Reply<ListToolsResult> {
        let caller = self.caller(&context)?;
        let described = tools::all().iter().zip(DESCRIBED.iter());
        let permitted = described.filter(|(tool, _)| tool.permits(&caller).is_ok()).map(|(_, described)| described);
        let cursor = request.and_then(|request| request.cursor);
        let (page, next) = page_of(permitted.collect(), cursor.as_deref(), self.page_size)?;
        let mut result = ListToolsResult::with_all_items(page).with_ttl_ms(TOOLS_FRESH_MS);
        result.next_cursor = next;
        Ok(result.with_cache_scope(CacheScope::Private))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Reply<CallToolResponse> {
        let caller = self.caller(&context)?;
        let tool = tools::find(&request.name)
            .ok_or_else(|| ErrorData::invalid_params(format!("Unknown tool: {}", request.name), None))?;
        tool.permits(&caller).map_err(refusal)?;
        let call = tool.call(caller, &tool.arguments, request.arguments.unwrap_or_default());
        let outcome = context.ct.run_until_cancelled(call).await.ok_or_else(cancelled)?;
        let shown = outcome.map(|result| tool.for_assistants(result));
        Ok(shown.map_or_else(failure, CallToolResult::structured).into())
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Reply<ListResourcesResult> {
        let caller = self.caller(&context)?;
        let mut permitted = views::ALL.iter().filter(|view| view.permits(&caller));
        // A cursor is the noun of a view, a colon, and the cursor within that view.
        let cursor = request.and_then(|request| request.cursor);
        let (view, cursor) = match cursor.as_deref().map(|cursor| cursor.split_once(':').ok_or_else(invalid_cursor)) {
            None => (permitted.next(), ""),
            Some(place) => {
                let (noun, cursor) = place?;
                (Some(permitted.find(|view| view.noun == noun).ok_or_else(invalid_cursor)?), cursor)
            }
        };
        let Some(view) = view else { return Ok(ListResourcesResult::default()) };
        let cursor = (!cursor.is_empty()).then_some(cursor);
        let page = view.list(caller.clone(), self.page_size, cursor).await.map_err(refusal)?;
        let within = page.next.map(|next| format!("{}:{next}", view.noun));
        let mut result = ListResourcesResult::with_all_items(page.entries.into_iter().map(resource).collect());
        result.next_cursor = within.or_else(|| permitted.next().map(|view| format!("{}:", view.noun)));
        Ok(result)
    }

    async fn list_resource_templates(
        &self,
        _request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Reply<ListResourceTemplatesResult> {
        let caller = self.caller(&context)?;
        let permitted = views::ALL.iter().filter(|view| view.permits(&caller));
        Ok(ListResourceTemplatesResult::with_all_items(permitted.map(template).collect()))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Reply<ReadResourceResponse> {
        let caller = self.caller(&context)?;
        let (view, id) = views::find(&request.uri).ok_or_else(|| unknown(&request.uri))?;
        let row = view.get(caller, id).await.map_err(|error| match error {
            Error::NotFound(_) => unknown(&request.uri),
            error => refusal(error),
        })?;
        let contents = ResourceContents::text(row.to_string(), request.uri).with_mime_type("application/json");
        Ok(ReadResourceResult::new(vec![contents]).into())
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _context: RequestContext<RoleServer>,
    ) -> Reply<CustomResult> {
        // rmcp takes a method whose parameters it cannot read for one that it does not know.
        Err(if WITH_PARAMETERS.contains(&request.method.as_str()) {
            ErrorData::invalid_params(format!("Invalid parameters for {}", request.method), None)
        } else {
            ErrorData::new(ErrorCode::METHOD_NOT_FOUND, format!("Method not found: {}", request.method), None)
        })
    }
}

/// All tools as clients see them, in the order of [`tools::all`].
static DESCRIBED: LazyLock<Vec<Tool>> = LazyLock::new(|| tools::all().iter().map(describe).collect());

/// The page that begins at `cursor`, which is the name of its first tool, and the cursor of the page after it.
fn page_of(tools: Vec<&Tool>, cursor: Option<&str>, size: usize) -> Reply<(Vec<Tool>, Option<String>)> {
    let start = match cursor {
        None => 0,
        Some(cursor) => tools.iter().position(|tool| tool.name == cursor).ok_or_else(invalid_cursor)?,
    };
    let next = tools.get(start + size).map(|tool| tool.name.to_string());
    Ok((tools.into_iter().skip(start).take(size).cloned().collect(), next))
}

fn describe(tool: &tools::Tool) -> Tool {
    let hints = tool.behaviour();
    let annotations = ToolAnnotations::with_title(tool.title())
        .read_only(hints.read_only)
        .destructive(hints.destructive)
        .idempotent(hints.idempotent)
        .open_world(false);
    Tool::new(tool.name, tool.description(), as_object(tool.arguments.schema().clone()))
        .with_title(tool.title())
        .with_raw_output_schema(as_object(tool.result()).into())
        .with_annotations(annotations)
}

/// Clients want `type` and `properties` on every schema, even where there is nothing to give.
fn as_object(mut schema: Map<String, Value>) -> Map<String, Value> {
    schema.insert("type".to_owned(), json!("object"));
    schema.entry("properties").or_insert_with(|| json!({}));
    schema
}

fn template(view: &View) -> ResourceTemplate {
    ResourceTemplate::new(view.template(), view.noun)
        .with_description(view.description)
        .with_mime_type("application/json")
}

fn resource(entry: Entry) -> Resource {
    let resource = Resource::new(entry.uri, entry.name).with_mime_type("application/json");
    match entry.changed {
        Some(time) => resource.with_annotations(Annotations::default().with_timestamp(time)),
        None => resource,
    }
}

/// A tool's error as a result, so that the model reads it and can do better.
fn failure(error: Error) -> CallToolResult {
    let mut result = CallToolResult::error(vec![ContentBlock::text(error.to_string())]);
    result.structured_content = Some(json!({ "error": { "code": error.code(), "message": error.to_string() } }));
    result
}

/// A tool's error as a JSON-RPC error, where the request is not a tool call or never became one.
fn refusal(error: Error) -> ErrorData {
    let sentence = error.to_string();
    match error {
        Error::Forbidden(_) | Error::Unauthorized(_) => ErrorData::new(MISSING_SCOPE, sentence, None),
        Error::Arguments(_) | Error::Invalid(_) | Error::Rejected(_) => ErrorData::invalid_params(sentence, None),
        Error::NotFound(_) => ErrorData::resource_not_found(sentence, None),
        Error::Conflict(_) | Error::Unavailable(_) | Error::Later(..) | Error::Internal(_) => {
            ErrorData::internal_error(sentence, None)
        }
    }
}

fn unknown(uri: &str) -> ErrorData {
    ErrorData::resource_not_found("Resource not found", Some(json!({ "uri": uri })))
}

fn invalid_cursor() -> ErrorData {
    ErrorData::invalid_params("Invalid cursor", None)
}

fn cancelled() -> ErrorData {
    ErrorData::internal_error("The call was cancelled", None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_tools_follow_each_other_without_gap_or_repetition() {
        let all: Vec<&Tool> = DESCRIBED.iter().collect();
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let (page, next) = page_of(all.clone(), cursor.as_deref(), 2).unwrap();
            assert!((1..=2).contains(&page.len()));
            seen.extend(page);
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
        assert!(seen.iter().eq(all.iter().copied()));
        assert_eq!(page_of(all, Some("no such tool"), 2).unwrap_err().message, "Invalid cursor");
    }

    #[test]
    fn every_tool_is_described_as_clients_need_it() {
        for tool in DESCRIBED.iter() {
            let output = tool.output_schema.as_deref().unwrap();
            for schema in [&*tool.input_schema, output] {
                assert_eq!(schema["type"], "object", "{}", tool.name);
                assert!(schema["properties"].is_object(), "{}", tool.name);
                assert!(!json!(schema).to_string().contains("\"$ref\""), "{} has references", tool.name);
            }
            assert!(!tool.description.as_deref().unwrap_or_default().is_empty(), "{}", tool.name);
        }
    }
}
