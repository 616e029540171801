//! Memories, written together with their outbox rows and listed along an index.

mod extracted;
mod row;
mod search;
mod transfer;

use chrono::{DateTime, Utc};
use schemas::memory::{Memory, MemoryCategory, MemoryRevision, MemorySort, Provenance, TagsMatch, Visibility};
use surrealdb::types::{RecordId, SurrealValue, Value};

use crate::{
    Database, Index, Result,
    database::{self, Params, name_of, record},
    outbox::{self, Kind},
};
use row::{MemoryRow, RevisionRow};
pub use row::{id_of, scoring};
pub(crate) use search::INDEXED;
pub use search::Search;

/// Queries of one user's memories.
pub struct Memories<'a> {
    database: &'a Database,
    index: &'a Index,
    user: &'a str,
}

/// A new memory.
#[derive(Debug, Clone)]
pub struct NewMemory {
    /// The fact.
    pub content: String,
    /// What kind of fact it is.
    pub category: MemoryCategory,
    /// Who may see it.
    pub visibility: Visibility,
    /// Free labels.
    pub tags: Vec<String>,
    /// How it came to be.
    pub provenance: Provenance,
    /// When the fact came up: its date in lists, searches and answers.
    pub created_at: DateTime<Utc>,
    /// When it is written.
    pub written_at: DateTime<Utc>,
}

/// The result of creating a memory.
#[derive(Debug, Clone)]
pub struct Written {
    /// The memory as it is stored now.
    pub memory: Memory,
    /// Whether its text was there before.
    pub duplicate: bool,
}

/// Which memories to list, and where to go on.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Only these categories; empty means all.
    pub categories: Vec<MemoryCategory>,
    /// Only those the user has or has not looked at.
    pub reviewed: Option<bool>,
    /// Only those written by hand or drawn from conversations.
    pub manually_added: Option<bool>,
    /// Only those with these labels; empty means all.
    pub tags: Vec<String>,
    /// Whether all of the labels are needed, or any.
    pub tags_match: TagsMatch,
    /// Only those changed after this time.
    pub updated_after: Option<DateTime<Utc>>,
    /// Only those from conversations that the device with this id recorded.
    pub device: Option<String>,
    /// The order.
    pub sort: MemorySort,
    /// Where the page before ended.
    pub after: Option<Position>,
    /// How many to skip.
    pub offset: u32,
    /// How many to return.
    pub limit: u32,
}

/// Where a page ended: the last value of the sorted field, and how many rows with just that value were seen.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Position {
    /// The value that the list is sorted by.
    pub value: String,
    /// How many rows with that value came already.
    pub seen: u32,
}

/// Changes of a memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryChange {
    /// The new text.
    pub content: Option<String>,
    /// Who may see it.
    pub visibility: Option<Visibility>,
    /// The new labels.
    pub tags: Option<Vec<String>>,
    /// What kind of fact it is.
    pub category: Option<MemoryCategory>,
    /// The user's verdict.
    pub review: Option<bool>,
}

impl<'a> Memories<'a> {
    /// Queries of the rows of `user`.
    pub fn new(database: &'a Database, index: &'a Index, user: &'a str) -> Self {
        Self { database, index, user }
    }
}

