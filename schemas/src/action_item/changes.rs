//! Inputs and outputs of the tools that create, change and delete.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ActionItem, ActionItemOwner, ActionItemPriority, ActionItemStatus};
use crate::given;

/// An action item to be written.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct ActionItemDraft {
    /// What to do, understandable on its own; it is trimmed.
    #[schemars(example = &"Send Ana the photos")]
    #[schemars(length(min = 1, max = 4096))]
    pub description: String,
    /// When it is due: a time, or a date such as 2026-05-15.
    #[schemars(example = &"2026-05-15T09:00:00Z")]
    #[serde(default)]
    pub due_at: Option<DateTime<Utc>>,
    /// Whether it is done already.
    #[serde(default)]
    pub completed: Option<bool>,
    /// Its status; must agree with completed.
    #[serde(default)]
    pub status: Option<ActionItemStatus>,
    /// The conversation that it came from.
    #[serde(default)]
    pub conversation_id: Option<String>,
    /// Who is to do it.
    #[serde(default)]
    pub owner: ActionItemOwner,
    /// How much it matters.
    #[serde(default)]
    pub priority: Option<ActionItemPriority>,
    /// How sure the due date is, 0 to 1.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub due_confidence: Option<f64>,
    /// The goal that it serves.
    #[serde(default)]
    pub goal_id: Option<String>,
    /// The stream of work that it belongs to.
    #[serde(default)]
    pub workstream_id: Option<String>,
    /// What it came from, in a client's own word; `manual` when left out.
    #[serde(default)]
    #[schemars(length(max = 128))]
    pub source: Option<String>,
    /// Its recurrence, as an RFC 5545 rule; stored for clients, no items are created from it.
    #[schemars(example = &"FREQ=WEEKLY;BYDAY=MO")]
    #[serde(default)]
    #[schemars(length(max = 1024))]
    pub recurrence_rule: Option<String>,
    /// The item that it is a recurrence of.
    #[serde(default)]
    pub recurrence_parent_id: Option<String>,
    /// Its position in the user's order.
    #[serde(default)]
    pub sort_order: i64,
    /// How far it is indented in that list.
    #[serde(default)]
    #[schemars(range(min = 0, max = 3))]
    pub indent_level: i64,
}

/// What to do when an open item with the same text is there, letter case and the white space around it apart: `reuse`
/// answers with that one, `add` writes another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum SameText {
    #[default]
    Reuse,
    Add,
}

/// Add something that the user has to do. Use this when they ask for it or agree to it; one that is there
/// already is not written twice.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct CreateActionItem {
    /// The action item.
    #[serde(flatten)]
    pub draft: ActionItemDraft,
    /// What to do when an open item with the same text is there: `reuse` answers with it, `add` writes another one.
    #[serde(default)]
    pub same_text: SameText,
}

/// An action item was written or changed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WrittenActionItem {
    /// Always true.
    pub success: bool,
    /// The action item as it is now.
    pub action_item: ActionItem,
}

/// Write down several things to do at once. All are written, or none when one is invalid. Use this for what was agreed
/// together; for a single one, use create_action_item.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct CreateActionItems {
    /// The action items.
    #[schemars(length(min = 1, max = 100))]
    pub items: Vec<ActionItemDraft>,
    /// What to do when an open item with the same text is there: `reuse` answers with it, `add` writes another one.
    #[serde(default)]
    pub same_text: SameText,
}

/// Action items were written.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WrittenActionItems {
    /// The items, in the order of the request.
    pub action_items: Vec<ActionItem>,
    /// How many there were in the request, those among them that were there before.
    pub created_count: usize,
}

