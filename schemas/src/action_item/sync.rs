//! Action items in lists that the user arranges, and in the lists of other apps.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ActionItem;
use crate::given;

/// Put action items in an order of the user's own; unknown ids are ignored. Use this for the user's own
/// order; for a date, use update_action_item.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ArrangeActionItems {
    /// The items with their places.
    #[schemars(length(min = 1, max = 500))]
    pub items: Vec<ActionItemPlace>,
}

/// The position of an action item.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ActionItemPlace {
    /// The action item's id.
    pub id: String,
    /// Its position in the list.
    #[serde(default)]
    pub sort_order: Option<i64>,
    /// Its indentation.
    #[serde(default)]
    #[schemars(range(min = 0, max = 3))]
    pub indent_level: Option<i64>,
}

/// Action items were changed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangedActionItems {
    /// How many.
    pub updated_count: usize,
    /// Which.
    pub updated_ids: Vec<String>,
}

/// List what another app's list has yet to learn, and what it has already. Use this only to keep another app's list;
/// for what is to be done, use get_action_items.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetActionItemsToSync {
    /// The app.
    #[schemars(example = &"apple_reminders")]
    #[serde(default = "apple_reminders")]
    #[schemars(length(min = 1, max = 100))]
    pub platform: String,
}

fn apple_reminders() -> String {
    "apple_reminders".into()
}

/// What another app's list has, and what it lacks.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ActionItemsToSync {
    /// Open items with a due date that are not in that app's list.
    pub pending_export: Vec<ActionItem>,
    /// Items that are in that app's list under an id of their own there.
    pub synced_items: Vec<ActionItem>,
}

/// Write down what became of action items in another app's list; unknown ids are ignored. Use this only
/// to keep another app's list; for any other change, use update_action_item.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SyncActionItems {
    /// The items with what is new about them.
    #[schemars(length(min = 1, max = 100))]
    pub items: Vec<ActionItemSync>,
}

/// What became of an action item in another app's list.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ActionItemSync {
    /// The action item's id.
    pub id: String,
    /// Whether it is in that list.
    #[serde(default)]
    pub exported: Option<bool>,
    /// When it went there; now, when left out of an export.
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
    /// Whether it is done.
    #[serde(default)]
    pub completed: Option<bool>,
    /// What to do.
    #[serde(default)]
    #[schemars(length(min = 1, max = 4096))]
    pub description: Option<String>,
    /// When it is due; null removes the date.
    #[serde(default, deserialize_with = "given")]
    #[schemars(!default)]
    pub due_at: Option<Option<DateTime<Utc>>>,
}
