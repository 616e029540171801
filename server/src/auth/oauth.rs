//! The OAuth 2.1 authorization server for MCP clients, so that Claude, ChatGPT, Cursor or VS Code connect with nothing but a
//! URL.
//!
//! A client reads the metadata documents, sends the user's browser to `/authorize`, where the user signs in and consents, and
//! gets its tokens from `/token`. Grants are stored by [`resources::grants`].

mod authorize;
mod browser;
mod challenge;
mod metadata;
mod oidc_callback;
mod omi;
mod pages;
mod parameters;
mod register;
mod request;
mod response;
mod token;

use std::sync::Arc;

use poem::{Endpoint, Request, Response, Route, endpoint::make, get, post};
use resources::Resources;

use super::SignIn;
use crate::address::BaseUrl;
pub(crate) use challenge::{challenge, unauthorized};
pub(crate) use oidc_callback::url as oidc_callback_url;

/// State of the OAuth routes.
pub(crate) struct Oauth {
    resources: Arc<Resources>,
    sign_in: Arc<SignIn>,
    base: BaseUrl,
}

impl Oauth {
    pub(crate) fn new(resources: Arc<Resources>, sign_in: Arc<SignIn>, base: BaseUrl) -> Arc<Self> {
        Arc::new(Self { resources, sign_in, base })
    }
}

/// Adds the routes of the authorization server, and the documents by which it is found.
pub(crate) fn mount(oauth: &Arc<Oauth>, mut route: Route) -> Route {
    for endpoint in ["", "/v1/mcp", "/v1/mcp/sse"] {
        let resource = get(on(oauth, move |oauth, request| metadata::resource(oauth, request, endpoint)));
        let server = || get(on(oauth, metadata::server));
        route = route
            .at(format!("/.well-known/oauth-protected-resource{endpoint}"), resource)
            .at(format!("/.well-known/oauth-authorization-server{endpoint}"), server())
            .at(format!("/.well-known/openid-configuration{endpoint}"), server());
    }
    route
        .at("/authorize", get(on(oauth, authorize::show)).post(on(oauth, authorize::decide)))
        .at(oidc_callback::PATH, get(on(oauth, oidc_callback::callback)))
        .at("/token", post(on(oauth, token::issue)))
        .at("/revoke", post(on(oauth, token::revoke)))
        .at("/register", post(on(oauth, register::register)))
}

/// An endpoint that responds with `respond`.
fn on<F, R>(oauth: &Arc<Oauth>, respond: F) -> impl Endpoint<Output = Response> + use<F, R>
where
    F: Fn(Arc<Oauth>, Request) -> R + Send + Sync + 'static,
    R: Future<Output = Response> + Send + 'static,
{
    let oauth = Arc::clone(oauth);
    make(move |request| respond(Arc::clone(&oauth), request))
}