/// Change an action item's text, date, state or labels. Give only what is to change. To mark it as done, use
/// complete_action_item.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct UpdateActionItem {
    /// The action item's id.
    #[schemars(example = &"8e2f3f0a-0f0c-4f8e-9a57-7d0f5f0d1c11")]
    pub action_item_id: String,
    /// What to do.
    #[schemars(example = &"Send Ana the photos and the video")]
    #[serde(default)]
    #[schemars(length(min = 1, max = 4096))]
    pub description: Option<String>,
    /// When it is due: a time, or a date such as 2026-05-15; null removes the date.
    #[schemars(example = &"2026-05-15T09:00:00Z")]
    #[serde(default, deserialize_with = "given")]
    #[schemars(!default)]
    pub due_at: Option<Option<DateTime<Utc>>>,
    /// True takes the due date away; not together with due_at.
    #[serde(default)]
    pub clear_due_at: Option<bool>,
    /// Whether it is done.
    #[serde(default)]
    pub completed: Option<bool>,
    /// Its status; must agree with completed.
    #[serde(default)]
    pub status: Option<ActionItemStatus>,
    /// Who is to do it.
    #[serde(default)]
    pub owner: Option<ActionItemOwner>,
    /// How much it matters; null takes the mark away.
    #[serde(default, deserialize_with = "given")]
    #[schemars(!default)]
    pub priority: Option<Option<ActionItemPriority>>,
    /// The goal that it serves; null takes it off.
    #[serde(default, deserialize_with = "given")]
    #[schemars(!default)]
    pub goal_id: Option<Option<String>>,
    /// The stream of work that it belongs to; null takes it off.
    #[serde(default, deserialize_with = "given")]
    #[schemars(!default)]
    pub workstream_id: Option<Option<String>>,
    /// How it recurs, as an RFC 5545 rule; null ends that.
    #[serde(default, deserialize_with = "given")]
    #[schemars(!default)]
    #[schemars(length(max = 1024))]
    pub recurrence_rule: Option<Option<String>>,
    /// The item that replaced it; null takes that back.
    #[serde(default, deserialize_with = "given")]
    #[schemars(!default)]
    #[schemars(length(max = 128))]
    pub superseded_by: Option<Option<String>>,
    /// Whether it is in another app's list.
    #[serde(default)]
    pub exported: Option<bool>,
    /// When it went there.
    #[serde(default)]
    pub export_date: Option<DateTime<Utc>>,
    /// Which app's list that is.
    #[serde(default)]
    #[schemars(length(max = 128))]
    pub export_platform: Option<String>,
    /// Its id in Apple's reminders; null forgets it.
    #[serde(default, deserialize_with = "given")]
    #[schemars(!default)]
    #[schemars(length(max = 512))]
    pub apple_reminder_id: Option<Option<String>>,
    /// Its position in the user's order.
    #[serde(default)]
    pub sort_order: Option<i64>,
    /// How far it is indented in that list.
    #[serde(default)]
    #[schemars(range(min = 0, max = 3))]
    pub indent_level: Option<i64>,
}

/// Mark an action item as done, or as open again. Use this only when the user says so.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct CompleteActionItem {
    /// The action item's id.
    #[schemars(example = &"8e2f3f0a-0f0c-4f8e-9a57-7d0f5f0d1c11")]
    pub action_item_id: String,
    /// True marks it as done, false as open.
    #[serde(default = "done")]
    pub completed: bool,
}

fn done() -> bool {
    true
}

/// Delete an action item for good. Use this only for what the user wants gone; for what is done, use
/// complete_action_item.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct DeleteActionItem {
    /// The action item's id.
    #[schemars(example = &"8e2f3f0a-0f0c-4f8e-9a57-7d0f5f0d1c11")]
    pub action_item_id: String,
}

/// Delete several action items for good; unknown ids are ignored. Use this only for what the user has
/// named; for one, use delete_action_item.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct DeleteActionItems {
    /// The ids of the action items.
    #[schemars(length(min = 1, max = 10_000))]
    pub ids: Vec<String>,
}

/// Action items were deleted.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DeletedActionItems {
    /// How many.
    pub deleted_count: usize,
    /// Which.
    pub deleted_ids: Vec<String>,
}
