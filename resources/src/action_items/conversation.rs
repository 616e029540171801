//! The action items of conversations: a conversation stores none, they are these rows in the order in which they came up.

use std::collections::HashMap;

use schemas::{action_item::ActionItem, share_link::ShareLinkKind};
use surrealdb::types::SurrealValue;

use super::{ActionItems, NewActionItem, row::ActionItemRow, values};
use crate::{Result, database::record, share_links, vectors::Kind};

impl ActionItems<'_> {
    /// The action items of each of these conversations, in the order in which they came up, those written by hand last.
    pub async fn of_conversations(&self, ids: &[String]) -> Result<HashMap<String, Vec<ActionItem>>> {
        let statement = "RETURN array::flatten($conversations.map(|$id|
            (SELECT * FROM action_item WITH INDEX action_item_conversation
                WHERE user = $user AND conversation_id = $id)))";
        let mut rows = self.rows(statement, self.params().with("conversations", ids.to_vec())).await?;
        rows.sort_by(|a, b| (a.place, a.created_at, &a.aid).cmp(&(b.place, b.created_at, &b.aid)));
        let mut found: HashMap<String, Vec<ActionItem>> = HashMap::with_capacity(ids.len());
        for row in rows {
            found.entry(row.conversation_id.clone().unwrap_or_default()).or_default().push(row.into());
        }
        Ok(found)
    }

    /// The action items of one conversation, as [`of_conversations`](Self::of_conversations) gives them; `None` when
    /// there are none, and no such conversation either.
    pub async fn of_conversation(&self, id: &str) -> Result<Option<Vec<ActionItem>>> {
        let found = self.of_conversations(&[id.to_owned()]).await?.remove(id);
        if found.is_some() {
            return Ok(found);
        }
        let params = self.params().with("id", record("conversation", self.user, id));
        let statement = "RETURN (SELECT VALUE id FROM ONLY $id) != NONE";
        let is_there: bool = self.database.run(statement, params).await?.take(0)?;
        Ok(is_there.then(Vec::new))
    }

    /// Puts what was drawn from a conversation in the place of what was drawn from it before. An item that the user has
    /// changed stays, and so does one written by hand; neither is written again. The same items twice change nothing.
    pub async fn replace_extracted(&self, conversation_id: &str, new: &[NewActionItem]) -> Result<()> {
        let _writing = self.index.outbox.begin_write().await;
        let mut rows: Vec<ActionItemRow> = Vec::with_capacity(new.len());
        for (place, new) in (0i64..).zip(new) {
            let row = ActionItemRow::extracted(self.user, conversation_id, place, new);
            let same: Vec<_> = rows.iter().filter(|earlier| earlier.text_key == row.text_key).collect();
            // The same task on another day is another task.
            let is_same =
                |earlier: &&ActionItemRow| earlier.due_at.zip(row.due_at).is_none_or(|(one, other)| one == other);
            if !same.iter().any(is_same) {
                let times_before = same.len();
                rows.push(row.repeated(conversation_id, times_before));
            }
        }
        let statements = format!(
            "BEGIN;
            LET $old = (SELECT * FROM action_item WITH INDEX action_item_conversation
                WHERE user = $user AND conversation_id = $conversation);
            LET $kept = $old.filter(|$row| $row.touched OR !$row.extracted);
            LET $stale = $old.filter(|$row| !$row.touched AND $row.extracted AND $row.aid NOT IN $rows.aid);
            DELETE $stale.id;
            FOR $row IN $rows.filter(|$row| $row.aid IN $old.aid) {{
                LET $id = $row.id;
                UPDATE $id SET place = $row.place RETURN NONE;
                IF $row.aid NOT IN $kept.aid {{
                    UPDATE $id SET owner = $row.owner, priority = $row.priority,
                        updated_at = IF due_at = $row.due_at {{ updated_at }} ELSE {{ $row.updated_at }},
                        due_at = $row.due_at, due_confidence = $row.due_confidence,
                        recurrence_rule = $row.recurrence_rule RETURN NONE;
                }};
            }};
            LET $written = (INSERT INTO action_item $rows.filter(|$row|
                $row.aid NOT IN $old.aid AND $row.text_key NOT IN $kept.text_key));
            INSERT INTO outbox (SELECT rand::uuid::v7() AS id, 'action_item' AS kind, user, aid AS key
                FROM array::concat($stale, $written));
            {}
            RETURN {{ stale: $stale.aid, written: $written }};
            COMMIT;",
            share_links::forget_deleted(ShareLinkKind::ActionItem)
        );
        let params = self.params().with("conversation", conversation_id).with("rows", values(&rows));
        let Replaced { stale, written } = self.database.run(&statements, params).await?.take(10)?;
        self.index.remove_rows(Kind::ActionItem, self.user, &stale).await;
        self.index.index_rows(self.user, &written).await;
        Ok(())
    }

    /// Has the action items of some conversations belong to another one, which takes their place.
    pub async fn adopt(&self, from: &[String], to: &str) -> Result<()> {
        let statement = "FOR $old IN $from {
            UPDATE action_item SET conversation_id = $to WHERE user = $user AND conversation_id = $old;
        }";
        let params = self.params().with("from", from.to_vec()).with("to", to);
        self.database.run(statement, params).await.map(drop)
    }

    /// Deletes the action items of a conversation; returns their ids.
    pub async fn delete_of_conversation(&self, id: &str) -> Result<Vec<String>> {
        let found = self.of_conversations(&[id.to_owned()]).await?.remove(id).unwrap_or_default();
        let ids: Vec<String> = found.into_iter().map(|item| item.id).collect();
        self.delete(&ids).await
    }
}

/// What became of the items of a conversation.
#[derive(SurrealValue)]
struct Replaced {
    stale: Vec<String>,
    written: Vec<ActionItemRow>,
}
