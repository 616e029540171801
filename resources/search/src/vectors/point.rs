//! Points, scopes and sub-queries: the terms in which the index talks to either engine.

use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use super::document::{Document, Kind};
use super::passage::{DialogueAct, Passage, SpeechPassage};
use super::terms::{self, Terms};
use super::token_signatures::{QuerySignatures, TokenSignatures};

/// The name of the embeddings' vectors.
pub(super) const DENSE: &str = "dense";
/// The name of the sparse vectors of terms.
pub(super) const WORDS: &str = "words";

/// The payload field that names the user and kind of a point. Every search is within one tenant, so it is one field: the
/// engine knows exactly how many points it leaves, and reads their list instead of checking each of many more points.
pub(super) const TENANT: &str = "tenant";

/// HNSW's `m` within each large tenant. There is no graph over all points: a search that may visit few of a graph's
/// points loses its way.
pub(super) const HNSW_M: usize = 16;
/// The minimum `ef` of a search in a graph: more finds more of the nearest and takes longer.
pub(super) const MIN_HNSW_EF: usize = 200;
/// Up to how many vectors that a filter leaves are all compared: that takes no longer than following a graph, and
/// misses none.
const MAX_FULL_SCAN_VECTORS: usize = 20_000;

/// [`MAX_FULL_SCAN_VECTORS`] as the engine's setting, in KiB of vectors.
pub(super) fn full_scan_threshold(dimension: usize) -> usize {
    kibibytes(MAX_FULL_SCAN_VECTORS, dimension)
}

/// The size of so many vectors, in KiB.
pub(super) fn kibibytes(vectors: usize, dimension: usize) -> usize {
    vectors * dimension * size_of::<f32>() / 1024
}

/// The records of one user and kind: nothing is counted or found across them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Tenant {
    pub(super) user: String,
    pub(super) kind: Kind,
}

impl Tenant {
    pub(super) fn new(user: &str, kind: Kind) -> Self {
        Self { user: user.into(), kind }
    }

    /// The value of the payload field [`TENANT`].
    pub(super) fn key(&self) -> String {
        tenant_key(&self.user, self.kind.as_str())
    }

    /// The point of a record: always the same for the same record, and never that of another tenant's record.
    pub(super) fn point(&self, record: &str) -> Uuid {
        let mut hash = Sha256::new();
        for part in [&self.user, self.kind.as_str(), record] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash.finalize()[..16]);
        Builder::from_custom_bytes(bytes).into_uuid()
    }
}

/// The key of the tenant of a user and the name of a kind, which has no slash.
pub(super) fn tenant_key(user: &str, kind: &str) -> String {
    format!("{user}/{kind}")
}

/// One record in the engine.
pub(super) struct Point {
    pub(super) tenant: Tenant,
    pub(super) id: Uuid,
    pub(super) record: String,
    pub(super) category: String,
    pub(super) at: i64,
    pub(super) terms: Terms,
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
            terms: match document.kind {
                Kind::Transcript => terms::weigh_transcript(&document.text),
                _ => terms::weigh_document(&document.text),
            },
            dense: document.dense.clone(),
            passage: None,
        }
    }
}

impl From<&SpeechPassage> for Point {
    fn from(SpeechPassage { document, passage }: &SpeechPassage) -> Self {
        let context = passage.context.iter().map(|(text, weight)| (text.as_str(), *weight));
        let terms = terms::weigh_passage(&document.text, context);
        Self { terms, passage: Some(passage.clone()), ..Self::from(document) }
    }
}

impl Point {
    /// The fields stored beside the vectors: those that are filtered by, and the record's id. Their names are those of
    /// existing indexes.
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
            payload["whole"] = json!(passage.parent);
            payload["speaker"] = json!(passage.speaker);
            payload["turn"] = json!(passage.act.code());
            payload["marks"] = json!(passage.signatures.encode());
        }
        payload
    }
}

/// The payload fields that a [`PassagePayload`] is read from.
pub(super) const PASSAGE_FIELDS: [&str; 6] = ["id", "at", "whole", "speaker", "turn", "marks"];

/// The payload of a passage, as far as ranking needs it.
pub(super) struct PassagePayload {
    pub(super) point: Uuid,
    pub(super) record: String,
    pub(super) at: i64,
    pub(super) parent: String,
    pub(super) speaker: String,
    pub(super) act: DialogueAct,
    /// The similarity of its tokens to those of the query; none before it has been embedded.
    pub(super) similarity: Option<f32>,
}

impl PassagePayload {
    /// Reads a payload, whose fields are `text` or `number`, and compares its tokens with the query's.
    pub(super) fn read(
        point: Uuid,
        query: Option<&QuerySignatures>,
        text: impl Fn(&str) -> Option<String>,
        number: impl Fn(&str) -> Option<i64>,
    ) -> Option<Self> {
        Some(Self {
            point,
            record: text("id")?,
            at: number("at")?,
            parent: text("whole")?,
            speaker: text("speaker")?,
            act: DialogueAct::from_code(number("turn")?),
            similarity: query.and_then(|query| {
                let signatures = TokenSignatures::decode(&text("marks")?, query.dimension());
                query.similarity(&signatures)
            }),
        })
    }
}

/// The points that an operation concerns.
#[derive(Clone)]
pub(super) struct Scope {
    pub(super) tenant: Tenant,
    /// The categories; empty for all.
    pub(super) categories: Vec<String>,
    /// The labels that a point must all have.
    pub(super) labels: Vec<String>,
    /// The earliest time, inclusive, in Unix seconds.
    pub(super) after: Option<i64>,
    /// The latest time, inclusive, in Unix seconds.
    pub(super) before: Option<i64>,
    /// The only points; empty for all.
    pub(super) points: Vec<Uuid>,
}

impl Scope {
    /// All points of a tenant.
    pub(super) fn of(tenant: &Tenant) -> Self {
        Self {
            tenant: tenant.clone(),
            categories: Vec::new(),
            labels: Vec::new(),
            after: None,
            before: None,
            points: Vec::new(),
        }
    }
}

/// One of the searches that a hybrid search is fused from.
#[derive(Clone)]
pub(super) enum SubQuery {
    /// By words.
    Lexical(Terms),
    /// By embedding.
    Dense(Vec<f32>),
}

/// A point that a sub-query found, with its score.
pub(super) struct ScoredPoint {
    pub(super) point: Uuid,
    pub(super) score: f32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_ids_of_two_tenants_are_two_points() {
        let point = |user: &str, kind, id: &str| Tenant::new(user, kind).point(id);
        assert_eq!(point("anna", Kind::Memory, "1"), point("anna", Kind::Memory, "1"));
        assert_ne!(point("anna", Kind::Memory, "1"), point("bert", Kind::Memory, "1"));
        assert_ne!(point("anna", Kind::Memory, "1"), point("anna", Kind::Segment, "1"));
        assert_ne!(point("ab", Kind::Memory, "c"), point("a", Kind::Memory, "bc"));
    }
}
