//! The vector index: finds a user's records by their words and by their embeddings.
//!
//! Qdrant holds the index, either in the process (`qdrant-edge`, in a folder) or on a server (`qdrant-client`, by URL),
//! with the same behaviour. It is never the source of truth: all it holds can be rebuilt from the database.

mod candidates;
mod document;
mod edge;
mod engine;
mod fusion;
mod index_model;
mod passage;
mod passage_search;
mod point;
mod remote;
mod statistics;
mod terms;
mod token_signatures;

use std::collections::HashMap;
use std::path::Path;

use uuid::Uuid;

use crate::Result;
use candidates::Candidates;
use engine::Engine;
use point::{Point, Scope, SubQuery, Tenant};
use statistics::Statistics;

pub use document::{Document, Hit, Kind, Query};
pub use engine::VectorsSettings;
pub use index_model::IndexModel;
pub use passage::{DialogueAct, Passage, SpeechPassage};
pub use passage_search::{PassageQuery, TimeHint};
pub use token_signatures::TokenSignatures;

/// The vector index. Every method fails with [`Error::Unavailable`](crate::Error::Unavailable) while a server cannot be
/// reached.
pub struct Vectors {
    engine: Engine,
    statistics: Statistics,
}

/// The minimum number of records that each sub-query of a search proposes.
const MIN_CANDIDATES: usize = 100;
/// The minimum cosine similarity of the weighted words of near-duplicates.
const MIN_DUPLICATE_SIMILARITY: f32 = 0.8;
/// The maximum number of records that are compared in full with a possible duplicate.
const MAX_DUPLICATE_CANDIDATES: usize = 16;
/// How many occurrences of its rarest words a text may have before the commoner ones are not looked up.
const MAX_RARE_OCCURRENCES: u32 = 200;

impl Vectors {
    /// Opens the index in `folder` or on the server of the settings, and creates it when it is missing.
    ///
    /// Fails with [`Error::Setting`](crate::Error::Setting) when the folder is in use or unreadable, or when the index
    /// was filled by another model than `model`. Without a model the index keeps the one that it has recorded.
    pub async fn open(settings: &VectorsSettings, folder: &Path, model: Option<IndexModel>) -> Result<Self> {
        let engine = Engine::open(settings, folder, model.as_ref()).await?;
        engine.ensure_model(model).await?;
        Ok(Self { engine, statistics: Statistics::default() })
    }

    /// Opens the index as [`open`](Self::open) does, but empties it, whatever model or damage it is found with.
    pub async fn recreate(settings: &VectorsSettings, folder: &Path, model: Option<IndexModel>) -> Result<Self> {
        let engine = Engine::recreate(settings, folder, model.as_ref()).await?;
        Ok(Self { engine, statistics: Statistics::default() })
    }

    /// Writes documents over those of the same user, kind and id. They are found as soon as this returns, but may be
    /// lost in a crash before [`flush`](Self::flush).
    pub async fn upsert(&self, documents: &[Document]) -> Result<()> {
        self.write(documents.iter().map(Point::from).collect()).await
    }

    /// Writes passages of speech as [`upsert`](Self::upsert) writes documents.
    pub async fn upsert_passages(&self, passages: &[SpeechPassage]) -> Result<()> {
        self.write(passages.iter().map(Point::from).collect()).await
    }

    async fn write(&self, points: Vec<Point>) -> Result<()> {
        if points.is_empty() {
            return Ok(());
        }
        let changes = points.iter().map(|point| (point.tenant.clone(), point.id)).collect();
        let change = self.statistics.begin(&self.engine, changes).await?;
        let terms: Vec<_> = points.iter().map(|point| (point.tenant.clone(), point.terms.indices.clone())).collect();
        self.engine.upsert(points).await?;
        change.finish(terms);
        Ok(())
    }

