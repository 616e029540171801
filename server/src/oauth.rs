//! The OAuth 2.1 authorization server for MCP clients: how Claude, ChatGPT, Cursor or VS Code connect by an address alone.
//!
//! A client finds the documents at the well-known addresses, sends the user's browser to `/authorize`, where the user
//! signs in and agrees, and fetches its tokens from `/token`. What users agree to is kept by [`resources::grants`].

mod answer;
mod authorize;
mod base;
mod browser;
mod challenge;
mod metadata;
mod omi;
mod pages;
mod parameters;
mod register;
mod request;
mod throttle;
mod token;

use std::sync::Arc;

use poem::{Endpoint, Request, Response, Route, RouteMethod, endpoint::make, get, post};
use resources::Resources;

use crate::auth::SignIn;
pub(crate) use base::Base;
pub(crate) use challenge::{step_up, unauthorized};
use throttle::Throttle;

/// What the routes work with.
pub(crate) struct Oauth {
    resources: Arc<Resources>,
    sign_in: Arc<SignIn>,
    base: Base,
    throttle: Throttle,
}

impl Oauth {
    pub(crate) fn new(resources: Arc<Resources>, sign_in: Arc<SignIn>, base: Base) -> Arc<Self> {
        Arc::new(Self { resources, sign_in, base, throttle: Throttle::default() })
    }
}

/// Adds the routes of the authorization server, and the documents by which it is found.
pub(crate) fn mount(oauth: &Arc<Oauth>, mut route: Route) -> Route {
    for endpoint in ["", "/v1/mcp", "/v1/mcp/sse"] {
        let resource = readable(get(on(oauth, move |oauth, request| metadata::resource(oauth, request, endpoint))));
        let server = || readable(get(on(oauth, metadata::server)));
        route = route
            .at(format!("/.well-known/oauth-protected-resource{endpoint}"), resource)
            .at(format!("/.well-known/oauth-authorization-server{endpoint}"), server())
            .at(format!("/.well-known/openid-configuration{endpoint}"), server());
    }
    route
        .at("/authorize", get(on(oauth, authorize::show)).post(on(oauth, authorize::decide)))
        .at("/token", readable(post(on(oauth, token::issue))))
        .at("/revoke", readable(post(on(oauth, token::take_back))))
        .at("/register", readable(post(on(oauth, register::register))))
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

/// Lets pages of any origin read the answers: clients that live in a browser are at home anywhere, and what they send
/// carries no cookie.
fn readable(methods: RouteMethod) -> RouteMethod {
    methods.options(make(|_| async { answer::preflight() }))
}