impl Memories<'_> {
    /// The memories of `selection`, without those the user rejected.
    pub async fn list(&self, selection: &Selection) -> Result<Vec<Memory>> {
        let rank = rank_field(selection.sort);
        let mut conditions = vec!["user = $user".to_owned(), "rejected = false".to_owned()];
        let mut params = Params::new().with("user", self.user).with("limit", selection.limit);
        let mut skip = selection.offset;
        if let Some(position) = &selection.after {
            conditions.push(format!("{rank} >= $after"));
            params = params.with("after", rank_of(selection.sort, &position.value)?);
            skip = position.seen;
        }
        if !selection.categories.is_empty() {
            let names: Vec<String> = selection.categories.iter().map(name_of).collect();
            conditions.push("category IN $categories".into());
            params = params.with("categories", names);
        }
        if let Some(reviewed) = selection.reviewed {
            conditions.push("reviewed = $reviewed".into());
            params = params.with("reviewed", reviewed);
        }
        if let Some(manually_added) = selection.manually_added {
            conditions.push("manually_added = $manually_added".into());
            params = params.with("manually_added", manually_added);
        }
        if !selection.tags.is_empty() {
            conditions.push(tags_condition(selection.tags_match).into());
            params = params.with("tags", selection.tags.clone());
        }
        if let Some(time) = selection.updated_after {
            conditions.push("updated_at > $updated_after".into());
            params = params.with("updated_after", time);
        }
        if let Some(device) = &selection.device {
            conditions.push("provenance.conversation_id IN $recorded".into());
            params = params.with("recorded", self.recorded_by(device).await?);
        }
        let order = if rank == "scoring_rank" { "scoring_rank, created_rank" } else { rank };
        let conditions = conditions.join(" AND ");
        let statement = format!("SELECT * FROM memory WHERE {conditions} ORDER BY {order} LIMIT $limit START $skip");
        self.rows(&statement, params.with("skip", skip)).await
    }

    /// The ids of the conversations that the device with this id recorded.
    async fn recorded_by(&self, device: &str) -> Result<Vec<String>> {
        let statement = "SELECT VALUE cid FROM conversation WHERE user = $user AND parts.client_device_id = $device";
        let params = Params::new().with("user", self.user).with("device", device);
        self.database.run(statement, params).await?.take(0)
    }

    /// The memory called `id`.
    pub async fn get(&self, id: &str) -> Result<Option<Memory>> {
        Ok(self.get_many(&[id.to_owned()]).await?.pop())
    }

    /// Those of the memories called `ids` that exist.
    pub async fn get_many(&self, ids: &[String]) -> Result<Vec<Memory>> {
        self.rows("SELECT * FROM $ids", Params::new().with("ids", self.records(ids))).await
    }

    /// Writes memories in one transaction, in the order given. A text that is there already is not written twice: its
    /// memory takes the new labels, and is no longer rejected.
    pub async fn create(&self, new: Vec<NewMemory>) -> Result<Vec<Written>> {
        let _writing = self.index.outbox.begin_write().await;
        let mut rows: Vec<MemoryRow> = Vec::with_capacity(new.len());
        for new in &new {
            let row = MemoryRow::new(self.user, new);
            if !rows.iter().any(|earlier| earlier.mid == row.mid) {
                rows.push(row);
            }
        }
        let places: Vec<String> = rows.iter().map(|row| row.mid.clone()).collect();
        let mut stored = self.insert(rows).await?;
        let mut written = Vec::with_capacity(new.len());
        for new in &new {
            let id = id_of(&new.content);
            let place = places.iter().position(|mid| *mid == id).expect("every text has its row");
            let (row, duplicate) = &mut stored[place];
            written.push(Written { memory: row.clone().into(), duplicate: *duplicate });
            *duplicate = true;
        }
        self.index.index_rows(self.user, stored.iter().map(|(row, _)| row)).await;
        Ok(written)
    }

    /// Inserts what is not there yet, and answers with each row, in order, as it is stored and whether it was there before.
    async fn insert(&self, rows: Vec<MemoryRow>) -> Result<Vec<(MemoryRow, bool)>> {
        let ids: Vec<String> = rows.iter().map(|row| row.mid.clone()).collect();
        let values: Vec<Value> =
            rows.iter().map(|fields| database::row(record("memory", self.user, &fields.mid), fields.clone())).collect();
        let params = Params::new().with("rows", values).with("outbox", outbox::rows(Kind::Memory, self.user, &ids));
        let statements = "BEGIN; INSERT IGNORE INTO memory $rows; INSERT INTO outbox $outbox; COMMIT;";
        let inserted: Vec<MemoryRow> = self.database.run(statements, params).await?.take(1)?;
        let mut stored = Vec::with_capacity(rows.len());
        for wanted in rows {
            match inserted.iter().find(|row| row.mid == wanted.mid && row.updated_at == wanted.updated_at) {
                Some(row) => stored.push((row.clone(), false)),
                None => stored.push(self.insert_or_get(wanted).await?),
            }
        }
        Ok(stored)
    }

    /// Inserts a row whose id is taken: a memory of the same text is refreshed; if its text has been edited since, it
    /// keeps the id and the new row takes the next one. Returns the row, and whether its text existed.
    async fn insert_or_get(&self, wanted: MemoryRow) -> Result<(MemoryRow, bool)> {
        for row in wanted.successors() {
            let statements = "BEGIN;
                LET $there = (SELECT VALUE content FROM ONLY $id);
                IF $there = NONE { CREATE $id CONTENT $row; };
                IF $there = $row.content {
                    UPDATE $id SET updated_at = $row.updated_at, user_review = true, category = $row.category,
                        visibility = $row.visibility, tags = array::union(tags, $row.tags);
                };
                INSERT INTO outbox $outbox;
                LET $now = (SELECT * FROM ONLY $id);
                RETURN { there: $there, now: $now };
                COMMIT;";
            let params = Params::new()
                .with("id", record("memory", self.user, &row.mid))
                .with("row", row.clone())
                .with("outbox", outbox::rows(Kind::Memory, self.user, std::slice::from_ref(&row.mid)));
            let mut answers = self.database.run(statements, params).await?;
            let Inserted { there, now } = answers.take(6)?;
            if now.content == row.content {
                return Ok((now, there.is_some()));
            }
        }
        Err(crate::Error::internal("no free id for a memory"))
    }

    /// Changes a memory, keeping the earlier text as history; `None` when it does not exist.
    pub async fn change(&self, id: &str, change: MemoryChange, by: Provenance) -> Result<Option<Memory>> {
        let _writing = self.index.outbox.begin_write().await;
        let statements = "BEGIN;
            LET $old = (SELECT content, revisions FROM ONLY $id);
            IF $old != NONE AND $content != NONE AND $old.content != $content {
                INSERT INTO memory_revision {
                    id: [$user, $mid, $old.revisions], user: $user, memory: $mid,
                    content: $old.content, replaced_at: $now, replaced_by: $by
                };
                UPDATE $id SET content = $content, edited = true, revisions += 1;
            };
            UPDATE $id SET updated_at = $now, visibility = $visibility ?? visibility, tags = $tags ?? tags,
                category = $category ?? category, user_review = $review ?? user_review,
                reviewed = IF $review != NONE { true } ELSE { reviewed };
            IF $old != NONE { INSERT INTO outbox $outbox; };
            SELECT * FROM $id;
            COMMIT;";
        let params = Params::new()
            .with("id", record("memory", self.user, id))
            .with("user", self.user)
            .with("mid", id)
            .with("content", change.content)
            .with("visibility", change.visibility.as_ref().map(name_of))
            .with("tags", change.tags)
            .with("category", change.category.as_ref().map(name_of))
            .with("review", change.review)
            .with("by", row::ProvenanceRow::from(by))
            .with("now", crate::now())
            .with("outbox", outbox::rows(Kind::Memory, self.user, &[id.to_owned()]));
        let mut rows: Vec<MemoryRow> = self.database.run(statements, params).await?.take(5)?;
        let Some(changed) = rows.pop() else { return Ok(None) };
        self.index.index_rows(self.user, [&changed]).await;
        Ok(Some(changed.into()))
    }

    /// The earlier texts of a memory, newest first.
    pub async fn history(&self, id: &str) -> Result<Vec<MemoryRevision>> {
        let statement = "SELECT * FROM memory_revision:[$user, $mid, NONE]..=[$user, $mid, {}]";
        let params = Params::new().with("user", self.user).with("mid", id);
        let rows: Vec<RevisionRow> = self.database.run(statement, params).await?.take(0)?;
        Ok(rows.into_iter().rev().map(MemoryRevision::from).collect())
    }

    /// Deletes these memories with their history: all of them, or none when one does not exist. Returns whether it did.
    pub async fn delete(&self, ids: &[String]) -> Result<bool> {
        let statements = "BEGIN;
            LET $gone = IF count(SELECT VALUE id FROM $ids) = $wanted { (DELETE $ids RETURN BEFORE) } ELSE { [] };
            FOR $row IN $gone {
                DELETE memory_revision:[$user, $row.mid, NONE]..=[$user, $row.mid, {}];
            };
            IF count($gone) > 0 { INSERT INTO outbox $outbox; };
            RETURN count($gone);
            COMMIT;";
        let mut distinct = ids.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let params = Params::new()
            .with("user", self.user)
            .with("wanted", distinct.len() as i64)
            .with("ids", self.records(&distinct))
            .with("outbox", outbox::rows(Kind::Memory, self.user, &distinct));
        let gone: i64 = self.database.run(statements, params).await?.take(4)?;
        if gone > 0 {
            self.index.remove_rows(Kind::Memory, self.user, &distinct).await;
        }
        Ok(gone > 0)
    }

    /// Deletes every memory of the user, with its history.
    pub async fn delete_all(&self) -> Result<()> {
        let statements = "BEGIN;
            INSERT INTO outbox (SELECT rand::uuid::v7() AS id, 'memory' AS kind, user, mid AS key
                FROM memory:[$user, NONE]..=[$user, {}]);
            DELETE memory:[$user, NONE]..=[$user, {}];
            DELETE memory_revision:[$user, NONE]..=[$user, {}];
            COMMIT;";
        self.database.run(statements, Params::new().with("user", self.user)).await?;
        let gone = self.index.vectors.delete_all(self.user, Kind::Memory).await;
        self.index.outbox.defer(gone);
        Ok(())
    }

    /// The creation times of memories from `start` on and before `end`, without rejected ones, unordered.
    pub async fn times(&self, start: DateTime<Utc>, end: DateTime<Utc>) -> Result<Vec<DateTime<Utc>>> {
        let statement = "SELECT VALUE created_at FROM memory
            WHERE user = $user AND rejected = false AND created_rank <= $start AND created_rank > $end";
        let params = Params::new()
            .with("user", self.user)
            .with("start", -start.timestamp_micros())
            .with("end", -end.timestamp_micros());
        self.database.run(statement, params).await?.take(0)
    }

    async fn rows(&self, statement: &str, params: Params) -> Result<Vec<Memory>> {
        let rows: Vec<MemoryRow> = self.database.run(statement, params).await?.take(0)?;
        Ok(rows.into_iter().map(Memory::from).collect())
    }

    fn records(&self, ids: &[String]) -> Vec<RecordId> {
        ids.iter().map(|id| record("memory", self.user, id)).collect()
    }
}

