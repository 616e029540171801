//! Metadata documents (RFC 8414, RFC 9728).

use std::sync::Arc;

use poem::{Request, Response, http::StatusCode};
use serde_json::{Value, json};

use super::{Oauth, response};
use crate::auth::challenge::supported_scopes;

/// The metadata of the MCP endpoint at this path as a protected resource (RFC 9728). Without a path, of the canonical
/// one.
pub(crate) async fn resource(oauth: Arc<Oauth>, request: Request) -> Response {
    let endpoint = request.uri().path().trim_start_matches("/.well-known/oauth-protected-resource").to_owned();
    let endpoint = if endpoint.is_empty() { "/v1/mcp" } else { &endpoint };
    with_base(&oauth, &request, |base| {
        json!({
            "resource": format!("{base}{endpoint}"),
            "authorization_servers": [base],
            "scopes_supported": supported_scopes(),
            "bearer_methods_supported": ["header"],
            "resource_name": "Recollect",
            "resource_documentation": format!("{base}/docs"),
        })
    })
}

/// The metadata of the authorization server (RFC 8414).
pub(crate) async fn server(oauth: Arc<Oauth>, request: Request) -> Response {
    with_base(&oauth, &request, |base| {
        let mut document = json!({
            "issuer": base,
            "authorization_endpoint": format!("{base}/authorize"),
            "token_endpoint": format!("{base}/token"),
            "revocation_endpoint": format!("{base}/revoke"),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "none"],
            "revocation_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "none"],
            "scopes_supported": supported_scopes(),
            "authorization_response_iss_parameter_supported": true,
            "client_id_metadata_document_supported": true,
            "service_documentation": format!("{base}/docs"),
        });
        if oauth.resources.grant_settings.registration {
            document["registration_endpoint"] = json!(format!("{base}/register"));
        }
        document
    })
}

/// A document for the URL that the request was sent to, where that is the server's own.
fn with_base(oauth: &Oauth, request: &Request, describe: impl FnOnce(&str) -> Value) -> Response {
    match oauth.base.of(request) {
        Some(base) => response::json(StatusCode::OK, &describe(&base)),
        None => response::json(StatusCode::NOT_FOUND, &json!({ "detail": "Unknown host" })),
    }
}
