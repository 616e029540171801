//! Writing, changing and deleting action items.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use schemas::{
    action_item::{ActionItem, ActionItemOwner, ActionItemPriority, ActionItemStatus},
    memory::Provenance,
    share_link::ShareLinkKind,
};
use surrealdb::types::{Object, SurrealValue, Value};

use super::{
    ActionItems,
    row::{ActionItemRow, text_key},
    values,
};
use crate::{
    Result,
    database::{Params, name_of, record, row},
    outbox::{self, Kind},
    share_links,
};

/// An action item to be written.
#[derive(Debug, Clone)]
pub struct NewActionItem {
    /// What is to be done.
    pub description: String,
    /// Where it stands.
    pub status: ActionItemStatus,
    /// When it is due.
    pub due_at: Option<DateTime<Utc>>,
    /// How sure that is, 0 to 1.
    pub due_confidence: Option<f64>,
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
    /// What it came from, in one word.
    pub source: Option<String>,
    /// How it recurs.
    pub recurrence_rule: Option<String>,
    /// The item that it is a recurrence of.
    pub recurrence_parent_id: Option<String>,
    /// Its place in a list that the user arranges.
    pub sort_order: i64,
    /// How far it is indented in that list.
    pub indent_level: i64,
    /// How it came to be.
    pub provenance: Provenance,
    /// When it is written down.
    pub created_at: DateTime<Utc>,
}

impl NewActionItem {
    /// An open item of which nothing more is known.
    pub fn new(description: impl Into<String>, provenance: Provenance, created_at: DateTime<Utc>) -> Self {
        Self {
            description: description.into(),
            status: ActionItemStatus::Active,
            due_at: None,
            due_confidence: None,
            conversation_id: None,
            owner: ActionItemOwner::User,
            priority: None,
            goal_id: None,
            workstream_id: None,
            source: None,
            recurrence_rule: None,
            recurrence_parent_id: None,
            sort_order: 0,
            indent_level: 0,
            provenance,
            created_at,
        }
    }
}

/// Changes of an action item. What can be taken away is an option within the option.
#[derive(Debug, Clone, Default)]
pub struct ActionItemChange {
    /// What is to be done.
    pub description: Option<String>,
    /// Where it stands.
    pub status: Option<ActionItemStatus>,
    /// When it is due.
    pub due_at: Option<Option<DateTime<Utc>>>,
    /// Who is to do it.
    pub owner: Option<ActionItemOwner>,
    /// How much it matters.
    pub priority: Option<Option<ActionItemPriority>>,
    /// The goal that it serves.
    pub goal_id: Option<Option<String>>,
    /// The stream of work that it belongs to.
    pub workstream_id: Option<Option<String>>,
    /// How it recurs.
    pub recurrence_rule: Option<Option<String>>,
    /// The item that replaced it.
    pub superseded_by: Option<Option<String>>,
    /// Whether it is in another app's list.
    pub exported: Option<bool>,
    /// When it went there.
    pub export_date: Option<DateTime<Utc>>,
    /// Which app's list that is.
    pub export_platform: Option<String>,
    /// Its id in Apple's reminders.
    pub apple_reminder_id: Option<Option<String>>,
    /// Its place in a list that the user arranges.
    pub sort_order: Option<i64>,
    /// How far it is indented in that list.
    pub indent_level: Option<i64>,
}

impl ActionItemChange {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.clone().fields().is_empty()
    }

    /// The fields of the row that change.
    fn fields(self) -> Object {
        fn word<T: serde::Serialize>(value: T) -> String {
            name_of(&value)
        }
        let fields = [
            ("text_key", self.description.as_deref().map(|text| text_key(text).into_value())),
            ("description", self.description.map(SurrealValue::into_value)),
            ("status", self.status.map(|status| word(status).into_value())),
            ("due_at", self.due_at.map(SurrealValue::into_value)),
            ("owner", self.owner.map(|owner| word(owner).into_value())),
            ("priority", self.priority.map(|priority| priority.map(word).into_value())),
            ("goal_id", self.goal_id.map(SurrealValue::into_value)),
            ("workstream_id", self.workstream_id.map(SurrealValue::into_value)),
            ("recurrence_rule", self.recurrence_rule.map(SurrealValue::into_value)),
            ("superseded_by", self.superseded_by.map(SurrealValue::into_value)),
            ("exported", self.exported.map(SurrealValue::into_value)),
            ("export_date", self.export_date.map(SurrealValue::into_value)),
            ("export_platform", self.export_platform.map(SurrealValue::into_value)),
            ("apple_reminder_id", self.apple_reminder_id.map(SurrealValue::into_value)),
            ("sort_order", self.sort_order.map(SurrealValue::into_value)),
            ("indent_level", self.indent_level.map(SurrealValue::into_value)),
        ];
        let mut object = Object::new();
        for (name, value) in fields {
            if let Some(value) = value {
                object.insert(name, value);
            }
        }
        object
    }
}

/// How many action items are written in one transaction.
const BATCH_SIZE: usize = 100;

