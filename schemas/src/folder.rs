//! Folders of conversations.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::conversation::Conversation;

/// A folder of conversations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Folder {
    /// Identifies the folder among the user's.
    #[schemars(example = &"work")]
    pub id: String,
    /// Its name.
    #[schemars(example = &"Work")]
    pub name: String,
    /// What belongs in it; conversations are assigned by this.
    #[schemars(example = &"Jobs, colleagues, meetings and business")]
    pub description: Option<String>,
    /// Its colour, as `#RRGGBB`.
    #[schemars(example = &"#6B7280")]
    pub color: String,
    /// Its emoji, or the name of an icon.
    #[schemars(example = &"📁")]
    pub icon: String,
    /// When it was made.
    #[schemars(example = &"2026-05-08T13:56:00Z")]
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[schemars(example = &"2026-05-08T13:56:00Z")]
    pub updated_at: DateTime<Utc>,
    /// Its position in the list; the smallest comes first.
    pub order: i64,
    /// Whether conversations of deleted folders move here.
    pub is_default: bool,
    /// Whether it is one of the initial folders, which cannot be deleted.
    pub is_system: bool,
    /// The category of an initial folder.
    pub category_mapping: Option<String>,
    /// How many conversations are in it, without hidden ones.
    pub conversation_count: u64,
}

/// List the user's folders, in the user's order. Use this for their ids; for what is in one, use
/// get_folder_conversations.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetFolders {
    /// Whether a user without folders gets the initial ones: Personal, Work, Health and so on.
    #[serde(default)]
    pub make_first_set: bool,
}

/// The folders of the user.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Folders {
    /// In the user's order.
    pub folders: Vec<Folder>,
}

/// Get one folder by its id. Use this once its id is known; to find it, use get_folders.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetFolder {
    /// The folder's id.
    #[schemars(example = &"work")]
    pub folder_id: String,
}

/// One folder.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OneFolder {
    /// The folder.
    pub folder: Folder,
}

/// Create a folder for conversations. New conversations are assigned by the descriptions of folders.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct CreateFolder {
    /// Its name.
    #[schemars(length(min = 1, max = 100), example = &"Allotment")]
    pub name: String,
    /// What belongs in it; conversations are assigned by this.
    #[serde(default)]
    #[schemars(length(max = 500), example = &"Everything about the garden and its neighbours")]
    pub description: Option<String>,
    /// Its colour, as `#RRGGBB`; grey when left out.
    #[serde(default)]
    #[schemars(length(max = 50), example = &"#10B981")]
    pub color: Option<String>,
    /// Its emoji, or the name of an icon; 📁 when left out.
    #[serde(default)]
    #[schemars(length(max = 50), example = &"🌱")]
    pub icon: Option<String>,
}

/// Change a folder: its name, description, colour, icon or place in the list. Fields left out stay as they are.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct UpdateFolder {
    /// The folder's id.
    #[schemars(example = &"work")]
    pub folder_id: String,
    /// What it is called from now on.
    #[serde(default)]
    #[schemars(length(min = 1, max = 100), example = &"Allotment")]
    pub name: Option<String>,
    /// What belongs in it; null takes the description away.
    #[serde(default, deserialize_with = "crate::given")]
    #[schemars(length(max = 500), example = &"Everything about the garden and its neighbours")]
    pub description: Option<Option<String>>,
    /// Its colour, as `#RRGGBB`.
    #[serde(default)]
    #[schemars(length(max = 50), example = &"#10B981")]
    pub color: Option<String>,
    /// Its emoji, or the name of an icon.
    #[serde(default)]
    #[schemars(length(max = 50), example = &"🌱")]
    pub icon: Option<String>,
    /// Its position in the list; the smallest comes first.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub order: Option<i64>,
}

/// Delete a folder; its conversations move to another one. Folders of the first set cannot be deleted.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct DeleteFolder {
    /// The folder's id.
    #[schemars(example = &"7f2d3c54-9c0e-4b34-8f0b-2a5f6f1f0c11")]
    pub folder_id: String,
    /// The folder that its conversations move to; the default one when left out.
    #[serde(default)]
    #[schemars(example = &"work")]
    pub move_to_folder_id: Option<String>,
}

/// Put folders in order: those named come first, in the order given, the others stay behind them as they were.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ReorderFolders {
    /// The ids of the folders, each once.
    #[schemars(length(min = 1, max = 100), example = ["work", "personal"])]
    pub folder_ids: Vec<String>,
}

/// List the conversations in a folder, newest first. Use this for one folder; for all conversations, use
/// get_conversations.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetFolderConversations {
    /// The folder's id.
    #[schemars(example = &"work")]
    pub folder_id: String,
    /// How many to return.
    #[serde(default = "page_of_conversations")]
    #[schemars(range(min = 1, max = 100))]
    pub limit: u32,
    /// How many to skip.
    #[serde(default)]
    #[schemars(range(max = 100_000))]
    pub offset: u32,
    /// Whether those are listed too that were judged not worth keeping in view.
    #[serde(default)]
    pub include_discarded: bool,
    /// Whether transcripts are included.
    #[serde(default)]
    pub include_transcript: bool,
}

fn page_of_conversations() -> u32 {
    20
}

/// The conversations in a folder.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FolderConversations {
    /// Newest first.
    pub conversations: Vec<Conversation>,
}

/// Put a conversation into a folder, or take it out. Use this for one; for several, use move_conversations.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct MoveConversation {
    /// The conversation's id.
    #[schemars(example = &"0b7a6f6e-54a5-4c8a-8d0e-6f1f4b1f8a11")]
    pub conversation_id: String,
    /// The folder's id; null takes the conversation out of its folder. It has to be given.
    #[serde(default, deserialize_with = "crate::given")]
    #[schemars(example = &"work")]
    pub folder_id: Option<Option<String>>,
}

/// Put several conversations into a folder. Conversations that are not there are passed over. For one, or to take it
/// out, use move_conversation.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct MoveConversations {
    /// The folder's id.
    #[schemars(example = &"work")]
    pub folder_id: String,
    /// The ids of the conversations.
    #[schemars(length(min = 1, max = 100), example = ["0b7a6f6e-54a5-4c8a-8d0e-6f1f4b1f8a11"])]
    pub conversation_ids: Vec<String>,
}

/// What moving conversations came to.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MovedConversations {
    /// Always `ok`.
    pub status: String,
    /// How many are in the folder now of those that were named.
    pub moved_count: u64,
}
