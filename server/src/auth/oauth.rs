//! The OAuth 2.1 authorization server for MCP clients, so that Claude, ChatGPT, Cursor or VS Code connect with nothing
//! but a URL.
//!
//! A client reads the metadata documents, sends the user's browser to `/authorize`, where the user signs in and
//! consents, and gets its tokens from `/token`. Grants are stored by [`resources::grants`].

pub(crate) mod authorize;
mod browser;
pub(crate) mod metadata;
pub(crate) mod oidc_callback;
mod omi;
mod pages;
mod parameters;
pub(crate) mod register;
mod request;
mod response;
pub(crate) mod token;

use std::sync::Arc;

use resources::Resources;

use super::Authenticator;
use crate::address::BaseUrl;

/// State of the OAuth routes.
pub(crate) struct Oauth {
    resources: Arc<Resources>,
    authenticator: Arc<Authenticator>,
    base: BaseUrl,
}

impl Oauth {
    pub(crate) fn new(resources: Arc<Resources>, authenticator: Arc<Authenticator>, base: BaseUrl) -> Arc<Self> {
        Arc::new(Self { resources, authenticator, base })
    }
}