#[derive(SurrealValue)]
struct Inserted {
    there: Option<String>,
    now: MemoryRow,
}

impl Position {
    /// Where a page ends whose last row is `rows.last()`, having begun at `before`.
    pub fn after(rows: &[Memory], sort: MemorySort, before: Option<&Position>) -> Option<Position> {
        let value = row::sorted_text(rows.last()?, sort);
        let alike = rows.iter().rev().take_while(|row| row::sorted_text(row, sort) == value).count() as u32;
        let earlier = before.filter(|position| position.value == value && alike as usize == rows.len());
        Some(Position { value, seen: alike + earlier.map_or(0, |position| position.seen) })
    }
}

/// The condition that a memory has `$tags`.
fn tags_condition(tags_match: TagsMatch) -> &'static str {
    match tags_match {
        TagsMatch::All => "tags CONTAINSALL $tags",
        TagsMatch::Any => "tags CONTAINSANY $tags",
    }
}

/// The field that ascends as a list in this order descends.
fn rank_field(sort: MemorySort) -> &'static str {
    match sort {
        MemorySort::ScoringDesc | MemorySort::ManualFirst => "scoring_rank",
        MemorySort::CreatedDesc => "created_rank",
        MemorySort::UpdatedDesc => "updated_rank",
    }
}

/// The value of that field in rows whose [`Position`] has this value.
fn rank_of(sort: MemorySort, value: &str) -> Result<Value> {
    if rank_field(sort) == "scoring_rank" {
        return Ok(row::scoring_rank(value).into_value());
    }
    let time = DateTime::parse_from_rfc3339(value).map_err(crate::Error::internal)?;
    Ok((-time.timestamp_micros()).into_value())
}
