//! The memories that are drawn from conversations.

use surrealdb::types::SurrealValue;

use super::{Memories, NewMemory, row::MemoryRow};
use crate::{
    Result,
    database::{self, Params, record},
    vectors::Kind,
};

impl Memories<'_> {
    /// Puts what was drawn from a conversation in the place of what was drawn from it before. A memory that the user has
    /// looked at or edited stays, and a text that is there already is not written again. The same memories twice change
    /// nothing.
    pub async fn replace_extracted(&self, conversation_id: &str, new: &[NewMemory]) -> Result<()> {
        let _writing = self.index.outbox.begin_write().await;
        let mut rows: Vec<MemoryRow> = Vec::with_capacity(new.len());
        for new in new {
            let mut new = new.clone();
            new.provenance.conversation_id = Some(conversation_id.to_owned());
            let row = MemoryRow::new(self.user, &new);
            if !rows.iter().any(|earlier| earlier.mid == row.mid) {
                rows.push(row);
            }
        }
        let values = |row: MemoryRow| database::row(record("memory", self.user, &row.mid), row);
        let statements = "BEGIN;
            LET $old = (SELECT * FROM memory WITH INDEX memory_conversation
                WHERE user = $user AND provenance.conversation_id = $conversation);
            LET $open = $old.filter(|$row| !$row.reviewed AND !$row.edited AND !$row.manually_added);
            LET $stale = $open.filter(|$row| $row.mid NOT IN $rows.mid);
            DELETE $stale.id;
            FOR $row IN $rows.filter(|$row| $row.mid IN $open.mid) {
                LET $id = $row.id;
                UPDATE $id SET provenance = $row.provenance, category = $row.category RETURN NONE;
            };
            LET $written = (INSERT IGNORE INTO memory $rows);
            INSERT INTO outbox (SELECT rand::uuid::v7() AS id, 'memory' AS kind, user, mid AS key
                FROM array::concat($stale, $written));
            RETURN { stale: $stale.mid, written: $written };
            COMMIT;";
        let params = Params::new()
            .with("user", self.user)
            .with("conversation", conversation_id)
            .with("rows", rows.into_iter().map(values).collect::<Vec<_>>());
        let Replaced { stale, written } = self.database.run(statements, params).await?.take(8)?;
        self.index.remove_rows(Kind::Memory, self.user, &stale).await;
        self.index.index_rows(self.user, &written).await;
        Ok(())
    }

    /// Has the memories of some conversations belong to another one, which takes their place.
    pub async fn adopt(&self, from: &[String], to: &str) -> Result<()> {
        let statement = "UPDATE memory SET provenance.conversation_id = $to
            WHERE user = $user AND provenance.conversation_id IN $from";
        let params = Params::new().with("user", self.user).with("from", from.to_vec()).with("to", to);
        self.database.run(statement, params).await.map(drop)
    }

    /// Deletes the memories that were drawn from a conversation.
    pub async fn delete_of_conversation(&self, id: &str) -> Result<()> {
        let statement = "SELECT VALUE mid FROM memory WHERE user = $user AND provenance.conversation_id = $id";
        let params = Params::new().with("user", self.user).with("id", id);
        let ids: Vec<String> = self.database.run(statement, params).await?.take(0)?;
        if !ids.is_empty() {
            self.delete(&ids).await?;
        }
        Ok(())
    }
}

/// What became of the memories of a conversation.
#[derive(SurrealValue)]
struct Replaced {
    stale: Vec<String>,
    written: Vec<MemoryRow>,
}
