//! All routes but those of the tools, in one table.

mod chat;
mod export;
mod health;
mod operations;
mod transcribe_stream;
mod voice;

use std::{collections::HashMap, sync::Arc};

use http::Method;
use openapi::{Authenticate as _, document_endpoint, locality, ui_endpoint};
use poem::{
    Endpoint, EndpointExt, IntoResponse, Request, Response,
    endpoint::{BoxEndpoint, make},
};
use poem_openapi::{
    OpenApi,
    registry::{MetaApi, Registry},
};
use resources::Resources;
use tools::{Audience, Context, Result, streaming::StreamOperation};

use crate::{
    address::BaseUrl,
    auth::{
        Authenticator,
        oauth::{Oauth, authorize, metadata, oidc_callback, register, token},
        oidc_login::{self, OidcLogin, apps, code_flow},
    },
    http::Connections,
    mcp::{self, McpEndpoint},
    middleware::stream_limit::{StreamLimit, StreamPermit},
    pages,
};

/// State of the routes.
pub(crate) struct State {
    pub(crate) authenticator: Arc<Authenticator>,
    pub(crate) resources: Arc<Resources>,
    pub(crate) connections: Connections,
    pub(crate) streams: StreamLimit,
    pub(crate) base: BaseUrl,
    pub(crate) mcp: Arc<McpEndpoint>,
    pub(crate) oauth: Arc<Oauth>,
    pub(crate) oidc_login: Arc<OidcLogin>,
}

impl State {
    /// Authenticates the user, and opens a stream of theirs.
    async fn admit(&self, request: &Request, operation: &StreamOperation) -> Result<(Context, StreamPermit)> {
        let context = self.authenticator.context(Audience::App, request.headers()).await?;
        let permit = self.open(&context, request, operation)?;
        Ok((context, permit))
    }

    /// Opens a stream of the user.
    fn open(&self, context: &Context, request: &Request, operation: &StreamOperation) -> Result<StreamPermit> {
        operation.call_streaming(context, locality(request), |user| self.streams.acquire(user))
    }
}

/// Makes the endpoint of a route.
type Mount = fn(&Arc<State>) -> BoxEndpoint<'static>;