impl ActionItems<'_> {
    /// Writes action items, whatever else is there, in transactions of 100; returns them in the order given.
    ///
    /// # Errors
    /// The database fails; the transactions before that one remain.
    pub async fn create(&self, new: &[NewActionItem]) -> Result<Vec<ActionItem>> {
        let mut written = Vec::with_capacity(new.len());
        for batch in new.chunks(BATCH_SIZE) {
            written.extend(self.create_batch(batch).await?);
        }
        Ok(written)
    }

    async fn create_batch(&self, new: &[NewActionItem]) -> Result<Vec<ActionItem>> {
        let _writing = self.index.outbox.begin_write().await;
        let rows: Vec<ActionItemRow> = new.iter().map(|new| ActionItemRow::new(self.user, new)).collect();
        let ids: Vec<String> = rows.iter().map(|row| row.aid.clone()).collect();
        let statements = "BEGIN; INSERT INTO action_item $rows; INSERT INTO outbox $outbox; COMMIT;";
        let params =
            Params::new().with("rows", values(&rows)).with("outbox", outbox::rows(Kind::ActionItem, self.user, &ids));
        let written: Vec<ActionItemRow> = self.database.run(statements, params).await?.take(1)?;
        self.index.index_rows(self.user, &written).await;
        Ok(written.into_iter().map(ActionItem::from).collect())
    }

    /// Writes those action items whose text no open one has, letter case and the white space around it apart, in
    /// transactions of 100; returns for each, in the order given, the one that has its text now.
    ///
    /// # Errors
    /// The database fails; the transactions before that one remain, and the same call writes only what is missing.
    pub async fn create_missing(&self, new: &[NewActionItem]) -> Result<Vec<ActionItem>> {
        let mut keys = HashSet::with_capacity(new.len());
        let rows = new.iter().map(|new| ActionItemRow::new(self.user, new));
        let rows: Vec<ActionItemRow> = rows.filter(|row| keys.insert(row.text_key.clone())).collect();
        let mut with_text: HashMap<String, ActionItemRow> = HashMap::with_capacity(rows.len());
        for batch in rows.chunks(BATCH_SIZE) {
            let stored = self.create_missing_batch(batch).await?;
            with_text.extend(stored.into_iter().map(|row| (row.text_key.clone(), row)));
        }
        let find = |new: &NewActionItem| {
            let found = with_text.get(&text_key(&new.description));
            ActionItem::from(found.expect("every text has its row").clone())
        };
        Ok(new.iter().map(find).collect())
    }

    async fn create_missing_batch(&self, rows: &[ActionItemRow]) -> Result<Vec<ActionItemRow>> {
        let _writing = self.index.outbox.begin_write().await;
        let statements = "BEGIN;
            FOR $text IN $texts { UPSERT $text RETURN NONE; DELETE $text RETURN NONE; };
            LET $there = array::flatten($rows.map(|$row| (SELECT * FROM action_item WITH INDEX action_item_text
                WHERE user = $user AND text_key = $row.text_key AND status = 'active' LIMIT 1)));
            LET $missing = $rows.filter(|$row| $row.text_key NOT IN $there.text_key);
            LET $written = (INSERT INTO action_item $missing);
            INSERT INTO outbox
                (SELECT rand::uuid::v7() AS id, 'action_item' AS kind, user, aid AS key FROM $written);
            RETURN { there: $there, written: $written };
            COMMIT;";
        let texts: Vec<_> = rows.iter().map(|row| record("action_item_text", self.user, &row.text_key)).collect();
        let params = self.params().with("texts", texts).with("rows", values(rows));
        let Inserted { there, written } = self.database.run(statements, params).await?.take(6)?;
        self.index.index_rows(self.user, &written).await;
        Ok(there.into_iter().chain(written).collect())
    }

    /// Changes an action item; `None` when it does not exist.
    pub async fn change(&self, id: &str, change: ActionItemChange) -> Result<Option<ActionItem>> {
        Ok(self.change_many(vec![(id.to_owned(), change)]).await?.pop())
    }

    /// Changes action items in one transaction, and gives those that exist, in the order given.
    pub async fn change_many(&self, changes: Vec<(String, ActionItemChange)>) -> Result<Vec<ActionItem>> {
        let _writing = self.index.outbox.begin_write().await;
        let now = crate::now();
        let mut ids: Vec<String> = Vec::with_capacity(changes.len());
        let mut values: Vec<Value> = Vec::with_capacity(changes.len());
        for (id, change) in changes {
            let mut fields = change.fields();
            fields.insert("touched", true);
            fields.insert("updated_at", now.into_value());
            values.push(row(record("action_item", self.user, &id), Fields { fields }));
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        let statements = "BEGIN;
            FOR $change IN $changes { LET $id = $change.id; UPDATE $id MERGE $change.fields RETURN NONE; };
            LET $now = (SELECT * FROM $ids);
            INSERT INTO outbox (SELECT rand::uuid::v7() AS id, 'action_item' AS kind, user, aid AS key FROM $now);
            RETURN $now;
            COMMIT;";
        let params = Params::new().with("changes", values).with("ids", self.records(&ids));
        let rows: Vec<ActionItemRow> = self.database.run(statements, params).await?.take(4)?;
        self.index.index_rows(self.user, &rows).await;
        Ok(rows.into_iter().map(ActionItem::from).collect())
    }

    /// Deletes those of these action items that exist; returns their ids.
    pub async fn delete(&self, ids: &[String]) -> Result<Vec<String>> {
        let statements = format!(
            "BEGIN;
            LET $gone = (DELETE $ids RETURN BEFORE);
            INSERT INTO outbox (SELECT rand::uuid::v7() AS id, 'action_item' AS kind, user, aid AS key FROM $gone);
            {}
            RETURN $gone.aid;
            COMMIT;",
            share_links::forget_deleted(ShareLinkKind::ActionItem)
        );
        let mut distinct = ids.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let params = Params::new().with("ids", self.records(&distinct)).with("user", self.user);
        let gone: Vec<String> = self.database.run(&statements, params).await?.take(5)?;
        self.index.remove_rows(Kind::ActionItem, self.user, &gone).await;
        Ok(gone)
    }
}

#[derive(SurrealValue)]
struct Fields {
    fields: Object,
}

/// The items whose texts existed, and those that were inserted.
#[derive(SurrealValue)]
struct Inserted {
    there: Vec<ActionItemRow>,
    written: Vec<ActionItemRow>,
}
