//! The vector index: finds a user's records by their words and by their meaning.
//!
//! Qdrant holds the index, either in the process (`qdrant-edge`, in a folder) or on a server (`qdrant-client`, by URL),
//! with the same behaviour. It is never the truth: whatever it holds can be rebuilt from the database.

mod edge;
mod engine;
mod fusion;
mod marks;
mod model;
mod passage;
mod remote;
mod statistics;
mod words;

use std::path::Path;

use serde::Deserialize;
use uuid::Uuid;

use crate::{Result, Secret};
use engine::{Engine, Leg, Point, Scope};
use fusion::Candidates;
use statistics::{Statistics, Tenant};
use words::Terms;

pub use marks::Marks;
pub use model::IndexModel;
pub use passage::{Likely, Passage, PassageQuery, Said, Turn};

/// Where the vector index lives.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VectorsSettings {
    /// The gRPC address of a Qdrant server or cluster, such as `http://localhost:6334`; none for the engine within the
    /// process.
    pub url: Option<String>,
    /// The API key of that server.
    pub key: Option<Secret>,
    /// The collection on that server; it is created when it is missing.
    pub collection: String,
}

impl Default for VectorsSettings {
    fn default() -> Self {
        Self { url: None, key: None, collection: "recollect".into() }
    }
}

/// What sort of record a document stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A memory: one sentence or two.
    Memory,
    /// A conversation: its title and summary.
    Conversation,
    /// One segment of a conversation's transcript.
    Segment,
    /// An action item: what is to be done.
    ActionItem,
    /// All that was said in a conversation.
    Transcript,
    /// A passage of a file; its category is the file's id.
    File,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Memory, Self::Conversation, Self::Segment, Self::ActionItem, Self::File];

    /// The name that the index stores.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Conversation => "conversation",
            Self::Segment => "segment",
            Self::ActionItem => "action_item",
            Self::Transcript => "transcript",
            Self::File => "file",
        }
    }
}

/// A record as the index sees it.
#[derive(Clone, Debug)]
pub struct Document {
    /// The user whom the record belongs to.
    pub user: String,
    /// The sort of record.
    pub kind: Kind,
    /// The record's id, unique within the user and kind.
    pub id: String,
    /// The record's category.
    pub category: String,
    /// When the record belongs, in Unix seconds.
    pub at: i64,
    /// The text that is searched.
    pub text: String,
    /// The embedding of that text; without it the record is found by its words alone.
    pub dense: Option<Vec<f32>>,
}

/// What to search for, and among what.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// The user whose records are searched; nothing of another user's is ever found.
    pub user: &'a str,
    /// The sort of records.
    pub kind: Kind,
    /// The words searched for.
    pub text: &'a str,
    /// The embedding of the text; without it only words count.
    pub dense: Option<&'a [f32]>,
    /// The categories searched in; empty for all.
    pub categories: &'a [String],
    /// The earliest moment, inclusive, in Unix seconds.
    pub after: Option<i64>,
    /// The latest moment, inclusive, in Unix seconds.
    pub before: Option<i64>,
    /// The greatest number of hits.
    pub limit: usize,
}

/// A record that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The record's id.
    pub id: String,
    /// From 0 to 1, higher is better; comparable only within one answer.
    pub score: f32,
}

/// The vector index. Every method fails with [`Error::Unavailable`](crate::Error::Unavailable) while a server is away.
pub struct Vectors {
    engine: Engine,
    statistics: Statistics,
}

/// How many records each leg of a search proposes.
const CANDIDATES: usize = 100;
/// How alike two texts must be to be called near-duplicates: the cosine of their weighted words.
const DUPLICATE: f32 = 0.8;
/// How many records are compared in full for likeness.
const LOOK_ALIKES: usize = 16;
/// How many occurrences of its rarest words a text may have before the commoner ones are not looked up.
const RARE_OCCURRENCES: u32 = 200;

impl Vectors {
    /// Open the index in `folder` or on the server of the settings, and create it when it is missing.
    ///
    /// Fails with [`Error::Setting`](crate::Error::Setting) when the folder is in use or unreadable, or when the index
    /// was filled by another model than `model`. Without a model the index keeps whichever model it has recorded.
    pub async fn open(settings: &VectorsSettings, folder: &Path, model: Option<IndexModel>) -> Result<Self> {
        let engine = Engine::open(settings, folder, model.as_ref()).await?;
        engine.agree_on(model).await?;
        Ok(Self { engine, statistics: Statistics::default() })
    }

    /// Open the index as [`open`](Self::open) does, but empty it whatever state, model or damage it is found with.
    pub async fn recreate(settings: &VectorsSettings, folder: &Path, model: Option<IndexModel>) -> Result<Self> {
        let engine = Engine::recreate(settings, folder, model.as_ref()).await?;
        Ok(Self { engine, statistics: Statistics::default() })
    }

    /// Write documents over those of the same user, kind and id. They are found from the moment this returns, but may
    /// be lost in a crash before [`flush`](Self::flush).
    pub async fn upsert(&self, documents: &[Document]) -> Result<()> {
        self.write(documents.iter().map(Point::from).collect()).await
    }

    /// Write stretches of speech as [`upsert`](Self::upsert) writes documents.
    pub async fn upsert_said(&self, said: &[Said]) -> Result<()> {
        self.write(said.iter().map(Point::from).collect()).await
    }

