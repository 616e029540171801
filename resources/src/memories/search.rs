//! Finding memories, by words at once and by meaning as soon as they are embedded.

use chrono::{DateTime, Utc};
use schemas::memory::{Memory, MemoryCategory, SimilarMemory};

use super::{Memories, row::MemoryRow};
use crate::{
    Database, Result,
    database::{Params, name_of},
    indexer::Name,
    outbox::Kind,
    vectors::{Document, Hit, Query},
};

/// How many near-duplicates a reply names.
const SIMILAR: usize = 3;

/// What to look for.
#[derive(Debug, Clone)]
pub struct Search<'a> {
    /// A question or a few words.
    pub query: &'a str,
    /// Only these categories; empty means all.
    pub categories: &'a [MemoryCategory],
    /// Only those written at or after this time.
    pub after: Option<DateTime<Utc>>,
    /// Only those written before this time.
    pub before: Option<DateTime<Utc>>,
    /// How many to return.
    pub limit: usize,
}

impl Memories<'_> {
    /// The memories that fit best, with their scores, 0 to 1.
    pub async fn search(&self, search: &Search<'_>) -> Result<Vec<(Memory, f32)>> {
        let dense = self.index.meaning_of(search.query).await?;
        let categories: Vec<String> = search.categories.iter().map(name_of).collect();
        let query = Query {
            user: self.user,
            kind: Kind::Memory,
            text: search.query,
            dense: dense.as_deref(),
            categories: &categories,
            after: search.after.map(|time| time.timestamp()),
            before: search.before.map(|time| time.timestamp()),
            // A row can have gone since it was indexed: a few more fill the page.
            limit: search.limit + 5,
        };
        let hits = self.index.vectors.search(&query).await?;
        let mut found = self.read_hits(hits).await?;
        found.truncate(search.limit);
        Ok(found)
    }

    /// Memories that say nearly the same as this one, by their words.
    pub async fn similar(&self, memory: &Memory) -> Result<Vec<SimilarMemory>> {
        let vectors = &self.index.vectors;
        let hits = vectors.similar(self.user, Kind::Memory, &memory.id, &memory.content, SIMILAR).await?;
        Ok(hits.into_iter().map(|Hit { id, score }| SimilarMemory { id, score }).collect())
    }

    async fn read_hits(&self, hits: Vec<Hit>) -> Result<Vec<(Memory, f32)>> {
        let ids: Vec<String> = hits.iter().map(|hit| hit.id.clone()).collect();
        let mut memories = self.get_many(&ids).await?;
        let take = |hit: Hit| {
            let at = memories.iter().position(|memory| memory.id == hit.id && is_findable(memory))?;
            Some((memories.swap_remove(at), hit.score))
        };
        Ok(hits.into_iter().filter_map(take).collect())
    }

    /// Makes rows findable by their words, before the call that wrote them returns.
    pub(super) async fn index_words(&self, rows: &[&MemoryRow]) {
        let memories: Vec<Memory> = rows.iter().map(|row| (*row).clone().into()).collect();
        let ids: Vec<String> = memories.iter().map(|memory| memory.id.clone()).collect();
        let documents: Vec<Document> = memories.iter().filter(|memory| is_findable(memory)).map(document).collect();
        self.index.index_words(Kind::Memory, self.user, &ids, &documents).await;
    }

    /// Takes deleted memories out of the index.
    pub(super) async fn forget(&self, ids: &[String]) {
        self.index.index_words(Kind::Memory, self.user, ids, &[]).await;
    }
}

/// What is to be found of these memories, whoever they belong to; for the index worker alone.
pub(crate) async fn documents(database: &Database, names: &[Name]) -> Result<Vec<Document>> {
    let records: Vec<_> = names.iter().map(|name| name.record("memory")).collect();
    let params = Params::new().with("ids", records);
    let rows: Vec<MemoryRow> = database.run("SELECT * FROM $ids", params).await?.take(0)?;
    let memories = rows.into_iter().map(Memory::from);
    Ok(memories.filter(is_findable).map(|memory| document(&memory)).collect())
}

/// Whether a memory may be found: the user has not rejected it.
fn is_findable(memory: &Memory) -> bool {
    memory.user_review != Some(false)
}

/// A memory as the index sees it, without its vector.
fn document(memory: &Memory) -> Document {
    Document {
        user: memory.uid.clone(),
        kind: Kind::Memory,
        id: memory.id.clone(),
        category: name_of(&memory.category),
        at: memory.created_at.timestamp(),
        text: memory.content.clone(),
        dense: None,
    }
}
