//! Export and import of a user\'s memories.

use chrono::{DateTime, SubsecRound, Utc};
use schemas::memory::{BatchStatus, Memory, MemoryRevision};
use surrealdb::types::{Array, RecordId, SurrealValue, Value};

use super::{
    Memories,
    row::{MemoryRow, ProvenanceRow, scoring, scoring_rank},
};
use crate::{
    Result,
    database::{self, Params, name_of, record},
    outbox::{self, Kind},
    transfer::{ExportedMemory, in_order},
};

/// A row of `memory_revision`; its id is user, memory and place.
#[derive(SurrealValue)]
struct ImportedRevision {
    user: String,
    memory: String,
    content: String,
    replaced_at: DateTime<Utc>,
    replaced_by: ProvenanceRow,
}

impl Memories<'_> {
    /// The ids of all memories, rejected ones among them, in order.
    pub async fn ids(&self) -> Result<Vec<String>> {
        self.database.keys("memory", "mid", self.user).await
    }

    /// The memories called `ids`, in that order, with their earlier texts.
    pub async fn export(&self, ids: &[String]) -> Result<Vec<ExportedMemory>> {
        let memories = in_order(self.get_many(ids).await?, ids, |memory| &memory.id);
        let mut exported = Vec::with_capacity(memories.len());
        for memory in memories {
            let history = if memory.edited { self.history(&memory.id).await? } else { Vec::new() };
            exported.push(ExportedMemory { memory, history });
        }
        Ok(exported)
    }

    /// Writes memories with their ids and times in one transaction. An existing id is not overwritten.
    /// The index worker indexes them later.
    pub async fn import(&self, memories: Vec<ExportedMemory>) -> Result<Vec<BatchStatus>> {
        let _writing = self.index.outbox.begin_write().await;
        let ids: Vec<String> = memories.iter().map(|exported| exported.memory.id.clone()).collect();
        let revisions: Vec<Value> = memories.iter().flat_map(|exported| self.revisions(exported)).collect();
        let rows: Vec<_> = memories
            .into_iter()
            .map(|exported| {
                database::row(record("memory", self.user, &exported.memory.id), MemoryRow::of(self.user, exported))
            })
            .collect();
        let statements = "BEGIN;
            LET $there = (SELECT VALUE mid FROM $ids);
            INSERT IGNORE INTO memory $rows;
            INSERT IGNORE INTO memory_revision $revisions.filter(|$row| $row.memory NOT IN $there);
            INSERT INTO outbox $outbox;
            RETURN $there;
            COMMIT;";
        let params = Params::new()
            .with("ids", self.records(&ids))
            .with("rows", rows)
            .with("revisions", revisions)
            .with("outbox", outbox::rows(Kind::Memory, self.user, &ids));
        let mut there: Vec<String> = self.database.run(statements, params).await?.take(5)?;
        self.index.outbox.wake();
        let status = |id: String| match there.contains(&id) {
            true => BatchStatus::Duplicate,
            false => {
                there.push(id);
                BatchStatus::Created
            }
        };
        Ok(ids.into_iter().map(status).collect())
    }

    /// The rows of a memory's earlier texts.
    fn revisions(&self, exported: &ExportedMemory) -> Vec<Value> {
        let memory = &exported.memory.id;
        let row = |(place, revision): (i64, &MemoryRevision)| {
            let key = [self.user.to_owned().into_value(), memory.clone().into_value(), place.into_value()];
            let id = RecordId::new("memory_revision", Array::from(key.into_iter().collect::<Vec<Value>>()));
            let MemoryRevision { content, replaced_at, replaced_by } = revision.clone();
            let (user, memory, replaced_by) = (self.user.to_owned(), memory.clone(), replaced_by.into());
            let fields = ImportedRevision { user, memory, content, replaced_at, replaced_by };
            database::row(id, fields)
        };
        (0i64..).zip(exported.history.iter().rev()).map(row).collect()
    }
}

impl MemoryRow {
    /// The row of a memory of another server.
    fn of(user: &str, exported: ExportedMemory) -> Self {
        let revisions = exported.history.len() as i64;
        let memory: Memory = exported.memory;
        let place = || scoring(memory.category, memory.manually_added, memory.created_at);
        let scoring = memory.scoring.unwrap_or_else(place);
        Self {
            mid: memory.id,
            user: user.to_owned(),
            content: memory.content,
            category: name_of(&memory.category),
            visibility: name_of(&memory.visibility),
            tags: memory.tags,
            created_at: memory.created_at.trunc_subsecs(6),
            updated_at: memory.updated_at.trunc_subsecs(6),
            reviewed: memory.reviewed,
            user_review: memory.user_review,
            manually_added: memory.manually_added,
            edited: memory.edited,
            scoring_rank: scoring_rank(&scoring),
            scoring,
            provenance: memory.provenance.into(),
            revisions,
        }
    }
}
