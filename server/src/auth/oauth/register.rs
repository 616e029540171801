//! `POST /register`: clients that register themselves (RFC 7591), where that is allowed.

use std::sync::Arc;

use poem::{Request, Response, http::StatusCode};
use resources::grants::{NewClient, RegisteredClient, Trust, is_redirect_uri};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Oauth,
    answer::{self, Refused},
};

/// The largest description of a client, in bytes.
const LARGEST: usize = 16 << 10;

/// How many addresses a client may name.
const MOST_REDIRECTS: usize = 20;

/// What a client says of itself; whatever else it says is passed over.
#[derive(Deserialize)]
struct Described {
    #[serde(default)]
    redirect_uris: Vec<String>,
    client_name: Option<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
    token_endpoint_auth_method: Option<String>,
}

/// Answers `POST /register`.
pub(super) async fn register(oauth: Arc<Oauth>, request: Request) -> Response {
    if !oauth.resources.grant_settings.registration {
        let body = json!({ "error": "access_denied", "error_description": "Clients do not register themselves here" });
        return answer::document(StatusCode::NOT_FOUND, &body);
    }
    registered(&oauth, request).await.unwrap_or_else(Response::from)
}

async fn registered(oauth: &Oauth, mut request: Request) -> Result<Response, Refused> {
    let invalid = |sentence: String| Refused::new("invalid_client_metadata", sentence);
    let body = request.take_body().into_bytes_limit(LARGEST).await;
    let body = body.map_err(|error| invalid(format!("The body could not be read: {error}")))?;
    let described: Described = serde_json::from_slice(&body)
        .map_err(|error| invalid(format!("The body does not describe a client: {error}")))?;
    let method = described.token_endpoint_auth_method.as_deref().unwrap_or("client_secret_basic");
    if !matches!(method, "none" | "client_secret_post" | "client_secret_basic") {
        return Err(invalid(format!("token_endpoint_auth_method {method} is not supported")));
    }
    let grants = described.grant_types.unwrap_or_else(|| vec!["authorization_code".into(), "refresh_token".into()]);
    if !grants.iter().any(|kind| kind == "authorization_code") {
        return Err(invalid("grant_types must hold authorization_code".into()));
    }
    if described.response_types.is_some_and(|types| !types.iter().any(|kind| kind == "code")) {
        return Err(invalid("response_types must hold code".into()));
    }
    if described.redirect_uris.is_empty() || described.redirect_uris.len() > MOST_REDIRECTS {
        let sentence = format!("redirect_uris must hold 1 to {MOST_REDIRECTS} addresses");
        return Err(Refused::new("invalid_redirect_uri", sentence));
    }
    if !described.redirect_uris.iter().all(|text| is_redirect_uri(text)) {
        let sentence = "redirect_uris must be https, http on this machine, or a scheme of an app's own";
        return Err(Refused::new("invalid_redirect_uri", sentence));
    }
    let new = NewClient {
        name: described.client_name.unwrap_or_default(),
        redirect_uris: described.redirect_uris,
        refreshes: grants.iter().any(|kind| kind == "refresh_token"),
        has_secret: method != "none",
        trust: Trust::SelfRegistered,
    };
    let made = oauth.resources.clients().add(new).await?;
    let made = made.ok_or_else(|| Refused::new("temporarily_unavailable", "Too many clients have registered"))?;
    Ok(answer::document(StatusCode::CREATED, &description(made, method)))
}

fn description(made: RegisteredClient, method: &str) -> Value {
    let RegisteredClient { client, secret } = made;
    let grants: &[&str] = match client.refreshes {
        true => &["authorization_code", "refresh_token"],
        false => &["authorization_code"],
    };
    let mut described = json!({
        "client_id": client.id,
        "client_id_issued_at": chrono::Utc::now().timestamp(),
        "client_name": client.name,
        "redirect_uris": client.redirect_uris,
        "grant_types": grants,
        "response_types": ["code"],
        "token_endpoint_auth_method": method,
    });
    if let Some(secret) = secret {
        described["client_secret"] = json!(secret);
        described["client_secret_expires_at"] = json!(0);
    }
    described
}
