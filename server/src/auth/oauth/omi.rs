//! The legacy client `omi`: assistants that were configured with this client id, and with an MCP key as the client
//! secret. Its authorization code is a constant, since the key is what authenticates; it is sent to configured redirect
//! URIs only.

use std::sync::Arc;

use poem::{Response, http::StatusCode};
use resources::{Resources, grants};
use schemas::key::KeyFamily;
use serde_json::json;

use super::{
    Oauth, pages,
    parameters::Parameters,
    request::response_url,
    response::{self, OAuthError},
};

/// The client id, and the authorization code.
pub(super) const OMI: &str = "omi";

/// Redirects the browser to one of the configured redirect URIs.
pub(super) fn authorize(oauth: &Oauth, base: &str, given: &Parameters) -> Response {
    let known = &oauth.resources.grant_settings.omi_redirects;
    let redirect_uri = given.get("redirect_uri").ok().flatten();
    let redirect_uri =
        redirect_uri.filter(|given| known.iter().any(|known| grants::matches_redirect_uri(known, given)));
    let (Some(redirect_uri), Ok(state)) = (redirect_uri, given.get("state")) else {
        let sentence = "`redirect_uri` is not registered for this client.";
        return pages::problem(StatusCode::BAD_REQUEST, sentence);
    };
    pages::redirect(&response_url(redirect_uri, &[("code", OMI)], state, base))
}

/// Returns the MCP key, which is the client secret, as the access token.
pub(super) async fn token(resources: &Arc<Resources>, secret: Option<&str>) -> Result<Response, OAuthError> {
    let secret = secret.ok_or_else(|| OAuthError::invalid_request("client_secret is missing: it is an MCP key"))?;
    match resources.keys().find(secret).await? {
        Some(key) if key.family == KeyFamily::Mcp => {
            Ok(response::json(StatusCode::OK, &json!({ "access_token": secret, "token_type": "Bearer" })))
        }
        _ => Err(OAuthError::invalid_client("client_secret is not an MCP key of this server")),
    }
}
