//! Links by which users share what is theirs.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a link shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum ShareLinkKind {
    Conversation,
    Message,
    ActionItem,
}

/// A link that was created.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CreatedShareLink {
    /// The link.
    #[schemars(example = &"https://memory.example/v2/messages/shared/0f5a2f7c9f0b4c83a9d0c1d2e3f40516")]
    pub url: String,
    /// The secret in the link, which opens it; it is not shown again.
    pub token: String,
    /// Identifies the link, to revoke it.
    pub id: String,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A link in use.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ShareLink {
    /// Identifies the link; it does not open it.
    #[schemars(example = &"5d2f8c1e-6a3b-4f7e-9c0d-1b2a3c4d5e6f")]
    pub id: String,
    /// What it shows.
    pub kind: ShareLinkKind,
    /// The ids of what it shows.
    pub item_ids: Vec<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
}

/// The links of one kind that are in use.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ActiveShareLinks {
    /// Newest first.
    pub links: Vec<ShareLink>,
}

/// End all sharing at once: revoke every link to conversations, messages and action items, and make every shared or public
/// conversation private.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct RevokeShareLinks {}

/// Sharing has ended.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EndedSharing {
    /// How many links were revoked.
    pub revoked_links: usize,
    /// How many conversations were made private.
    pub private_conversations: usize,
}
