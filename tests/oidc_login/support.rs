//! A server with an OpenID Connect issuer, claims, and requests.

use chrono::Utc;
use reqwest::{RequestBuilder, Url, header::CONTENT_TYPE};
use resources::SignInSettings;
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use super::issuer::Issuer;
use crate::support::server::{Answer, Server, TestUser};

pub(crate) const INVALID: &str = "Invalid authorization token";
pub(crate) const STRANGER: &str = "No account here belongs to this sign-in; ask the owner for an invitation";
pub(crate) const DISABLED: &str = "This account is disabled";

/// A server, and an issuer that it trusts.
pub(crate) struct ServerWithIssuer {
    pub(crate) server: Server,
    pub(crate) issuer: Issuer,
    _folder: TempDir,
}

impl ServerWithIssuer {
    /// Boots a server at which users sign in as `adjust` says.
    pub(crate) async fn boot(adjust: impl FnOnce(&mut SignInSettings, &Issuer)) -> Self {
        let (issuer, folder) = (Issuer::serve().await, TempDir::new().unwrap());
        let server = Server::boot(folder.path(), |config| adjust(&mut config.sign_in, &issuer)).await;
        Self { server, issuer, _folder: folder }
    }

    pub(crate) async fn stop(self) {
        self.server.stop().await;
    }
}

/// A name that no other test has.
pub(crate) fn fresh(name: &str) -> String {
    format!("{name}-{}", Uuid::new_v4().simple())
}

/// The claims of a token that is issued now.
pub(crate) fn claims(issuer: &str, audience: &str, subject: &str) -> Value {
    let now = Utc::now().timestamp();
    json!({ "iss": issuer, "aud": audience, "sub": subject, "iat": now, "auth_time": now, "exp": now + 3600 })
}

/// The same with others in the place of some of them; null takes one away.
pub(crate) fn with(mut claims: Value, others: Value) -> Value {
    let known = claims.as_object_mut().unwrap();
    for (name, value) in others.as_object().unwrap() {
        if value.is_null() {
            known.remove(name);
        } else {
            known.insert(name.clone(), value.clone());
        }
    }
    claims
}

/// The claims of a verified e-mail address.
pub(crate) fn verified_email(email: &str) -> Value {
    json!({ "email": email, "email_verified": true })
}

/// The profile for this token; `visitor` makes the request.
pub(crate) async fn me(visitor: &TestUser, token: &str) -> Answer {
    visitor.with(token).get("/v1/users/me").await
}

/// The id of the user whom this token signs in.
pub(crate) async fn id_of(visitor: &TestUser, token: &str) -> String {
    let body = me(visitor, token).await.ok();
    body["user"]["id"].as_str().unwrap().to_owned()
}

/// Every user of the server, as one text.
pub(crate) async fn list_users(owner: &TestUser) -> String {
    owner.app().get("/v1/admin/users").await.ok().to_string()
}

/// A request with a form for its body.
pub(crate) fn form(request: RequestBuilder, fields: &[(&str, &str)]) -> RequestBuilder {
    let encoded = Url::parse_with_params("http://form/", fields).unwrap().query().unwrap_or_default().to_owned();
    request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(encoded)
}

/// What is usually sent, with others in the place of some of it.
pub(crate) fn with_overrides<'a>(
    usual: &[(&'a str, &'a str)],
    others: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let kept = usual.iter().filter(|(name, _)| !others.iter().any(|(other, _)| other == name));
    kept.chain(others).copied().collect()
}