/// Every route that is not a tool's: method, path, endpoint. `HEAD` is answered wherever `GET` is.
#[rustfmt::skip]
const ROUTES: &[(Method, &str, Mount)] = &[
    // Pages
    (Method::GET, "/", |_| boxed(pages::index)),
    (Method::GET, "/docs", |_| boxed(ui_endpoint::<Routes>())),
    (Method::GET, "/openapi.json", |_| boxed(document_endpoint::<Routes>())),
    (Method::GET, "/web/consent.css", |_| boxed(pages::consent_style)),
    (Method::GET, "/web/page.js", |_| boxed(pages::script)),
    (Method::GET, "/web/style.css", |_| boxed(pages::style)),
    // Health, chat, voice, export
    (Method::GET, "/healthz", |state| on(state, health::show)),
    (Method::GET, "/v1/users/export", |state| on(state, export::export)),
    (Method::POST, "/v2/messages", |state| on(state, chat::ask)),
    (Method::GET, "/v2/voice-message/transcribe-stream", |state| on(state, transcribe_stream::transcribe)),
    (Method::POST, "/v2/voice-messages", |state| on(state, voice::ask)),
    // MCP
    (Method::POST, "/", |state| boxed(mcp::name_endpoint.data(state.base.clone()))),
    (Method::DELETE, "/v1/mcp", |state| boxed(Arc::clone(&state.mcp))),
    (Method::GET, "/v1/mcp", |state| boxed(Arc::clone(&state.mcp))),
    (Method::HEAD, "/v1/mcp", |state| boxed(Arc::clone(&state.mcp))),
    (Method::POST, "/v1/mcp", |state| boxed(Arc::clone(&state.mcp))),
    (Method::POST, "/v1/mcp/messages", |state| boxed(Arc::clone(&state.mcp))),
    (Method::DELETE, "/v1/mcp/sse", |state| boxed(Arc::clone(&state.mcp))),
    (Method::GET, "/v1/mcp/sse", |state| boxed(Arc::clone(&state.mcp))),
    (Method::HEAD, "/v1/mcp/sse", |state| boxed(Arc::clone(&state.mcp))),
    (Method::POST, "/v1/mcp/sse", |state| boxed(Arc::clone(&state.mcp))),
    (Method::GET, "/v1/mcp/sse/info", |state| boxed(mcp::describe_endpoint.data(state.base.clone()))),
    // OAuth 2.1 authorization server
    (Method::GET, "/.well-known/oauth-authorization-server", |state| on(&state.oauth, metadata::server)),
    (Method::GET, "/.well-known/oauth-authorization-server/v1/mcp", |state| on(&state.oauth, metadata::server)),
    (Method::GET, "/.well-known/oauth-authorization-server/v1/mcp/sse", |state| on(&state.oauth, metadata::server)),
    (Method::GET, "/.well-known/oauth-protected-resource", |state| on(&state.oauth, metadata::resource)),
    (Method::GET, "/.well-known/oauth-protected-resource/v1/mcp", |state| on(&state.oauth, metadata::resource)),
    (Method::GET, "/.well-known/oauth-protected-resource/v1/mcp/sse", |state| on(&state.oauth, metadata::resource)),
    (Method::GET, "/.well-known/openid-configuration", |state| on(&state.oauth, metadata::server)),
    (Method::GET, "/.well-known/openid-configuration/v1/mcp", |state| on(&state.oauth, metadata::server)),
    (Method::GET, "/.well-known/openid-configuration/v1/mcp/sse", |state| on(&state.oauth, metadata::server)),
    (Method::GET, "/authorize", |state| on(&state.oauth, authorize::show)),
    (Method::POST, "/authorize", |state| on(&state.oauth, authorize::submit)),
    (Method::GET, oidc_callback::PATH, |state| on(&state.oauth, oidc_callback::callback)),
    (Method::POST, "/register", |state| on(&state.oauth, register::register)),
    (Method::POST, "/revoke", |state| on(&state.oauth, token::revoke)),
    (Method::POST, "/token", |state| on(&state.oauth, token::issue)),
    // Sign-in with OpenID Connect, and for apps
    (Method::GET, "/v1/auth/authorize", |state| oidc_login::endpoint(&state.oidc_login, code_flow::authorize)),
    (Method::GET, "/v1/auth/callback/{provider}", |state| oidc_login::endpoint(&state.oidc_login, code_flow::callback)),
    (Method::POST, "/v1/auth/token", |state| oidc_login::endpoint(&state.oidc_login, code_flow::issue_tokens)),
    (Method::GET, "/v1/oauth/authorize", |state| oidc_login::endpoint(&state.oidc_login, apps::show)),
    (Method::POST, "/v1/oauth/authorize", |state| oidc_login::endpoint(&state.oidc_login, apps::sign_in)),
    (Method::POST, "/v1/oauth/token", |state| oidc_login::endpoint(&state.oidc_login, apps::issue_redirect)),
];

/// The routes as `GET /healthz`.
pub(crate) fn names() -> impl Iterator<Item = String> {
    let own = ROUTES.iter().filter(|(method, ..)| *method != Method::HEAD);
    own.map(|(method, path, _)| format!("{method} {path}"))
}

/// Mounts the routes, and describes those that belong in the OpenAPI document.
pub(crate) struct Routes(pub(crate) Arc<State>);

impl OpenApi for Routes {
    fn meta() -> Vec<MetaApi> {
        vec![MetaApi { paths: operations::paths() }]
    }

    fn register(_: &mut Registry) {}

    fn add_routes(self, routes: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {
        for (method, path, mount) in ROUTES {
            // The router spells a path parameter otherwise than the document.
            let path = path.replace('{', ":").replace('}', "");
            routes.entry(path).or_default().insert(method.clone(), mount(&self.0));
        }
    }
}

fn boxed(endpoint: impl Endpoint<Output: IntoResponse> + 'static) -> BoxEndpoint<'static> {
    endpoint.map_to_response().boxed()
}

/// An endpoint that calls `handler` with the state.
fn on<S, F, R>(state: &Arc<S>, handler: F) -> BoxEndpoint<'static>
where
    S: Send + Sync + 'static,
    F: Fn(Arc<S>, Request) -> R + Send + Sync + 'static,
    R: Future<Output = Response> + Send + 'static,
{
    let state = Arc::clone(state);
    make(move |request| handler(Arc::clone(&state), request)).map_to_response().boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_described_operation_is_mounted() {
        let mounted: Vec<String> = names().collect();
        for path in operations::paths() {
            for operation in path.operations {
                let name = format!("{} {}", operation.method, path.path);
                assert!(mounted.contains(&name), "{name}");
            }
        }
    }
}
