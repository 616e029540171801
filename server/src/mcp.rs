//! The MCP face: every tool and every view over streamable HTTP, made from [`tools::all`] by rmcp.
//!
//! `/v1/mcp` and its older name `/v1/mcp/sse` are one endpoint for both eras of the protocol: sessions for 2024-11-05
//! to 2025-11-25, stateless calls for 2026-07-28. The gate authenticates and is lenient to older clients before rmcp
//! sees a request; the handler answers what rmcp has understood.

mod batch;
mod connection_state;
mod elicitation;
mod endpoint;
mod errors;
mod extension;
mod handler;
mod legacy_sse;
mod limits;
mod message;
mod negotiate;
mod prompts;
mod replay;
mod resources;
mod session_state;
mod sessions;
mod sse;
mod step_up;
mod stream_log;
mod stream_response;
mod subscription_auth;
mod subscriptions;
mod tool_list;

use std::sync::Arc;

use poem::{
    EndpointExt, Request, Route, get, handler,
    web::{Data, Json},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{address::BaseUrl, auth::SignIn, middleware::stream_limit::StreamLimit};
use endpoint::Gate;
pub use extension::Extension;
pub(crate) use extension::Nothing;
pub(crate) use handler::Handler;
pub(crate) use sse::messages;
pub use subscriptions::{List, Lists};

/// How the MCP endpoint is reached and how much it takes and gives at once.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct McpSettings {
    /// The largest request body, in bytes.
    pub max_body: usize,
    /// How many tools or resources are listed at once.
    pub page_size: usize,
}

impl Default for McpSettings {
    fn default() -> Self {
        Self { max_body: 1 << 20, page_size: 100 }
    }
}

/// The routes below `/v1/mcp` that speak MCP. Sessions and streams end when `closing` is cancelled.
pub(crate) fn endpoint(
    sign_in: Arc<SignIn>,
    base: BaseUrl,
    settings: &McpSettings,
    extension: Arc<dyn Extension>,
    streams: StreamLimit,
    closing: CancellationToken,
) -> Route {
    let gate = Arc::new(Gate::new(sign_in, base.clone(), settings, extension, streams, closing));
    Route::new()
        .at("/v1/mcp", gate.clone())
        .at("/v1/mcp/sse", gate.clone())
        .at("/v1/mcp/messages", gate)
        .at("/v1/mcp/sse/info", get(describe_endpoint.data(base)))
}

/// What a client needs to know before it has a key.
#[handler]
fn describe_endpoint(request: &Request, base: Data<&BaseUrl>) -> Json<Value> {
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