    async fn write(&self, points: Vec<Point>) -> Result<()> {
        if points.is_empty() {
            return Ok(());
        }
        let changes = points.iter().map(|point| (point.tenant.clone(), point.id)).collect();
        let change = self.statistics.begin(&self.engine, changes).await?;
        let words: Vec<_> = points.iter().map(|point| (point.tenant.clone(), point.words.indices.clone())).collect();
        self.engine.upsert(points).await?;
        change.finish(words);
        Ok(())
    }

    /// Delete some records of a user; ids that are not in the index are passed over.
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

    /// Delete all of a user's records of one kind.
    pub async fn delete_all(&self, user: &str, kind: Kind) -> Result<()> {
        let tenant = Tenant::new(user, kind);
        self.engine.delete_all(&Scope::of(&tenant)).await?;
        self.statistics.forget(&tenant);
        Ok(())
    }

    /// Make everything written before survive a crash.
    pub async fn flush(&self) -> Result<()> {
        self.engine.flush().await
    }

    /// Find the records that match the words or the meaning of a query best, best first.
    pub async fn search(&self, query: &Query<'_>) -> Result<Vec<Hit>> {
        let tenant = Tenant::new(query.user, query.kind);
        let scope = Scope {
            categories: query.categories.to_vec(),
            after: query.after,
            before: query.before,
            ..Scope::of(&tenant)
        };
        let counter = self.statistics.counter(&self.engine, &tenant).await?;
        let words = counter.weigh(&words::query(query.text));
        let mut legs = Vec::with_capacity(2);
        if !words.indices.is_empty() {
            legs.push(Leg::Words(words));
        }
        if let Some(dense) = query.dense {
            legs.push(Leg::Dense(dense.to_vec()));
        }
        let candidates = self.candidates(&scope, legs, query.limit.max(CANDIDATES)).await?;
        let mut hits = self.named(candidates.fuse(query.limit)).await?;
        hits.truncate(query.limit);
        Ok(hits)
    }

    /// Find the records whose words are nearly those of `text`, best first, leaving out the record `except` itself.
    /// The score is the cosine of the two texts' words, each weighted by its rarity among this user's records.
    pub async fn similar(&self, user: &str, kind: Kind, except: &str, text: &str, limit: usize) -> Result<Vec<Hit>> {
        let tenant = Tenant::new(user, kind);
        let counter = self.statistics.counter(&self.engine, &tenant).await?;
        let document = words::document(text);
        let rare = counter.rarest(&document, RARE_OCCURRENCES);
        if rare.indices.is_empty() {
            return Ok(Vec::new());
        }
        let whole = counter.weigh(&document);
        let found = self.engine.search(&Scope::of(&tenant), vec![Leg::Words(rare)], LOOK_ALIKES).await?;
        let except = tenant.point(except);
        let found = found.into_iter().flatten().map(|one| one.point).filter(|point| *point != except).collect();
        let alike: Vec<(Uuid, f32)> = (self.engine.words_of(found).await?.into_iter())
            .map(|(point, terms)| (point, counter.weigh(&terms).cosine(&whole).min(1.0)))
            .filter(|(_, score)| *score >= DUPLICATE)
            .collect();
        let mut hits = self.named(alike).await?;
        hits.truncate(limit);
        Ok(hits)
    }

    /// Empty the index and prepare it for `model`.
    pub async fn clear(&self, model: Option<IndexModel>) -> Result<()> {
        self.engine.clear(model.as_ref()).await?;
        self.statistics.forget_all();
        Ok(())
    }

    /// The number of records in the index, of all users.
    pub async fn count(&self) -> Result<u64> {
        self.engine.count().await
    }

    /// The records that points stand for, with their scores, best first, and in the order of their ids where two score
    /// the same.
    async fn named(&self, points: Vec<(Uuid, f32)>) -> Result<Vec<Hit>> {
        if points.is_empty() {
            return Ok(Vec::new());
        }
        let mut ids = self.engine.ids_of(points.iter().map(|(point, _)| *point).collect()).await?;
        let named = |(point, score)| Some(Hit { id: ids.remove(&point)?, score });
        let mut hits: Vec<Hit> = points.into_iter().filter_map(named).collect();
        hits.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.id.cmp(&b.id)));
        Ok(hits)
    }

    /// Run the legs of a search and give each record that any of them proposed its true score in all of them: a
    /// record that the other leg did not propose is not one that the other leg says nothing about.
    async fn candidates(&self, scope: &Scope, legs: Vec<Leg>, limit: usize) -> Result<Candidates> {
        let found = self.engine.search(scope, legs.clone(), limit).await?;
        let mut candidates = Candidates::default();
        let mut silent = Vec::new();
        for (leg, found) in legs.into_iter().zip(found) {
            // A leg that found less than it was asked for has nothing to say about the other records.
            if found.len() >= limit {
                silent.push(leg.clone());
            }
            candidates.add(&leg, found);
        }
        for leg in silent {
            let scope = Scope { only: candidates.unscored(&leg), ..scope.clone() };
            if !scope.only.is_empty() {
                let scored = self.engine.search(&scope, vec![leg.clone()], scope.only.len()).await?;
                candidates.add(&leg, scored.into_iter().flatten().collect());
            }
        }
        Ok(candidates)
    }
}
