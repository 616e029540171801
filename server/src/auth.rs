//! Authentication of requests, and the routes that issue tokens to users and clients.

mod authenticator;
pub(crate) mod challenge;
pub(crate) mod oauth;
pub(crate) mod oidc_login;

pub use authenticator::Authenticator;
