//! The OAuth 2.1 authorization server for MCP clients: how Claude, ChatGPT, Cursor or VS Code connect by an address alone.
//!
//! A client finds the documents at the well-known addresses, sends the user's browser to `/authorize`, where the user
//! signs in and agrees, and fetches its tokens from `/token`. What users agree to is kept by [`resources::grants`].

mod answer;
mod authorize;
mod browser;
mod challenge;
mod metadata;
mod omi;
mod pages;
mod parameters;
mod register;
mod request;
mod signed_in;
mod token;

use std::sync::Arc;

use poem::{Endpoint, Request, Response, Route, endpoint::make, get, post};
use resources::Resources;

use super::SignIn;
use crate::address::Base;
pub(crate) use browser::cookie_of;
pub(crate) use challenge::{challenge, unauthorized};
pub(crate) use pages::{advised, back_to, page, status_of, warning};
pub(crate) use signed_in::address as signed_in_address;

/// What the routes work with.
pub(crate) struct Oauth {
    resources: Arc<Resources>,
    sign_in: Arc<SignIn>,
    base: Base,
}

impl Oauth {
    pub(crate) fn new(resources: Arc<Resources>, sign_in: Arc<SignIn>, base: Base) -> Arc<Self> {
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
        .at(signed_in::PATH, get(on(oauth, signed_in::come_back)))
        .at("/token", post(on(oauth, token::issue)))
        .at("/revoke", post(on(oauth, token::take_back)))
        .at("/register", post(on(oauth, register::register)))
}

/// Whether pages from anywhere may ask and read what is at this path: what everybody may know, and what a client proves
/// itself for in the request.
pub(crate) fn is_for_every_page(path: &str) -> bool {
    path.starts_with("/.well-known/") || matches!(path, "/token" | "/revoke" | "/register")
}

/// An endpoint that answers with `respond`.
fn on<F, R>(oauth: &Arc<Oauth>, respond: F) -> impl Endpoint<Output = Response> + use<F, R>
where
    F: Fn(Arc<Oauth>, Request) -> R + Send + Sync + 'static,
    R: Future<Output = Response> + Send + 'static,
{
    let oauth = Arc::clone(oauth);
    make(move |request| respond(Arc::clone(&oauth), request))
}
