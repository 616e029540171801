//! Grants: what a user has let an assistant do, on a page of the server, without handing it a key.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What one assistant may do for a user until it is revoked or not used for long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Grant {
    /// Identifies the grant, for revoking it.
    pub id: String,
    /// Identifies the assistant: the address of its metadata document, or the id it was registered with.
    pub client_id: String,
    /// What the assistant calls itself.
    pub client_name: String,
    /// The address that the assistant may use.
    pub resource: String,
    /// What it may do, in the spelling of MCP keys.
    pub scopes: Vec<String>,
    /// When the user agreed.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute; null when never.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it ends of itself, unless the assistant comes back before.
    pub expires_at: DateTime<Utc>,
}

/// List the assistants that you have let in on the server's sign-in page, newest first; API keys are listed elsewhere.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ListGrants {}

/// The grants of a user.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Grants {
    /// Newest first.
    pub grants: Vec<Grant>,
}

/// Revoke what you have granted to an assistant: it is shut out at once, and has to ask again. For an API key, use
/// revoke_key.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct RevokeGrant {
    /// The grant's id.
    pub grant_id: String,
}
