//! API keys.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The API that a key is for: `developer` keys start with `omi_dev_`, `mcp` keys with `omi_mcp_`.
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

    /// The prefix of keys of this family.
    pub fn prefix(self) -> &'static str {
        match self {
            KeyFamily::Developer => "omi_dev_",
            KeyFamily::Mcp => "omi_mcp_",
        }
    }
}

/// An API key, without its secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Key {
    /// Identifies the key, for revoking it.
    pub id: String,
    /// Its name, as the user chose it.
    pub name: String,
    /// The first and last characters of the secret.
    pub key_prefix: String,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute; null if never.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Its scopes, in its family's spelling; null means the family's default.
    pub scopes: Option<Vec<String>>,
    /// When it expires; missing if never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// The application that an MCP key belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_id: Option<String>,
    /// The id of the key that it was created with, and is revoked with; missing if a signed-in user created it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made_with: Option<String>,
}

/// A new key, with the secret that is shown only once.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CreatedKey {
    /// The key.
    #[serde(flatten)]
    pub described: Key,
    /// The secret key; store it now, it cannot be shown again.
    pub key: String,
}

/// List your API keys of one family, newest first. For assistants that you have authorized through OAuth, use
/// list_grants.
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

/// Create an API key and show its secret once. A key can create only keys with no more scopes than its own; they are
/// revoked together with it.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct CreateKey {
    /// Which API the key is for.
    pub family: KeyFamily,
    /// Its name; surrounding white space is removed.
    #[schemars(example = &"laptop")]
    #[schemars(length(max = 200))]
    pub name: String,
    /// Its scopes; defaults to the read scopes for a developer key, limited to those of a creating key, and to all
    /// scopes for an MCP key.
    #[serde(default)]
    #[schemars(length(max = 50))]
    #[schemars(inner(length(max = 128)))]
    pub scopes: Option<Vec<String>>,
    /// When the key expires; defaults to never, or to the expiry of a creating key.
    #[serde(default)]
    #[schemars(example = &"2027-01-01T00:00:00Z")]
    pub expires_at: Option<DateTime<Utc>>,
    /// The same, as a number of days from now.
    #[serde(default)]
    #[schemars(range(min = 1, max = 3650))]
    pub expires_in_days: Option<u32>,
}

/// Revoke an API key at once, and the keys that were created with it; an unknown id changes nothing. For an assistant
/// that you have authorized through OAuth, use revoke_grant.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct RevokeKey {
    /// The family of the key.
    pub family: KeyFamily,
    /// The key's id.
    pub key_id: String,
}

/// Get the API key that makes this call. Use this for the permissions of this connection; for its activity, use
/// get_audit.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetKey {}
