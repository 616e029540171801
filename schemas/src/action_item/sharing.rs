//! Action items that are shared by link.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Share action items by a link. Everyone with the link sees their texts and due dates as they are now, and can copy
/// them. Ask the user first. To show them to the user alone, use get_action_items.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ShareActionItems {
    /// The ids of the action items.
    #[schemars(length(min = 1, max = 20))]
    pub task_ids: Vec<String>,
    /// When the link ends; without it, it works until it is revoked.
    #[serde(default)]
    #[schemars(example = &"2031-05-15T09:00:00Z")]
    pub expires_at: Option<DateTime<Utc>>,
}

/// List the links to action items of the user's that are in use. Use this to see what is shared; for the action items
/// themselves, use get_action_items.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetActionItemLinks {}

/// Revoke a link to action items at once. Use this when the user no longer wants to share them; copies that others have
/// made are theirs.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct RevokeActionItemLink {
    /// The link's id, as get_action_item_links lists it.
    pub link_id: String,
}

/// See the action items behind a link. Use this before accept_action_items; for the user's own, use get_action_items.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetSharedActionItems {
    /// The token of the link.
    #[schemars(example = &"0f5a2f7c9f0b4c83a9d0c1d2e3f40516")]
    #[schemars(length(max = 256))]
    pub token: String,
}

/// An action item as seen by link.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SharedActionItem {
    /// What to do.
    pub description: String,
    /// When it is due.
    pub due_at: Option<DateTime<Utc>>,
}

/// The action items behind a link.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SharedActionItems {
    /// Who shares them.
    pub sender_name: String,
    /// The items as they were when they were shared; deleted ones are left out.
    pub tasks: Vec<SharedActionItem>,
    /// How many there are.
    pub count: usize,
}

/// Copy the action items behind a link to the user's own. Use this when the user wants them; to look first, use
/// get_shared_action_items.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AcceptActionItems {
    /// The token of the link.
    #[schemars(example = &"0f5a2f7c9f0b4c83a9d0c1d2e3f40516")]
    #[schemars(length(max = 256))]
    pub token: String,
}

/// Action items were copied.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AcceptedActionItems {
    /// The ids of the copies.
    pub created: Vec<String>,
    /// How many there are.
    pub count: usize,
}
