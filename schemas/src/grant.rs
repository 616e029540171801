//! OAuth grants: what users have authorized assistants to do, without giving them a key.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a user has authorized an assistant to do. It ends when it is revoked, or expires unused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Grant {
    /// Identifies the grant, for revoking it.
    pub id: String,
    /// The assistant's OAuth client id: the URL of its metadata document, or a registered id.
    pub client_id: String,
    /// The assistant's display name.
    pub client_name: String,
    /// The resource that its tokens are for.
    pub resource: String,
    /// Its scopes, in the spelling of MCP keys.
    pub scopes: Vec<String>,
    /// When the user agreed.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute; null when never.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it expires unless it is used before.
    pub expires_at: DateTime<Utc>,
}

/// List the assistants that you have authorized through OAuth, newest first. For API keys, use list_keys.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ListGrants {}

/// The grants of a user.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Grants {
    /// Newest first.
    pub grants: Vec<Grant>,
}

/// Revoke what you have granted to an assistant: it loses access at once, and has to ask again. For an API key, use
/// revoke_key.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct RevokeGrant {
    /// The grant's id.
    pub grant_id: String,
}
