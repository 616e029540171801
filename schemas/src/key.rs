//! API keys: how programs sign in.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which API a key opens: `developer` keys start with `omi_dev_`, `mcp` keys with `omi_mcp_`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum KeyFamily {
    Developer,
    Mcp,
}

impl KeyFamily {
    /// Both families.
    pub const ALL: [KeyFamily; 2] = [KeyFamily::Developer, KeyFamily::Mcp];

    /// What every raw key of this family starts with.
    pub fn prefix(self) -> &'static str {
        match self {
            KeyFamily::Developer => "omi_dev_",
            KeyFamily::Mcp => "omi_mcp_",
        }
    }
}

/// A key as it is listed; the secret itself is never shown again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Key {
    /// Identifies the key, for revoking it.
    pub id: String,
    /// What its owner called it.
    pub name: String,
    /// The first and last characters of the secret, to tell keys apart.
    pub key_prefix: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last opened a door, to the minute; null when never.
    pub last_used_at: Option<DateTime<Utc>>,
    /// The scopes it holds, in its family's spelling; null means the family's default.
    pub scopes: Option<Vec<String>>,
    /// When it ceases to open any; missing when never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// The application that an MCP key belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_id: Option<String>,
    /// The id of the key that it was made with, and is revoked with; missing when a signed-in user made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made_with: Option<String>,
}

/// A key just made, with the secret that is shown this once.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CreatedKey {
    /// The key.
    #[serde(flatten)]
    pub described: Key,
    /// The raw secret; store it now, it cannot be shown again.
    pub key: String,
}

/// List your API keys of one family, newest first. For assistants that were let in without one, use list_grants.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ListKeys {
    /// Which keys to list.
    pub family: KeyFamily,
}

/// The keys of one family.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Keys {
    /// Newest first.
    pub keys: Vec<Key>,
}

/// Create an API key and show its secret once. With a key in hand, only one that may do no more; it is revoked together
/// with the key that made it.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct CreateKey {
    /// Which API the key is to open.
    pub family: KeyFamily,
    /// What to call it; white space around it is dropped.
    #[schemars(example = &"laptop")]
    #[schemars(length(max = 200))]
    pub name: String,
    /// The scopes to hold; left out, a developer key reads, as far as a key that makes it does, and an MCP key does
    /// everything.
    #[serde(default)]
    #[schemars(length(max = 50))]
    pub scopes: Option<Vec<String>>,
    /// When the key is to end; left out, never, or with the key that makes it.
    #[serde(default)]
    #[schemars(example = &"2027-01-01T00:00:00Z")]
    pub expires_at: Option<DateTime<Utc>>,
    /// The same as a number of days from now.
    #[serde(default)]
    #[schemars(range(min = 1, max = 3650))]
    pub expires_in_days: Option<u32>,
}

/// Revoke an API key at once, and the keys that were made with it; an unknown id changes nothing. For an assistant that
/// was let in without one, use revoke_grant.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct RevokeKey {
    /// Which family the key is of.
    pub family: KeyFamily,
    /// The key's id.
    pub key_id: String,
}

/// Describe the API key that makes this call. Use this for what this connection may do; for what it did, use get_audit.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetKey {}
