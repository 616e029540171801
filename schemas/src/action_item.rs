//! Action items: what is to be done, by when, and whether it is.

mod changes;
mod conversation;
mod sharing;
mod sync;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{conversation::ConversationActionItem, memory::Provenance};

pub use changes::*;
pub use conversation::*;
pub use sharing::*;
pub use sync::*;

/// The status of an action item: `active` is open, `completed` is done, `cancelled` was given up, `superseded` was
/// replaced by another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum ActionItemStatus {
    #[default]
    Active,
    Completed,
    Cancelled,
    Superseded,
}

/// Who has to do it: the user, another person, or unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum ActionItemOwner {
    #[default]
    User,
    Other,
    Unknown,
}

/// How much an action item matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum ActionItemPriority {
    High,
    Medium,
    Low,
}

/// Something to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ActionItem {
    /// Identifies the action item.
    #[schemars(example = &"8e2f3f0a-0f0c-4f8e-9a57-7d0f5f0d1c11")]
    pub id: String,
    /// The same under its newer name.
    pub task_id: String,
    /// What to do.
    #[schemars(example = &"Send Ana the photos")]
    pub description: String,
    /// Whether it is done.
    pub completed: bool,
    /// Its status; `completed` when it is done.
    pub status: ActionItemStatus,
    /// When it was written down.
    #[schemars(example = &"2026-05-08T13:56:00Z")]
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[schemars(example = &"2026-05-08T13:56:00Z")]
    pub updated_at: DateTime<Utc>,
    /// When it is due.
    #[schemars(example = &"2026-05-15T09:00:00Z")]
    pub due_at: Option<DateTime<Utc>>,
    /// How sure the due date is, 0 to 1, where it was extracted from a conversation.
    pub due_confidence: Option<f64>,
    /// When it was done.
    pub completed_at: Option<DateTime<Utc>>,
    /// The conversation that it came from.
    pub conversation_id: Option<String>,
    /// Who is to do it.
    pub owner: ActionItemOwner,
    /// How much it matters.
    pub priority: Option<ActionItemPriority>,
    /// The goal that it serves.
    pub goal_id: Option<String>,
    /// The stream of work that it belongs to.
    pub workstream_id: Option<String>,
    /// What it came from: `manual`, `conversation`, `shared`, or a client's own word.
    pub source: Option<String>,
    /// Its provenance.
    pub provenance: Vec<Provenance>,
    /// Its recurrence, as an RFC 5545 rule; stored for clients, no items are created from it.
    pub recurrence_rule: Option<String>,
    /// The item that it is a recurrence of.
    pub recurrence_parent_id: Option<String>,
    /// The item that replaced it.
    pub superseded_by: Option<String>,
    /// Whether it is in another app's list.
    pub exported: bool,
    /// When it went there.
    pub export_date: Option<DateTime<Utc>>,
    /// Which app's list that is.
    #[schemars(example = &"apple_reminders")]
    pub export_platform: Option<String>,
    /// Its id in Apple's reminders.
    pub apple_reminder_id: Option<String>,
    /// Its position in the user's order.
    pub sort_order: i64,
    /// Its indentation in that list, 0 to 3.
    pub indent_level: i64,
    /// Whether it requires a paid plan; always false.
    pub is_locked: bool,
}

/// List what the user has to do or has done: open ones first, the soonest due first, those without a date last. Use
/// this for what is open or due; to find one about something, use search.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct GetActionItems {
    /// Only completed (true) or open (false) ones.
    #[serde(default)]
    pub completed: Option<bool>,
    /// Only those that came from this conversation.
    #[serde(default)]
    pub conversation_id: Option<String>,
    /// Only those written down at or after this time.
    #[serde(default)]
    pub start_date: Option<DateTime<Utc>>,
    /// Only those written down at or before this time; a date alone includes that whole day.
    #[serde(default)]
    pub end_date: Option<DateTime<Utc>>,
    /// Only those due from this time on.
    #[serde(default)]
    pub due_start_date: Option<DateTime<Utc>>,
    /// Only those due up to this time, or the end of this day.
    #[serde(default)]
    pub due_end_date: Option<DateTime<Utc>>,
    /// Only those changed at or after this time.
    #[serde(default)]
    pub updated_since: Option<DateTime<Utc>>,
    /// How many to return.
    #[serde(default = "page_of_action_items")]
    #[schemars(range(min = 1, max = 500))]
    pub limit: u32,
    /// How many to skip.
    #[serde(default)]
    #[schemars(range(max = 100_000))]
    pub offset: u32,
    /// The next_cursor of the previous page, with the same filters; not together with offset.
    #[serde(default)]
    pub cursor: Option<String>,
}

fn page_of_action_items() -> u32 {
    100
}

/// A page of action items.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ActionItems {
    /// The items: open ones first, then by due date, those without one last, then the youngest first.
    pub action_items: Vec<ActionItem>,
    /// The number of items in this page.
    pub returned_count: usize,
    /// Whether more follow.
    pub has_more: bool,
    /// Whether the page was truncated because reading took too long; always false.
    pub truncated: bool,
    /// The offset of this page.
    pub offset: u32,
    /// The requested page size.
    pub limit: u32,
    /// The cursor of the next page; left out on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Get one action item by its id. Use this once its id is known; to find it, use search_action_items.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetActionItem {
    /// The action item's id.
    #[schemars(example = &"8e2f3f0a-0f0c-4f8e-9a57-7d0f5f0d1c11")]
    pub action_item_id: String,
}

/// One action item.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OneActionItem {
    /// The action item.
    pub action_item: ActionItem,
}

/// Find action items by meaning and by words, open and completed ones. Use this for those about a subject or a person;
/// for all that are open or due, use get_action_items.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SearchActionItems {
    /// What to look for, in plain words.
    #[schemars(example = &"What did I promise Ana?")]
    #[schemars(length(min = 1, max = 2000))]
    pub query: String,
    /// How many to return, best first.
    #[serde(default = "some_action_items")]
    #[schemars(range(min = 1, max = 50))]
    pub limit: u32,
}

fn some_action_items() -> u32 {
    10
}

/// An action item found by a search.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FoundActionItem {
    /// The action item.
    #[serde(flatten)]
    pub action_item: ActionItem,
    /// Its relevance, 0 to 1, comparable within one response.
    pub relevance_score: f32,
}

/// The action items found by a search.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FoundActionItems {
    /// Best first.
    pub action_items: Vec<FoundActionItem>,
    /// How many there are.
    pub returned_count: usize,
}

/// List the ids of all action items, in the order of the list. Use this to compare lists; for what is to be done, use
/// get_action_items.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetActionItemIds {
    /// Only completed (true) or open (false) ones.
    #[serde(default)]
    pub completed: Option<bool>,
}

/// The ids of action items.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ActionItemIds {
    /// The ids, open items first.
    pub ids: Vec<String>,
}

/// Count the user's action items. Use this for how many there are; for which they are, use get_action_items.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct CountActionItems {}

/// How many action items there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct ActionItemCount {
    /// All of them, cancelled and superseded ones too.
    pub count: u64,
    /// Those that are done.
    pub completed_count: u64,
    /// Those that are still to be done.
    pub open_count: u64,
}

/// An action item as the conversation that it came from shows it.
impl From<ActionItem> for ConversationActionItem {
    fn from(item: ActionItem) -> Self {
        Self {
            description: item.description,
            completed: item.completed,
            created_at: Some(item.created_at),
            updated_at: Some(item.updated_at),
            due_at: item.due_at,
            completed_at: item.completed_at,
            conversation_id: item.conversation_id,
        }
    }
}
