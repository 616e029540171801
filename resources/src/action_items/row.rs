//! Database rows of action items.

use chrono::{DateTime, Utc};
use schemas::{
    action_item::{ActionItem, ActionItemOwner, ActionItemStatus},
    memory::Provenance,
};
use sha2::{Digest, Sha256};
use surrealdb::types::SurrealValue;

use super::NewActionItem;
use crate::database::{Json, name_of, value_of};

/// A row of `action_item`.
#[derive(Debug, Clone, SurrealValue)]
pub(super) struct ActionItemRow {
    pub(super) aid: String,
    pub(super) user: String,
    pub(super) description: String,
    /// What equal texts have in common, letter case and the white space around them apart.
    pub(super) text_key: String,
    pub(super) status: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) due_at: Option<DateTime<Utc>>,
    pub(super) due_confidence: Option<f64>,
    /// Made by the database, as is `rank`: see the migration.
    pub(super) completed_at: Option<DateTime<Utc>>,
    pub(super) rank: Option<String>,
    pub(super) conversation_id: Option<String>,
    /// The place among the items of its conversation.
    pub(super) place: i64,
    /// Whether it was drawn from its conversation, rather than written by hand.
    pub(super) extracted: bool,
    /// Whether it was changed since: such an item is the user's own, whatever the conversation yields next time.
    pub(super) touched: bool,
    pub(super) owner: String,
    pub(super) priority: Option<String>,
    pub(super) goal_id: Option<String>,
    pub(super) workstream_id: Option<String>,
    pub(super) source: Option<String>,
    pub(super) provenance: Json<Vec<Provenance>>,
    pub(super) recurrence_rule: Option<String>,
    pub(super) recurrence_parent_id: Option<String>,
    pub(super) superseded_by: Option<String>,
    pub(super) exported: bool,
    pub(super) export_date: Option<DateTime<Utc>>,
    pub(super) export_platform: Option<String>,
    pub(super) apple_reminder_id: Option<String>,
    pub(super) sort_order: i64,
    pub(super) indent_level: i64,
}

/// The place of items created by the user: after those extracted from the conversation.
const MANUAL_PLACE: i64 = 1 << 32;

impl ActionItemRow {
    /// A row written by hand.
    pub(super) fn new(user: &str, new: &NewActionItem) -> Self {
        let new = new.clone();
        Self {
            aid: crate::new_id(),
            user: user.to_owned(),
            text_key: text_key(&new.description),
            description: new.description,
            status: name_of(&new.status),
            created_at: new.created_at,
            updated_at: new.created_at,
            due_at: new.due_at,
            due_confidence: new.due_confidence,
            completed_at: None,
            rank: None,
            conversation_id: new.conversation_id,
            place: MANUAL_PLACE,
            extracted: false,
            touched: false,
            owner: name_of(&new.owner),
            priority: new.priority.as_ref().map(name_of),
            goal_id: new.goal_id,
            workstream_id: new.workstream_id,
            source: new.source,
            provenance: Json(vec![new.provenance]),
            recurrence_rule: new.recurrence_rule,
            recurrence_parent_id: new.recurrence_parent_id,
            superseded_by: None,
            exported: false,
            export_date: None,
            export_platform: None,
            apple_reminder_id: None,
            sort_order: new.sort_order,
            indent_level: new.indent_level,
        }
    }

    /// A row drawn from a conversation: the same text of the same conversation has the same id.
    pub(super) fn extracted(user: &str, conversation_id: &str, place: i64, new: &NewActionItem) -> Self {
        let row = Self::new(user, new);
        Self {
            aid: id_within(conversation_id, &row.text_key),
            conversation_id: Some(conversation_id.to_owned()),
            place,
            extracted: true,
            ..row
        }
    }

    /// The row with the id for a text that the same conversation has had some times before, for other days.
    pub(super) fn repeated(self, conversation_id: &str, times_before: usize) -> Self {
        match times_before {
            0 => self,
            _ => Self { aid: id_within(conversation_id, &format!("{}\n{times_before}", self.text_key)), ..self },
        }
    }
}

/// What equal texts have in common, letter case and the white space around them apart.
pub(super) fn text_key(description: &str) -> String {
    hex::encode(Sha256::digest(description.trim().to_lowercase()))
}

/// A version 4 UUID over the conversation and the text.
fn id_within(conversation_id: &str, text_key: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(format!("{conversation_id}\n{text_key}")).into();
    let half: [u8; 16] = digest[..16].try_into().expect("half of 32 is 16");
    uuid::Builder::from_random_bytes(half).into_uuid().to_string()
}

impl From<ActionItemRow> for ActionItem {
    fn from(row: ActionItemRow) -> Self {
        let status = value_of(&row.status).unwrap_or_default();
        Self {
            task_id: row.aid.clone(),
            id: row.aid,
            description: row.description,
            completed: status == ActionItemStatus::Completed,
            status,
            created_at: row.created_at,
            updated_at: row.updated_at,
            due_at: row.due_at,
            due_confidence: row.due_confidence,
            completed_at: row.completed_at,
            conversation_id: row.conversation_id,
            owner: value_of(&row.owner).unwrap_or(ActionItemOwner::Unknown),
            priority: row.priority.as_deref().and_then(value_of),
            goal_id: row.goal_id,
            workstream_id: row.workstream_id,
            source: row.source,
            provenance: row.provenance.0,
            recurrence_rule: row.recurrence_rule,
            recurrence_parent_id: row.recurrence_parent_id,
            superseded_by: row.superseded_by,
            exported: row.exported,
            export_date: row.export_date,
            export_platform: row.export_platform,
            apple_reminder_id: row.apple_reminder_id,
            sort_order: row.sort_order,
            indent_level: row.indent_level,
            is_locked: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_equal_keys() {
        assert_eq!(text_key(" Übe Oboe\n"), text_key("übe OBOE"));
        assert_ne!(text_key("Übe Oboe"), text_key("Übe  Oboe"));
        assert_ne!(id_within("a", &text_key("x")), id_within("b", &text_key("x")));
    }
}
