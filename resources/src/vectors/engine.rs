//! The two engines behind one face.

use std::collections::HashMap;
use std::path::Path;

use serde_json::json;
use uuid::Uuid;

use super::edge::Edge;
use super::marks::{Marks, Sought};
use super::model::{Fit, IndexModel, Record};
use super::passage::{Passage, Said, Turn};
use super::remote::Remote;
use super::statistics::Tenant;
use super::{Document, Kind, Terms, VectorsSettings, words};
use crate::Result;

/// The name of the vectors of meaning.
pub(super) const DENSE: &str = "dense";
/// The name of the sparse vectors of words.
pub(super) const WORDS: &str = "words";

/// The field of the payload that says whose record of which kind a point is. Every search is within one tenant, so it
/// is one field: the engine knows exactly how many points it leaves, and reads their list instead of asking each of many
/// more points.
pub(super) const TENANT: &str = "tenant";
/// With how many others a graph links each point. There is one graph for each large tenant and none over all points: a
/// search that may step on few of a graph's points loses its way.
pub(super) const LINKS: usize = 16;
/// How many of a graph's points a search keeps in sight at least: more find more of the nearest and take longer.
pub(super) const WIDTH: usize = 200;
/// Up to how many vectors that a filter leaves are all compared: that takes no longer than following a graph, and
/// misses none.
const SCANNED: usize = 20_000;

/// [`SCANNED`] as the engine wants it, in KiB of vectors.
pub(super) fn scanned(dimension: usize) -> usize {
    kibibytes(SCANNED, dimension)
}

/// How much space so many vectors take, in KiB.
pub(super) fn kibibytes(vectors: usize, dimension: usize) -> usize {
    vectors * dimension * size_of::<f32>() / 1024
}

/// One record in the engine.
pub(super) struct Point {
    pub(super) tenant: Tenant,
    pub(super) id: Uuid,
    pub(super) record: String,
    pub(super) category: String,
    pub(super) at: i64,
    pub(super) words: Terms,
    pub(super) dense: Option<Vec<f32>>,
    pub(super) passage: Option<Passage>,
}

impl From<&Document> for Point {
    fn from(document: &Document) -> Self {
        let tenant = Tenant::new(&document.user, document.kind);
        Self {
            id: tenant.point(&document.id),
            tenant,
            record: document.id.clone(),
            category: document.category.clone(),
            at: document.at,
            words: match document.kind {
                Kind::Transcript => words::whole(&document.text),
                _ => words::document(&document.text),
            },
            dense: document.dense.clone(),
            passage: None,
        }
    }
}

impl From<&Said> for Point {
    fn from(Said { document, passage }: &Said) -> Self {
        let around = passage.around.iter().map(|(text, share)| (text.as_str(), *share));
        Self { words: words::passage(&document.text, around), passage: Some(passage.clone()), ..Self::from(document) }
    }
}

impl Point {
    /// What is stored beside the vectors: what is filtered by, and the record's id.
    pub(super) fn payload(&self) -> serde_json::Value {
        let mut payload = json!({
            TENANT: self.tenant.key(),
            "user": self.tenant.user,
            "kind": self.tenant.kind.as_str(),
            "id": self.record,
            "category": self.category,
            "at": self.at,
        });
        if let Some(passage) = &self.passage {
            payload["labels"] = json!(passage.labels);
            payload["digest"] = json!(passage.digest);
            payload["whole"] = json!(passage.whole);
            payload["speaker"] = json!(passage.speaker);
            payload["turn"] = json!(passage.turn.code());
            payload["marks"] = json!(passage.marks.encode());
        }
        payload
    }
}

/// The parts of the payload that a [`Note`] is made of.
pub(super) const NOTE: [&str; 6] = ["id", "at", "whole", "speaker", "turn", "marks"];

/// What is stored beside the vectors of a stretch of speech.
pub(super) struct Note {
    pub(super) point: Uuid,
    pub(super) record: String,
    pub(super) at: i64,
    pub(super) whole: String,
    pub(super) speaker: String,
    pub(super) turn: Turn,
    /// How well its single words answer, as far as it has been read.
    pub(super) likeness: Option<f32>,
}

impl Note {
    /// Read a note from the payload, whose fields are `text` or `number`, and compare it with what is sought.
    pub(super) fn read(
        point: Uuid,
        sought: Option<&Sought>,
        text: impl Fn(&str) -> Option<String>,
        number: impl Fn(&str) -> Option<i64>,
    ) -> Option<Self> {
        Some(Self {
            point,
            record: text("id")?,
            at: number("at")?,
            whole: text("whole")?,
            speaker: text("speaker")?,
            turn: Turn::of_code(number("turn")?),
            likeness: sought.and_then(|sought| sought.score(&Marks::decode(&text("marks")?, sought.dimension()))),
        })
    }
}

/// The records that an operation concerns.
#[derive(Clone)]
pub(super) struct Scope {
    pub(super) tenant: Tenant,
    /// The categories; empty for all.
    pub(super) categories: Vec<String>,
    /// The labels that a record must all have.
    pub(super) labels: Vec<String>,
    /// The earliest moment, inclusive, in Unix seconds.
    pub(super) after: Option<i64>,
    /// The latest moment, inclusive, in Unix seconds.
    pub(super) before: Option<i64>,
    /// The only points; empty for all.
    pub(super) only: Vec<Uuid>,
}

impl Scope {
    /// All records of a tenant.
    pub(super) fn of(tenant: &Tenant) -> Self {
        Self {
            tenant: tenant.clone(),
            categories: Vec::new(),
            labels: Vec::new(),
            after: None,
            before: None,
            only: Vec::new(),
        }
    }
}

