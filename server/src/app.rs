//! Everything on one port: a table of contents.

use std::sync::Arc;

use openapi::{catch_errors, document_endpoint, service, ui_endpoint};
use poem::{Endpoint, Response};
use resources::Resources;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::{
    auth::SignIn,
    config::Config,
    listener::Clients,
    mcp::{self, Extension, McpSettings},
    oauth::{self, Base, Oauth},
    others::Others,
    page,
    walls::{Walls, streams::Streams},
};

/// The server's routes.
pub(crate) fn app(
    resources: Arc<Resources>,
    config: &Config,
    clients: Clients,
    extension: Arc<dyn Extension>,
    closing: CancellationToken,
) -> impl Endpoint<Output = Response> + use<> {
    let base = Base::new(&config.server);
    let sign_in = Arc::new(SignIn::new(Arc::clone(&resources)).at(base.clone()));
    let oauth = Oauth::new(Arc::clone(&resources), Arc::clone(&sign_in), base.clone());
    let settings = McpSettings { max_body: config.server.max_body, ..McpSettings::default() };
    let streams = Streams::new(config.limits.streams);
    let others = Others::new(Arc::clone(&sign_in), resources, clients, streams.clone(), base.clone());
    let routes = mcp::endpoint(Arc::clone(&sign_in), base, &settings, extension, streams, closing);
    let routes = oauth::mount(&oauth, routes)
        .at("/openapi.json", document_endpoint::<Others>())
        .at("/docs", ui_endpoint::<Others>())
        .nest_no_strip("/", service(sign_in, others));
    Walls::around(catch_errors::<Others>(page::mount(routes)), config)
}

/// The OpenAPI document of everything, made without a server.
pub fn openapi_document() -> Value {
    openapi::document::<Others>()
}

/// Every route of every tool, one a line: method, path, audience, tool.
pub fn routes() -> String {
    openapi::routes()
}
