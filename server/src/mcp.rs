//! The MCP server: every tool, view and prompt over streamable HTTP and standard input, on top of rmcp.
//!
//! `/v1/mcp` and its older name `/v1/mcp/sse` are one endpoint for all protocol versions: sessions for 2024-11-05 to
//! 2025-11-25, stateless requests for 2026-07-28. A request passes [`endpoint`] (authentication, rate limits, session
//! ownership, leniency to older clients), rmcp's `StreamableHttpService`, and [`handler`] (tools, resources, prompts).
//! [`session_manager`] keeps responses for clients that lost their connection, [`subscriptions`] sends notifications of
//! changes, [`calling_client`] asks the user for confirmation, [`tasks`] answers calls that take long, and [`legacy_sse`] is the transport of 2024-11-05.

mod batch;
mod calling_client;
mod connection_state;
mod endpoint;
mod errors;
mod handler;
mod legacy_sse;
mod message;
mod negotiate;
mod prompts;
mod rate_limit;
mod replay_buffer;
mod resources;
mod session_manager;
mod session_state;
mod sessions;
mod sse;
pub(crate) mod stdio;
pub(crate) mod stdio_bridge;
mod stream_response;
mod subscription_auth;
mod subscriptions;
mod tasks;
mod tool_list;

use std::sync::Arc;

use http::StatusCode;
use poem::{
    Request, handler,
    web::{Data, Json},
};
use rmcp::{ServerHandler, model::ErrorCode};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{address::BaseUrl, auth::Authenticator, middleware::stream_limit::StreamLimit};
pub(crate) use endpoint::McpEndpoint;
pub use handler::McpHandler;

/// The limits of the MCP endpoint.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct McpSettings {
    /// Maximum size of a request body, in bytes.
    pub max_body: usize,
    /// How many tools or resources a page of a list has.
    pub page_size: usize,
}

impl Default for McpSettings {
    fn default() -> Self {
        Self { max_body: 1 << 20, page_size: 100 }
    }
}

/// The endpoint of the MCP routes below `/v1/mcp`. `wrap` makes the handler of each session or request from ours. Sessions and streams end
/// when `closing` is cancelled.
pub(crate) fn endpoint<H: ServerHandler>(
    authenticator: Arc<Authenticator>,
    base: BaseUrl,
    settings: &McpSettings,
    wrap: impl Fn(McpHandler) -> H + Clone + Send + Sync + 'static,
    streams: StreamLimit,
    closing: CancellationToken,
) -> Arc<McpEndpoint> {
    let handler = McpHandler::for_requests(settings.page_size);
    let make_handler = move || wrap(handler.for_new_connection());
    Arc::new(McpEndpoint::new(authenticator, base, settings, make_handler, streams, closing))
}

/// Names the endpoint to clients that send their messages to the root.
#[handler]
pub(crate) fn name_endpoint(request: &Request, base: Data<&BaseUrl>) -> (StatusCode, Json<Value>) {
    let message = format!("The MCP endpoint is {}/v1/mcp", base.of(request).unwrap_or_default());
    let error = json!({ "code": ErrorCode::METHOD_NOT_FOUND, "message": message });
    (StatusCode::NOT_FOUND, Json(json!({ "jsonrpc": "2.0", "id": null, "error": error, "detail": message })))
}

/// Describes the endpoint to clients that have no key yet.
#[handler]
pub(crate) fn describe_endpoint(request: &Request, base: Data<&BaseUrl>) -> Json<Value> {
    let base = base.of(request).unwrap_or_default();
    Json(json!({
        "endpoint": "/v1/mcp/sse",
        "transport": "streamable-http",
        "protocol_version": "2025-03-26",
        "protocol_versions": rmcp::model::ProtocolVersion::KNOWN_VERSIONS,
        "authentication": {
            "methods": ["oauth2", "api_key"],
            "oauth2": {
                "resource_metadata": format!("{base}/.well-known/oauth-protected-resource/v1/mcp/sse"),
                "authorization_endpoint": format!("{base}/authorize"),
                "token_endpoint": format!("{base}/token"),
            },
            "api_key": { "header": "Authorization", "format": "Bearer <api_key>" },
        },
        "instructions": {
            "step1": "Create an MCP key: POST /v1/mcp/keys, or `recollect keys create` on the command line.",
            "step2": format!("Add the server to your client by its address: {base}/v1/mcp/sse"),
            "step3": "Give the client the header `Authorization: Bearer <api_key>`.",
        },
    }))
}
