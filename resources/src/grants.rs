//! OAuth grants: what users have allowed MCP clients to do, and the tokens that clients act with.
//!
//! Tokens are opaque, and only their digests are stored. Revoking a grant deletes its rows, so there is no revocation
//! list.

mod authorization_codes;
mod browser_sessions;
mod client_metadata;
mod clients;
mod redirect_uris;
mod tokens;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use identity::crypto::digest;
use reqwest::Url;
use schemas::{
    grant::Grant,
    key::{Key, KeyFamily},
    scope::Scope,
};
use serde::Deserialize;
use surrealdb::types::{RecordId, SurrealValue};
use tokio_util::sync::CancellationToken;

pub use authorization_codes::{AuthorizationCode, CodeExchange};
pub use browser_sessions::{BROWSER_SESSION_TTL, BrowserSessions};
pub(crate) use client_metadata::ClientMetadataCache;
pub use clients::{Client, ClientError, Clients, NewClient, RegisteredClient, Trust, is_metadata_url};
pub use redirect_uris::{REDIRECT_URI_RULE, is_loopback, is_redirect_uri, matches_redirect_uri};
pub use tokens::{IssuedTokens, TokenError};

use crate::{
    Resources, Result,
    database::{Params, record},
    keys::GrantedKey,
    users::AccountStatus,
};

/// The prefix of access tokens.
pub const ACCESS_PREFIX: &str = "omi_oat_";

/// Lifetimes of codes and tokens, and which clients are accepted.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GrantSettings {
    /// Whether clients may register themselves.
    pub registration: bool,
    /// Whether metadata documents of clients may be on this machine or in private networks, and be fetched without TLS.
    pub allow_private_metadata: bool,
    /// The redirect URIs of the legacy client `omi`.
    pub omi_redirects: Vec<String>,
    /// Lifetime of access tokens, in seconds.
    pub access_seconds: u32,
    /// Lifetime of authorization codes, in seconds.
    pub code_seconds: u32,
    /// Days without use after which a refresh token expires.
    pub refresh_days: u32,
}

impl Default for GrantSettings {
    fn default() -> Self {
        Self {
            registration: false,
            allow_private_metadata: false,
            omi_redirects: Vec::new(),
            access_seconds: 3600,
            code_seconds: 600,
            refresh_days: 365,
        }
    }
}

/// A row of `oauth_grant`.
#[derive(Clone, SurrealValue)]
struct GrantRow {
    grant_id: String,
    user: String,
    client_id: String,
    client_name: String,
    resource: String,
    scopes: Vec<String>,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
    expires_at: DateTime<Utc>,
    /// The digest of the constant part of the refresh token; `None` for a client that takes no refresh tokens.
    family: Option<String>,
    /// The digest of the part that changes with every use.
    refresh: Option<String>,
    /// The digest before the last rotation, the salt of the rotation, and its time.
    previous: Option<String>,
    salt: Option<String>,
    rotated_at: Option<DateTime<Utc>>,
}

/// A row of `oauth_access`: an access token, with what requests need to know of its grant.
#[derive(SurrealValue)]
struct AccessTokenRow {
    digest: String,
    grant_id: String,
    user: String,
    client_id: String,
    client_name: String,
    resource: String,
    scopes: Vec<String>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

/// The grants of all users; each method names the user.
pub struct Grants<'a>(pub(crate) &'a Resources);

