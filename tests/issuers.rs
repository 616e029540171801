//! Signing in by the word of others: ID tokens of Firebase and of OpenID Connect, browsers on their way, and apps.

mod accounts;
mod apps;
mod browser;
mod codes;
mod consent;
mod detours;
mod firebase;
mod issuer;
mod keys;
mod knocking;
mod links;
mod names;
mod oidc;
mod rotation;
mod sockets;

use chrono::Utc;
use reqwest::{RequestBuilder, Url, header::CONTENT_TYPE};
use resources::SignInSettings;
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use crate::harness::{Answer, Server, TestUser};
use issuer::Issuer;

const INVALID: &str = "Invalid authorization token";
const STRANGER: &str = "No account here belongs to this sign-in; ask the owner for an invitation";
const DISABLED: &str = "This account is disabled";

/// A server, and an issuer whose word it takes.
struct Stage {
    server: Server,
    issuer: Issuer,
    _folder: TempDir,
}

impl Stage {
    /// Boots a server at which users sign in as `adjust` says.
    async fn set(adjust: impl FnOnce(&mut SignInSettings, &Issuer)) -> Self {
        let (issuer, folder) = (Issuer::serve().await, TempDir::new().unwrap());
        let server = Server::boot(folder.path(), |config| adjust(&mut config.sign_in, &issuer)).await;
        Self { server, issuer, _folder: folder }
    }

    async fn end(self) {
        self.server.stop().await;
    }
}

/// A name that no other test has.
fn fresh(name: &str) -> String {
    format!("{name}-{}", Uuid::new_v4().simple())
}

/// What a token that is written now says of somebody.
fn claims(issuer: &str, audience: &str, subject: &str) -> Value {
    let now = Utc::now().timestamp();
    json!({ "iss": issuer, "aud": audience, "sub": subject, "iat": now, "auth_time": now, "exp": now + 3600 })
}

/// The same with others in the place of some of them; null takes one away.
fn with(mut claims: Value, others: Value) -> Value {
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

/// What an issuer says that vouches for somebody's address.
fn vouched(email: &str) -> Value {
    json!({ "email": email, "email_verified": true })
}

/// What somebody who brings this token hears of themselves; `visitor` makes the request.
async fn me(visitor: &TestUser, token: &str) -> Answer {
    visitor.with(token).get("/v1/users/me").await
}

/// The id of the user whom this token signs in.
async fn id_of(visitor: &TestUser, token: &str) -> String {
    let body = me(visitor, token).await.ok();
    body["user"]["id"].as_str().unwrap().to_owned()
}

/// Every user of the server, as one text.
async fn everybody(owner: &TestUser) -> String {
    owner.app().get("/v1/admin/users").await.ok().to_string()
}

/// A request with a form for its body.
fn form(request: RequestBuilder, fields: &[(&str, &str)]) -> RequestBuilder {
    let encoded = Url::parse_with_params("http://form/", fields).unwrap().query().unwrap_or_default().to_owned();
    request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(encoded)
}

/// What is usually sent, with others in the place of some of it.
fn over<'a>(usual: &[(&'a str, &'a str)], others: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = usual.iter().filter(|(name, _)| !others.iter().any(|(other, _)| other == name));
    kept.chain(others).copied().collect()
}
