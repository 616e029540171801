//! Finding memories, by words at once and by meaning as soon as they are embedded.

use chrono::{DateTime, Utc};
use schemas::memory::{Memory, MemoryCategory, SimilarMemory, TagsMatch};

use super::{Memories, row::MemoryRow, tags_condition};
use crate::{
    Result,
    database::{Params, name_of},
    index::{Indexed, IndexedNoun},
    vectors::{Document, Hit, Kind, Query},
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
    /// Only those with these labels; empty means all.
    pub tags: &'a [String],
    /// Whether all of the labels are needed, or any.
    pub tags_match: TagsMatch,
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
        let dense = self.index.embed_query(search.query).await?;
        let categories: Vec<String> = search.categories.iter().map(name_of).collect();
        let tagged = match search.tags {
            [] => None,
            tags => Some(self.tagged(tags, search.tags_match).await?),
        };
        let query = Query {
            user: self.user,
            kind: Kind::Memory,
            text: search.query,
            dense: dense.as_deref(),
            categories: &categories,
            ids: tagged.as_deref(),
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

    /// The ids of the memories with these labels.
    async fn tagged(&self, tags: &[String], tags_match: TagsMatch) -> Result<Vec<String>> {
        let statement =
            format!("SELECT VALUE mid FROM memory:[$user, NONE]..=[$user, {{}}] WHERE {}", tags_condition(tags_match));
        let params = Params::new().with("user", self.user).with("tags", tags.to_vec());
        self.database.run(&statement, params).await?.take(0)
    }

    async fn read_hits(&self, hits: Vec<Hit>) -> Result<Vec<(Memory, f32)>> {
        let ids: Vec<String> = hits.iter().map(|hit| hit.id.clone()).collect();
        let mut memories = self.get_many(&ids).await?;
        let take = |hit: Hit| {
            let at = memories.iter().position(|memory| memory.id == hit.id && memory.user_review != Some(false))?;
            Some((memories.swap_remove(at), hit.score))
        };
        Ok(hits.into_iter().filter_map(take).collect())
    }
}

/// Memories in the index.
pub(crate) const INDEXED: IndexedNoun = IndexedNoun::of::<MemoryRow>();

impl Indexed for MemoryRow {
    const KIND: Kind = Kind::Memory;
    const TABLE: &'static str = "memory";
    const KEY: &'static str = "mid";

    fn key(&self) -> &str {
        &self.mid
    }

    /// The document of a memory that the user has not rejected.
    fn document(&self) -> Option<Document> {
        (self.user_review != Some(false)).then(|| Document {
            user: self.user.clone(),
            kind: Kind::Memory,
            id: self.mid.clone(),
            category: self.category.clone(),
            at: self.created_at.timestamp(),
            text: self.content.clone(),
            dense: None,
        })
    }
}
