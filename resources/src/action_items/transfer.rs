//! Export and import of a user\'s action items.

use surrealdb::types::RecordId;

use super::{ActionItems, row::ActionItemRow, values};
use crate::{
    Result,
    database::{Json, name_of, record},
    outbox::{self, Kind},
    transfer::{ExportedActionItem, in_order},
};

impl ActionItems<'_> {
    /// The action items called `ids`, in that order.
    pub async fn export(&self, ids: &[String]) -> Result<Vec<ExportedActionItem>> {
        let records: Vec<RecordId> = ids.iter().map(|id| record("action_item", self.user, id)).collect();
        let rows = self.rows("SELECT * FROM $ids", self.params().with("ids", records)).await?;
        let keep = |row: ActionItemRow| {
            let (place, extracted, touched) = (row.place, row.extracted, row.touched);
            ExportedActionItem { item: row.into(), place, extracted, touched }
        };
        Ok(in_order(rows, ids, |row| &row.aid).into_iter().map(keep).collect())
    }

    /// The ids of all action items, in order.
    pub async fn all_ids(&self) -> Result<Vec<String>> {
        self.database.keys("action_item", "aid", self.user).await
    }

    /// Writes action items unchanged, in one transaction. An existing id is not overwritten; returns the ids
    /// of the new ones. The index worker indexes them later.
    pub async fn import(&self, items: Vec<ExportedActionItem>) -> Result<Vec<String>> {
        let _writing = self.index.outbox.begin_write().await;
        let ids: Vec<String> = items.iter().map(|exported| exported.item.id.clone()).collect();
        let rows: Vec<ActionItemRow> =
            items.into_iter().map(|exported| ActionItemRow::of(self.user, exported)).collect();
        let statements = "BEGIN;
            LET $new = (INSERT IGNORE INTO action_item $rows);
            INSERT INTO outbox $outbox;
            RETURN $new.aid;
            COMMIT;";
        let params =
            self.params().with("rows", values(&rows)).with("outbox", outbox::rows(Kind::ActionItem, self.user, &ids));
        let new = self.database.run(statements, params).await?.take(3)?;
        self.index.outbox.wake();
        Ok(new)
    }
}

impl ActionItemRow {
    /// The row of an item of another server.
    fn of(user: &str, exported: ExportedActionItem) -> Self {
        let ExportedActionItem { item, place, extracted, touched } = exported;
        Self {
            aid: item.id,
            user: user.to_owned(),
            text_key: super::row::text_key(&item.description),
            description: item.description,
            status: name_of(&item.status),
            created_at: item.created_at,
            updated_at: item.updated_at,
            due_at: item.due_at,
            due_confidence: item.due_confidence,
            completed_at: item.completed_at,
            rank: None,
            conversation_id: item.conversation_id,
            place,
            extracted,
            touched,
            owner: name_of(&item.owner),
            priority: item.priority.as_ref().map(name_of),
            goal_id: item.goal_id,
            workstream_id: item.workstream_id,
            source: item.source,
            provenance: Json(item.provenance),
            recurrence_rule: item.recurrence_rule,
            recurrence_parent_id: item.recurrence_parent_id,
            superseded_by: item.superseded_by,
            exported: item.exported,
            export_date: item.export_date,
            export_platform: item.export_platform,
            apple_reminder_id: item.apple_reminder_id,
            sort_order: item.sort_order,
            indent_level: item.indent_level,
        }
    }
}