    /// Deletes some records of a user; ids that are not in the index are ignored.
    pub async fn delete(&self, user: &str, kind: Kind, ids: &[String]) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let tenant = Tenant::new(user, kind);
        let points: Vec<_> = ids.iter().map(|id| tenant.point(id)).collect();
        let changes = points.iter().map(|point| (tenant.clone(), *point)).collect();
        let change = self.statistics.begin(&self.engine, changes).await?;
        self.engine.delete(points).await?;
        change.finish(Vec::new());
        Ok(())
    }

    /// Deletes all of a user's records of one kind.
    pub async fn delete_all(&self, user: &str, kind: Kind) -> Result<()> {
        let tenant = Tenant::new(user, kind);
        self.engine.delete_all(&Scope::of(&tenant)).await?;
        self.statistics.remove(&tenant);
        Ok(())
    }

    /// Makes everything written so far survive a crash.
    pub async fn flush(&self) -> Result<()> {
        self.engine.flush().await
    }

    /// Finds the records that match the words or the meaning of a query best, best first.
    pub async fn search(&self, query: &Query<'_>) -> Result<Vec<Hit>> {
        let tenant = Tenant::new(query.user, query.kind);
        if query.ids.is_some_and(<[String]>::is_empty) {
            return Ok(Vec::new());
        }
        let scope = Scope {
            categories: query.categories.to_vec(),
            points: query.ids.into_iter().flatten().map(|id| tenant.point(id)).collect(),
            after: query.after,
            before: query.before,
            ..Scope::of(&tenant)
        };
        let statistics = self.statistics.of(&self.engine, &tenant).await?;
        let words = statistics.weigh(&terms::query_terms(query.text));
        let mut sub_queries = Vec::with_capacity(2);
        if !words.indices.is_empty() {
            sub_queries.push(SubQuery::Lexical(words));
        }
        if let Some(dense) = query.dense {
            sub_queries.push(SubQuery::Dense(dense.to_vec()));
        }
        let limit = query.limit.max(MIN_CANDIDATES);
        let candidates = Candidates::collect(&self.engine, &scope, sub_queries, limit, &[]).await?;
        let mut hits = self.to_hits(fusion::fuse(candidates, query.limit)).await?;
        hits.truncate(query.limit);
        Ok(hits)
    }

    /// Finds the passages that answer a query best, best first.
    pub async fn search_passages(&self, query: &PassageQuery<'_>) -> Result<Vec<Hit>> {
        passage_search::search(&self.engine, &self.statistics, query).await
    }

    /// The passages with a label that the index holds, with their digests.
    pub async fn digests(&self, user: &str, label: &str) -> Result<HashMap<String, String>> {
        let scope = Scope { labels: vec![label.to_owned()], ..Scope::of(&Tenant::new(user, Kind::Segment)) };
        self.engine.digests(&scope).await
    }

    /// Finds near-duplicates of `text`, best first, without the record `except` itself. The score is the cosine
    /// similarity of the two texts' words, each weighted by its rarity among this user's records.
    pub async fn similar(&self, user: &str, kind: Kind, except: &str, text: &str, limit: usize) -> Result<Vec<Hit>> {
        let tenant = Tenant::new(user, kind);
        let statistics = self.statistics.of(&self.engine, &tenant).await?;
        let document = terms::weigh_document(text);
        let rare = statistics.rarest(&document, MAX_RARE_OCCURRENCES);
        if rare.indices.is_empty() {
            return Ok(Vec::new());
        }
        let weighed = statistics.weigh(&document);
        let sub_query = vec![SubQuery::Lexical(rare)];
        let found = self.engine.search(&Scope::of(&tenant), sub_query, MAX_DUPLICATE_CANDIDATES).await?;
        let except = tenant.point(except);
        let found = found.into_iter().flatten().map(|one| one.point).filter(|point| *point != except).collect();
        let similar: Vec<(Uuid, f32)> = (self.engine.terms_of(found).await?.into_iter())
            .map(|(point, terms)| (point, statistics.weigh(&terms).cosine(&weighed).min(1.0)))
            .filter(|(_, score)| *score >= MIN_DUPLICATE_SIMILARITY)
            .collect();
        let mut hits = self.to_hits(similar).await?;
        hits.truncate(limit);
        Ok(hits)
    }

    /// Empties the index and prepares it for `model`.
    pub async fn clear(&self, model: Option<IndexModel>) -> Result<()> {
        self.engine.clear(model.as_ref()).await?;
        self.statistics.clear();
        Ok(())
    }

    /// The number of records in the index, of all users.
    pub async fn count(&self) -> Result<u64> {
        self.engine.count().await
    }

    /// The records of scored points, best first; equal scores are in the order of the records' ids.
    async fn to_hits(&self, points: Vec<(Uuid, f32)>) -> Result<Vec<Hit>> {
        if points.is_empty() {
            return Ok(Vec::new());
        }
        let mut ids = self.engine.record_ids(points.iter().map(|(point, _)| *point).collect()).await?;
        let hit = |(point, score)| Some(Hit { id: ids.remove(&point)?, score });
        let mut hits: Vec<Hit> = points.into_iter().filter_map(hit).collect();
        hits.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.id.cmp(&b.id)));
        Ok(hits)
    }
}
