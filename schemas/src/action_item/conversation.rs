//! The action items of one conversation, called by their place in it or by their text.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ActionItem;

/// List the action items of a conversation, in the order in which they came up. Use this for what one conversation led
/// to; for all there is to do, use get_action_items.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetConversationActionItems {
    /// The conversation's id.
    #[schemars(example = &"0b7a6f6e-54a5-4c8a-8d0e-6f1f4b1f8a11")]
    pub conversation_id: String,
}

/// The action items of a conversation.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConversationActionItems {
    /// The items, in the order in which they came up.
    pub action_items: Vec<ActionItem>,
    /// The conversation's id.
    pub conversation_id: String,
}

/// Mark action items of a conversation as done or as open, by their places in its list. Use this where only places are
/// known; by an id, use complete_action_item.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct CompleteConversationActionItems {
    /// The conversation's id.
    #[schemars(example = &"0b7a6f6e-54a5-4c8a-8d0e-6f1f4b1f8a11")]
    pub conversation_id: String,
    /// The places of the items in the conversation's list, from 0.
    #[schemars(length(min = 1, max = 500))]
    pub items_idx: Vec<u32>,
    /// For each place, whether that item is done.
    #[schemars(length(min = 1, max = 500))]
    pub values: Vec<bool>,
}

/// Change the text of an action item of a conversation. Use this where only its text is known; by its id, use
/// update_action_item.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct RenameConversationActionItem {
    /// The conversation's id.
    #[schemars(example = &"0b7a6f6e-54a5-4c8a-8d0e-6f1f4b1f8a11")]
    pub conversation_id: String,
    /// Its place in the conversation's list, from 0; matters only where several items have the same text.
    #[serde(default)]
    pub idx: u32,
    /// The text that it has.
    #[schemars(example = &"Send Ana the photos")]
    #[schemars(length(max = 4096))]
    pub old_description: String,
    /// The text that it is to have.
    #[schemars(example = &"Send Ana the photos and the video")]
    #[schemars(length(min = 1, max = 4096))]
    pub description: String,
}

/// Delete action items of a conversation for good: those with a certain text, or all of them. Use this only when the
/// user asks for it; by an id, use delete_action_item.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct DeleteConversationActionItems {
    /// The conversation's id.
    #[schemars(example = &"0b7a6f6e-54a5-4c8a-8d0e-6f1f4b1f8a11")]
    pub conversation_id: String,
    /// The text of those to delete; left out, all are deleted.
    #[serde(default)]
    #[schemars(length(max = 4096))]
    pub description: Option<String>,
}
