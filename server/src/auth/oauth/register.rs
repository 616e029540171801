//! `POST /register`: dynamic client registration (RFC 7591), where it is enabled.

use std::sync::Arc;

use poem::{Request, Response, http::StatusCode};
use resources::grants::{NewClient, REDIRECT_URI_RULE, RegisteredClient, Trust, is_redirect_uri};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Oauth,
    response::{self, OAuthError},
};

/// The maximum size of the client metadata, in bytes.
const MAX_BODY: usize = 16 << 10;

/// The maximum number of redirect URIs of a client.
const MAX_REDIRECT_URIS: usize = 20;

/// The supported client metadata; other members are ignored.
#[derive(Deserialize)]
struct ClientMetadata {
    #[serde(default)]
    redirect_uris: Vec<String>,
    client_name: Option<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
    token_endpoint_auth_method: Option<String>,
}

/// `POST /register`.
pub(crate) async fn register(oauth: Arc<Oauth>, request: Request) -> Response {
    if !oauth.resources.grant_settings.registration {
        let body = json!({ "error": "access_denied", "error_description": "Client registration is disabled" });
        return response::json(StatusCode::NOT_FOUND, &body);
    }
    register_client(&oauth, request).await.unwrap_or_else(Response::from)
}

async fn register_client(oauth: &Oauth, mut request: Request) -> Result<Response, OAuthError> {
    let invalid = |sentence: String| OAuthError::new("invalid_client_metadata", sentence);
    let body = request.take_body().into_bytes_limit(MAX_BODY).await;
    let body = body.map_err(|error| invalid(format!("The body cannot be read: {error}")))?;
    let metadata: ClientMetadata =
        serde_json::from_slice(&body).map_err(|error| invalid(format!("The body is not client metadata: {error}")))?;
    let method = metadata.token_endpoint_auth_method.as_deref().unwrap_or("client_secret_basic");
    if !matches!(method, "none" | "client_secret_post" | "client_secret_basic") {
        return Err(invalid(format!("token_endpoint_auth_method {method} is not supported")));
    }
    let grants = metadata.grant_types.unwrap_or_else(|| vec!["authorization_code".into(), "refresh_token".into()]);
    if !grants.iter().any(|kind| kind == "authorization_code") {
        return Err(invalid("grant_types must include authorization_code".into()));
    }
    if metadata.response_types.is_some_and(|types| !types.iter().any(|kind| kind == "code")) {
        return Err(invalid("response_types must include code".into()));
    }
    if metadata.redirect_uris.is_empty() || metadata.redirect_uris.len() > MAX_REDIRECT_URIS {
        let sentence = format!("redirect_uris must have 1 to {MAX_REDIRECT_URIS} entries");
        return Err(OAuthError::new("invalid_redirect_uri", sentence));
    }
    if !metadata.redirect_uris.iter().all(|text| is_redirect_uri(text)) {
        let sentence = format!("redirect_uris must be {REDIRECT_URI_RULE}");
        return Err(OAuthError::new("invalid_redirect_uri", sentence));
    }
    let new = NewClient {
        name: metadata.client_name.unwrap_or_default(),
        redirect_uris: metadata.redirect_uris,
        refreshes: grants.iter().any(|kind| kind == "refresh_token"),
        has_secret: method != "none",
        trust: Trust::SelfRegistered,
    };
    let registered = oauth.resources.clients().add(new).await?;
    let registered =
        registered.ok_or_else(|| OAuthError::new("temporarily_unavailable", "Too many clients have registered"))?;
    Ok(response::json(StatusCode::CREATED, &registration_response(registered, method)))
}

fn registration_response(registered: RegisteredClient, method: &str) -> Value {
    let RegisteredClient { client, secret } = registered;
    let grants: &[&str] = match client.refreshes {
        true => &["authorization_code", "refresh_token"],
        false => &["authorization_code"],
    };
    let mut body = json!({
        "client_id": client.id,
        "client_id_issued_at": chrono::Utc::now().timestamp(),
        "client_name": client.name,
        "redirect_uris": client.redirect_uris,
        "grant_types": grants,
        "response_types": ["code"],
        "token_endpoint_auth_method": method,
    });
    if let Some(secret) = secret {
        body["client_secret"] = json!(secret);
        body["client_secret_expires_at"] = json!(0);
    }
    body
}
