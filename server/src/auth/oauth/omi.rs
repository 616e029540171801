//! The client `omi`: assistants that were set up with this id, and with an MCP key for a secret, before there was anything
//! else. Its code means nothing, since the key proves everything; but it is sent to known addresses alone.

use std::sync::Arc;

use poem::{Response, http::StatusCode};
use resources::{Resources, grants};
use schemas::key::KeyFamily;
use serde_json::json;

use super::{
    Oauth,
    answer::{self, Refused},
    pages,
    parameters::Parameters,
    request::answered,
};

/// Its id, and its code.
pub(super) const OMI: &str = "omi";

/// Sends the browser back, to one of the configured addresses.
pub(super) fn authorize(oauth: &Oauth, base: &str, given: &Parameters) -> Response {
    let known = &oauth.resources.grant_settings.omi_redirects;
    let redirect_uri = given.get("redirect_uri").ok().flatten();
    let redirect_uri =
        redirect_uri.filter(|given| known.iter().any(|known| grants::matches_redirect_uri(known, given)));
    let (Some(redirect_uri), Ok(state)) = (redirect_uri, given.get("state")) else {
        return pages::problem(
            StatusCode::BAD_REQUEST,
            "The client wants to be answered at an address that is not one of its own.",
        );
    };
    pages::go(&answered(redirect_uri, &[("code", OMI)], state, base))
}

/// Gives the MCP key that the client has for a secret back as its token.
pub(super) async fn token(resources: &Arc<Resources>, secret: Option<&str>) -> Result<Response, Refused> {
    let secret = secret.ok_or_else(|| Refused::invalid_request("client_secret is missing: it is an MCP key"))?;
    match resources.keys().find(secret).await? {
        Some(key) if key.family == KeyFamily::Mcp => {
            Ok(answer::document(StatusCode::OK, &json!({ "access_token": secret, "token_type": "Bearer" })))
        }
        _ => Err(Refused::invalid_client("client_secret is not an MCP key of this server")),
    }
}
