//! Who makes a request, and the routes by which users and clients get their tokens.

mod authenticator;
pub(crate) mod oauth;
pub(crate) mod oidc_login;

pub use authenticator::SignIn;