/// One way to look for records.
#[derive(Clone)]
pub(super) enum Leg {
    /// By words.
    Words(Terms),
    /// By meaning.
    Dense(Vec<f32>),
}

/// A record that a leg found.
pub(super) struct Found {
    pub(super) point: Uuid,
    pub(super) score: f32,
}

/// The engine of the index.
pub(super) enum Engine {
    /// Within the process.
    Edge(Edge),
    /// On a server.
    Remote(Remote),
}

impl Engine {
    pub(super) async fn open(settings: &VectorsSettings, folder: &Path, model: Option<&IndexModel>) -> Result<Self> {
        let record = Record::of(model);
        Ok(match &settings.url {
            Some(url) => Self::Remote(Remote::open(url, settings, record).await?),
            None => Self::Edge(Edge::open(folder, record).await?),
        })
    }

    pub(super) async fn recreate(
        settings: &VectorsSettings,
        folder: &Path,
        model: Option<&IndexModel>,
    ) -> Result<Self> {
        let record = Record::of(model);
        Ok(match &settings.url {
            Some(url) => {
                let remote = Remote::open(url, settings, record.clone()).await?;
                remote.clear(record).await?;
                Self::Remote(remote)
            }
            None => Self::Edge(Edge::recreate(folder, record).await?),
        })
    }

    /// Make sure that the index holds vectors of no other model.
    pub(super) async fn agree_on(&self, model: Option<IndexModel>) -> Result<()> {
        let Some(model) = model else { return Ok(()) };
        let recorded = match self {
            Self::Edge(edge) => edge.record().await?,
            Self::Remote(remote) => remote.record().await?,
        };
        match recorded.fit(&model, self.count().await?)? {
            Fit::Fits => Ok(()),
            Fit::Replaceable => self.clear(Some(&model)).await,
            Fit::Unclaimed => match self {
                Self::Edge(edge) => edge.set_record(Record::of(Some(&model))).await,
                Self::Remote(remote) => remote.set_record(Record::of(Some(&model))).await,
            },
        }
    }

    pub(super) async fn clear(&self, model: Option<&IndexModel>) -> Result<()> {
        match self {
            Self::Edge(edge) => edge.clear(Record::of(model)).await,
            Self::Remote(remote) => remote.clear(Record::of(model)).await,
        }
    }

    pub(super) async fn upsert(&self, points: Vec<Point>) -> Result<()> {
        match self {
            Self::Edge(edge) => edge.upsert(points).await,
            Self::Remote(remote) => remote.upsert(points).await,
        }
    }

    pub(super) async fn delete(&self, points: Vec<Uuid>) -> Result<()> {
        match self {
            Self::Edge(edge) => edge.delete(points).await,
            Self::Remote(remote) => remote.delete(points).await,
        }
    }

    pub(super) async fn delete_all(&self, scope: &Scope) -> Result<()> {
        match self {
            Self::Edge(edge) => edge.delete_all(scope).await,
            Self::Remote(remote) => remote.delete_all(scope).await,
        }
    }

    /// Search by each leg; the answers come in the order of the legs, each best first.
    pub(super) async fn search(&self, scope: &Scope, legs: Vec<Leg>, limit: usize) -> Result<Vec<Vec<Found>>> {
        match self {
            Self::Edge(edge) => edge.search(scope, legs, limit).await,
            Self::Remote(remote) => remote.search(scope, legs, limit).await,
        }
    }

    /// The terms of some points; points that do not exist are passed over.
    pub(super) async fn words_of(&self, points: Vec<Uuid>) -> Result<Vec<(Uuid, Terms)>> {
        match self {
            Self::Edge(edge) => edge.words_of(points).await,
            Self::Remote(remote) => remote.words_of(points).await,
        }
    }

    /// The terms of every point of a scope.
    pub(super) async fn all_words(&self, scope: &Scope) -> Result<Vec<Vec<u32>>> {
        match self {
            Self::Edge(edge) => edge.all_words(scope).await,
            Self::Remote(remote) => remote.all_words(scope).await,
        }
    }

    /// The records' ids of some points; points that do not exist are passed over.
    pub(super) async fn ids_of(&self, points: Vec<Uuid>) -> Result<HashMap<Uuid, String>> {
        match self {
            Self::Edge(edge) => edge.ids_of(points).await,
            Self::Remote(remote) => remote.ids_of(points).await,
        }
    }

    /// What is stored beside the vectors of some points, and how it compares with what is sought; points that do not
    /// exist are passed over.
    pub(super) async fn notes_of(&self, points: Vec<Uuid>, sought: Option<Sought>) -> Result<Vec<Note>> {
        match self {
            Self::Edge(edge) => edge.notes_of(points, sought).await,
            Self::Remote(remote) => remote.notes_of(points, sought).await,
        }
    }

    /// The digest of every point of a scope, by its record's id.
    pub(super) async fn digests(&self, scope: &Scope) -> Result<HashMap<String, String>> {
        match self {
            Self::Edge(edge) => edge.digests(scope).await,
            Self::Remote(remote) => remote.digests(scope).await,
        }
    }

    pub(super) async fn flush(&self) -> Result<()> {
        match self {
            Self::Edge(edge) => edge.flush().await,
            // A server acknowledges a write only when it will survive.
            Self::Remote(_) => Ok(()),
        }
    }

    pub(super) async fn count(&self) -> Result<u64> {
        match self {
            Self::Edge(edge) => edge.count().await,
            Self::Remote(remote) => remote.count().await,
        }
    }
}
