//! Grants and access tokens as the database keeps them.

use chrono::{DateTime, Utc};
use schemas::{
    grant::Grant,
    key::{Key, KeyFamily},
    scope::Scope,
};
use surrealdb::types::SurrealValue;
use tokio_util::sync::CancellationToken;

use super::ACCESS_PREFIX;
use crate::keys::GrantedKey;

/// A grant, with what it takes to know its refresh token.
#[derive(Clone, SurrealValue)]
pub(super) struct GrantRow {
    pub(super) grant_id: String,
    pub(super) user: String,
    pub(super) client_id: String,
    pub(super) client_name: String,
    pub(super) resource: String,
    pub(super) scopes: Vec<String>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) last_used_at: Option<DateTime<Utc>>,
    pub(super) expires_at: DateTime<Utc>,
    /// The hash of the half of the refresh token that stays; `None` for a client that takes no refresh tokens.
    pub(super) family: Option<String>,
    /// The hash of the half that changes.
    pub(super) refresh: Option<String>,
    /// What that hash was before the last use, and what the half that changes was made from together with it.
    pub(super) previous: Option<String>,
    pub(super) salt: Option<String>,
    pub(super) rotated_at: Option<DateTime<Utc>>,
}

/// An access token, with all that a request needs to know of its grant.
#[derive(SurrealValue)]
pub(super) struct AccessRow {
    pub(super) digest: String,
    pub(super) grant_id: String,
    pub(super) user: String,
    pub(super) client_id: String,
    pub(super) client_name: String,
    pub(super) resource: String,
    pub(super) scopes: Vec<String>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) expires_at: DateTime<Utc>,
}

impl GrantRow {
    pub(super) fn listed(self) -> Grant {
        Grant {
            id: self.grant_id,
            client_id: self.client_id,
            client_name: self.client_name,
            resource: self.resource,
            scopes: self.scopes,
            created_at: self.created_at,
            last_used_at: self.last_used_at,
            expires_at: self.expires_at,
        }
    }
}

impl AccessRow {
    /// The token as a key, which ends with `ended`: its id is the grant's, its name the client's.
    pub(super) fn granted(self, secret: &str, ended: CancellationToken) -> GrantedKey {
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
        GrantedKey::of_grant(listed, self.user, scopes, self.resource, ended)
    }
}
