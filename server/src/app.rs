//! Everything on one port: a table of contents.

use std::{collections::HashMap, sync::Arc};

use http::{Method, StatusCode, header};
use openapi::{catch_errors, document_endpoint, service, ui_endpoint};
use poem::{Endpoint, Request, Response, Route, endpoint::BoxEndpoint};
use poem_openapi::{
    OpenApi,
    registry::{MetaApi, MetaPath, Registry},
};
use resources::Resources;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{
    address::BaseUrl,
    auth::{
        SignIn,
        oauth::{self, Oauth},
    },
    config::Config,
    http::Connections,
    mcp::{self, Extension, McpSettings},
    middleware::{Middleware, stream_limit::StreamLimit},
    pages,
    routes::Others,
};

/// What is mounted one by one, by path, and its methods. Nothing else of it is reached: whatever is mounted has to stand
/// here too, so that [`mounted_routes`] forgets nothing.
const BY_HAND: &[(&str, &[&str])] = &[
    ("/.well-known/oauth-authorization-server", &["GET"]),
    ("/.well-known/oauth-authorization-server/v1/mcp", &["GET"]),
    ("/.well-known/oauth-authorization-server/v1/mcp/sse", &["GET"]),
    ("/.well-known/oauth-protected-resource", &["GET"]),
    ("/.well-known/oauth-protected-resource/v1/mcp", &["GET"]),
    ("/.well-known/oauth-protected-resource/v1/mcp/sse", &["GET"]),
    ("/.well-known/openid-configuration", &["GET"]),
    ("/.well-known/openid-configuration/v1/mcp", &["GET"]),
    ("/.well-known/openid-configuration/v1/mcp/sse", &["GET"]),
    ("/authorize", &["GET", "POST"]),
    ("/authorize/signed-in", &["GET"]),
    ("/docs", &["GET"]),
    ("/openapi.json", &["GET"]),
    ("/register", &["POST"]),
    ("/revoke", &["POST"]),
    ("/token", &["POST"]),
    ("/v1/mcp", &["DELETE", "GET", "POST"]),
    ("/v1/mcp/messages", &["POST"]),
    ("/v1/mcp/sse", &["DELETE", "GET", "POST"]),
    ("/v1/mcp/sse/info", &["GET"]),
    ("/web/consent.css", &["GET"]),
    ("/web/page.js", &["GET"]),
    ("/web/style.css", &["GET"]),
];

/// What the API has beside the tools and what the document describes: a page and a WebSocket.
const UNDESCRIBED: [&str; 2] = ["GET /", "GET /v2/voice-message/transcribe-stream"];

/// The server's routes.
pub(crate) fn app(
    resources: Arc<Resources>,
    config: &Config,
    connections: Connections,
    extension: Arc<dyn Extension>,
    closing: CancellationToken,
) -> impl Endpoint<Output = Response> + use<> {
    let base = BaseUrl::new(&config.server);
    let sign_in = Arc::new(SignIn::new(Arc::clone(&resources)).at(base.clone()));
    let oauth = Oauth::new(Arc::clone(&resources), Arc::clone(&sign_in), base.clone());
    let settings = McpSettings { max_body: config.server.max_body, ..McpSettings::default() };
    let streams = StreamLimit::new(config.limits.streams);
    let others = Others::new(Arc::clone(&sign_in), resources, connections, streams.clone(), base.clone());
    let routes = mcp::endpoint(Arc::clone(&sign_in), base, &settings, extension, streams, closing);
    let by_hand = oauth::mount(&oauth, pages::mount(routes))
        .at("/openapi.json", document_endpoint::<Others>())
        .at("/docs", ui_endpoint::<Others>());
    let api = Route::new().nest_no_strip("/", service(sign_in, Listed(others)));
    Middleware::wrap(catch_errors::<Others>(Faces { by_hand, api }), config)
}

/// The OpenAPI document of everything, made without a server.
pub fn openapi_document() -> Value {
    openapi::document::<Others>()
}

/// Every route of every tool, one a line: method, path, audience, tool.
pub fn routes() -> String {
    openapi::routes()
}

/// Every route that is served, those of the tools and all others, as `GET /v3/memories/{memory_id}`.
pub fn mounted_routes() -> Vec<String> {
    let of_tools = tools::all().iter().flat_map(|tool| &tool.routes);
    let of_tools = of_tools.map(|route| format!("{} {}", route.method, route.path));
    let by_hand =
        BY_HAND.iter().flat_map(|(path, methods)| methods.iter().map(move |method| format!("{method} {path}")));
    of_tools.chain(others()).chain(by_hand).collect()
}

/// The routes of the API that are no tool's.
fn others() -> Vec<String> {
    let paths = Others::meta().into_iter().flat_map(|api| api.paths);
    let described = paths.flat_map(|MetaPath { path, operations }| {
        operations.into_iter().map(move |operation| format!("{} {path}", operation.method))
    });
    described.chain(UNDESCRIBED.map(str::to_owned)).collect()
}

/// What is mounted one by one, and the API behind it.
struct Faces {
    by_hand: Route,
    api: Route,
}

impl Endpoint for Faces {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let path = request.uri().path();
        let Some((_, methods)) = BY_HAND.iter().find(|(mounted, _)| *mounted == path) else {
            return self.api.call(request).await;
        };
        // Whatever answers GET answers HEAD.
        let method = if request.method() == Method::HEAD { "GET" } else { request.method().as_str() };
        if methods.contains(&method) { self.by_hand.call(request).await } else { Ok(not_allowed(methods)) }
    }
}

fn not_allowed(methods: &[&str]) -> Response {
    let allowed = methods.join(", ").replace("GET", "GET, HEAD");
    let response = Response::builder().status(StatusCode::METHOD_NOT_ALLOWED).header(header::ALLOW, allowed);
    response.content_type("application/json").body(json!({ "detail": "Method Not Allowed" }).to_string())
}

/// The routes of the API that are no tool's, as far as [`mounted_routes`] names them.
struct Listed(Others);

impl OpenApi for Listed {
    fn meta() -> Vec<MetaApi> {
        Others::meta()
    }

    fn register(registry: &mut Registry) {
        Others::register(registry);
    }

    fn add_routes(self, routes: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {
        let mut own = HashMap::new();
        self.0.add_routes(&mut own);
        // The router spells an argument otherwise than the document.
        let listed: Vec<String> = others().iter().map(|name| name.replace('{', ":").replace('}', "")).collect();
        for (path, methods) in own {
            for (method, endpoint) in methods {
                if listed.contains(&format!("{method} {path}")) {
                    routes.entry(path.clone()).or_default().insert(method, endpoint);
                }
            }
        }
    }
}