impl Grants<'_> {
    /// The grants of `user`, newest first.
    pub async fn list(&self, user: &str) -> Result<Vec<Grant>> {
        let statement = "SELECT * FROM oauth_grant:[$user, NONE]..=[$user, {}] WHERE expires_at > $now";
        let params = Params::new().with("user", user).with("now", crate::now());
        let mut rows: Vec<GrantRow> = self.0.database.run(statement, params).await?.take(0)?;
        rows.sort_by_key(|row| std::cmp::Reverse(row.created_at));
        Ok(rows.into_iter().map(Grant::from).collect())
    }

    /// Revokes a grant of `user` with all its tokens, at once; `false` when there is none with this id.
    pub async fn revoke(&self, user: &str, id: &str) -> Result<bool> {
        let statements = "BEGIN;
            DELETE $grant RETURN BEFORE;
            DELETE oauth_access WHERE user = $user AND grant_id = $id RETURN BEFORE;
            COMMIT;";
        let params = Params::new().with("grant", grant_record(user, id)).with("user", user).with("id", id);
        let mut answers = self.0.database.run(statements, params).await?;
        let revoked: Vec<GrantRow> = answers.take(1)?;
        let tokens: Vec<AccessTokenRow> = answers.take(2)?;
        tokens.iter().for_each(|row| self.0.auth.access_tokens.invalidate(&row.digest));
        self.0.auth.revocations.revoke(id);
        Ok(!revoked.is_empty())
    }

    /// The access token `raw`, as a key with the scopes of its grant.
    pub async fn find(&self, raw: &str) -> Result<Option<Arc<GrantedKey>>> {
        let Some(secret) = raw.strip_prefix(ACCESS_PREFIX).filter(|secret| secret.is_ascii()) else { return Ok(None) };
        let digest = digest(secret);
        let load = async {
            let params = Params::new().with("id", access_token_record(&digest));
            let rows: Vec<AccessTokenRow> = self.0.database.run("SELECT * FROM $id", params).await?.take(0)?;
            Ok(rows.into_iter().next().map(|row| {
                let revoked = self.0.auth.revocations.token(&row.grant_id);
                Arc::new(row.into_key(secret, revoked))
            }))
        };
        let key = self.0.auth.access_tokens.get_or_load(&digest, load).await?;
        Ok(key.filter(|key| !key.is_expired()))
    }

    /// Records that a grant was used just now.
    pub async fn record_use(&self, key: &GrantedKey) -> Result<()> {
        let statement = "UPDATE $id SET last_used_at = $now RETURN NONE";
        let params = Params::new().with("id", grant_record(&key.user, &key.id)).with("now", crate::now());
        self.0.database.run(statement, params).await.map(drop)
    }

    /// Deletes what has expired. Codes stay for another day, so that a second use is recognised.
    async fn delete_expired(&self) -> Result<()> {
        let statements = "DELETE oauth_code WHERE expires_at < $yesterday;
            DELETE oauth_access WHERE expires_at < $now;
            DELETE oauth_grant WHERE expires_at < $now;
            DELETE oauth_browser WHERE expires_at < $now;";
        let now = crate::now();
        let params = Params::new().with("now", now).with("yesterday", now - chrono::TimeDelta::days(1));
        self.0.database.run(statements, params).await.map(drop)
    }
}

impl From<GrantRow> for Grant {
    fn from(row: GrantRow) -> Self {
        Self {
            id: row.grant_id,
            client_id: row.client_id,
            client_name: row.client_name,
            resource: row.resource,
            scopes: row.scopes,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
        }
    }
}

impl AccessTokenRow {
    /// The token as a key: its id is the grant's, its name the client's. `revoked` is cancelled with the grant.
    fn into_key(self, secret: &str, revoked: CancellationToken) -> GrantedKey {
        let scopes = self.scopes.iter().filter_map(|scope| Scope::parse(scope, KeyFamily::Mcp)).collect();
        let (first, last) = (secret.get(..4).unwrap_or_default(), secret.get(secret.len().saturating_sub(4)..));
        let listed = Key {
            id: self.grant_id,
            name: self.client_name,
            key_prefix: format!("{ACCESS_PREFIX}{first}...{}", last.unwrap_or_default()),
            created_at: self.created_at,
            last_used_at: None,
            scopes: Some(self.scopes),
            expires_at: Some(self.expires_at),
            app_id: Some(self.client_id),
            made_with: None,
        };
        GrantedKey::from_access_token(listed, self.user, scopes, self.resource, revoked)
    }
}

/// Whether a user's account is active: nothing is issued for other accounts.
async fn is_active(resources: &Resources, user: &str) -> Result<bool> {
    Ok(matches!(resources.users().account_status(user).await?, AccountStatus::Active(_)))
}

/// Whether two URLs of the MCP endpoint are of the same server: the endpoint has several paths, and clients mix them.
fn is_same_server(given: &str, granted: &str) -> bool {
    let origin = |text: &str| text.parse::<Url>().ok().map(|url| url.origin());
    origin(given).is_some_and(|given| Some(given) == origin(granted))
}

fn grant_record(user: &str, id: &str) -> RecordId {
    record("oauth_grant", user, id)
}

fn access_token_record(digest: &str) -> RecordId {
    RecordId::new("oauth_access", digest)
}
