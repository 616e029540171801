//! All memories of a user out of one data folder and into another, as they are.

use chrono::SubsecRound;
use schemas::memory::{BatchStatus, Memory};

use super::{
    Memories,
    row::{MemoryRow, scoring, scoring_rank},
};
use crate::{
    Result,
    database::{self, Bound, name_of, record},
    outbox::{self, Kind},
};

impl Memories<'_> {
    /// How many memories the user has, rejected ones among them.
    pub async fn count(&self) -> Result<u64> {
        let statement = "RETURN count(SELECT VALUE mid FROM memory:[$user, NONE]..=[$user, {}])";
        let count: i64 = self.resources.database.run(statement, Bound::new().with("user", self.user)).await?.take(0)?;
        Ok(count.unsigned_abs())
    }

    /// At most `limit` memories in the order of their ids, rejected ones among them, beginning behind the id `last`.
    pub async fn after(&self, last: Option<&str>, limit: u32) -> Result<Vec<Memory>> {
        let begin = if last.is_some() { "[$user, $last]>" } else { "[$user, NONE]" };
        let statement = format!("SELECT * FROM memory:{begin}..=[$user, {{}}] LIMIT $limit");
        let last = last.map(str::to_owned);
        self.rows(&statement, Bound::new().with("user", self.user).with("last", last).with("limit", limit)).await
    }

    /// Writes memories with their ids and times in one transaction. One whose id is there already is left as it is.
    /// They are found once the index worker has come to them.
    pub async fn import(&self, memories: Vec<Memory>) -> Result<Vec<BatchStatus>> {
        let _writing = self.resources.outbox.writing().await;
        let ids: Vec<String> = memories.iter().map(|memory| memory.id.clone()).collect();
        let rows: Vec<_> = memories
            .into_iter()
            .map(|memory| database::row(record("memory", self.user, &memory.id), MemoryRow::of(self.user, memory)))
            .collect();
        let statements = "BEGIN;
            LET $there = (SELECT VALUE mid FROM $ids);
            INSERT IGNORE INTO memory $rows;
            INSERT INTO outbox $outbox;
            RETURN $there;
            COMMIT;";
        let bound = Bound::new()
            .with("ids", self.records(&ids))
            .with("rows", rows)
            .with("outbox", outbox::rows(Kind::Memory, self.user, &ids));
        let mut there: Vec<String> = self.resources.database.run(statements, bound).await?.take(4)?;
        self.resources.outbox.wake();
        let status = |id: String| match there.contains(&id) {
            true => BatchStatus::Duplicate,
            false => {
                there.push(id);
                BatchStatus::Created
            }
        };
        Ok(ids.into_iter().map(status).collect())
    }
}

impl MemoryRow {
    /// The row of a memory that was written elsewhere.
    fn of(user: &str, memory: Memory) -> Self {
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
            revisions: 0,
        }
    }
}
