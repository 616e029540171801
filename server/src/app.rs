//! The application: the routes of the tools and all others, with the middleware around them.

use std::sync::Arc;

use openapi::{catch_errors, service};
use poem::{Endpoint, Response, Route};
use resources::Resources;
use rmcp::ServerHandler;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::{
    address::BaseUrl,
    auth::{Authenticator, oauth::Oauth, oidc_login::OidcLogin},
    config::Config,
    http::Connections,
    mcp::{self, McpHandler, McpSettings},
    middleware::{Middleware, stream_limit::StreamLimit},
    routes::{self, Routes, State},
};

/// The application with its middleware. Streams and MCP sessions end when `closing` is cancelled.
pub(crate) fn app<H, W>(
    resources: Arc<Resources>,
    config: &Config,
    connections: Connections,
    wrap_handler: W,
    closing: CancellationToken,
) -> impl Endpoint<Output = Response> + use<H, W>
where
    H: ServerHandler,
    W: Fn(McpHandler) -> H + Clone + Send + Sync + 'static,
{
    let base = BaseUrl::new(&config.server);
    let authenticator = Arc::new(Authenticator::new(Arc::clone(&resources)).with_access_tokens(base.clone()));
    let streams = StreamLimit::new(config.limits.streams);
    let settings = McpSettings { max_body: config.server.max_body, ..McpSettings::default() };
    let mcp =
        mcp::endpoint(Arc::clone(&authenticator), base.clone(), &settings, wrap_handler, streams.clone(), closing);
    let oauth = Oauth::new(Arc::clone(&resources), Arc::clone(&authenticator), base.clone());
    let oidc_login = OidcLogin::new(Arc::clone(&resources), Arc::clone(&authenticator), base.clone());
    let state = State {
        authenticator: Arc::clone(&authenticator),
        resources,
        connections,
        streams,
        base,
        mcp,
        oauth,
        oidc_login,
    };
    let routes = Route::new().nest_no_strip("/", service(authenticator, Routes(Arc::new(state))));
    Middleware::wrap(catch_errors(routes, mounted_routes()), config)
}

/// The OpenAPI document, made without a server.
pub fn openapi_document() -> Value {
    openapi::document::<Routes>()
}

/// Every route of every tool, one a line: method, path, audience, tool.
pub fn routes() -> String {
    openapi::routes()
}

/// Every route that is served, those of the tools and all others, as `GET /v3/memories/{memory_id}`.
pub fn mounted_routes() -> Vec<String> {
    let of_tools = tools::all().iter().flat_map(|tool| &tool.routes);
    of_tools.map(|route| format!("{} {}", route.method, route.path)).chain(routes::names()).collect()
}
