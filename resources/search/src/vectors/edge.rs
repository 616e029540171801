//! The engine within the process: `qdrant-edge` in a folder.
//!
//! The engine is synchronous, so its calls run on the blocking threads. It does not replay its write-ahead log when it
//! opens: what was written after the last flush is lost in a crash, and the caller must keep it until then.

mod filter;
mod migrations;
mod scroll;
mod shard;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use qdrant_edge::{
    NamedQuery, PointId, PointOperations, PointStruct, QueryEnum, SearchParams, SearchRequest, SparseVector,
    UpdateOperation, VectorInternal, VectorStructInternal, Vectors, WithVector,
};
use uuid::Uuid;

use super::index_model::IndexMetadata;
use super::point::{DENSE, MIN_HNSW_EF, PASSAGE_FIELDS, PassagePayload, Point, Scope, ScoredPoint, SubQuery, WORDS};
use super::terms::Terms;
use super::token_signatures::QuerySignatures;
use crate::{Error, Result};
use scroll::{fields, scroll, text_field};
use shard::Shard;

/// The engine.
pub(super) struct Edge {
    shard: Arc<Shard>,
}

impl Edge {
    /// Opens a folder, and creates a new index there, described by `metadata`, if it holds none.
    pub(super) async fn open(folder: &Path, metadata: IndexMetadata) -> Result<Self> {
        let folder = folder.to_owned();
        let shard = run_blocking(move || Shard::open(folder, metadata)).await?;
        Ok(Self { shard: Arc::new(shard) })
    }

    /// Creates a new index in a folder, whatever it holds.
    pub(super) async fn recreate(folder: &Path, metadata: IndexMetadata) -> Result<Self> {
        let folder = folder.to_owned();
        let shard = run_blocking(move || Shard::recreate(folder, metadata)).await?;
        Ok(Self { shard: Arc::new(shard) })
    }

    pub(super) async fn metadata(&self) -> Result<IndexMetadata> {
        self.run(Shard::metadata).await
    }

    pub(super) async fn set_metadata(&self, metadata: IndexMetadata) -> Result<()> {
        self.run(move |shard| shard.set_metadata(&metadata)).await
    }

    pub(super) async fn clear(&self, metadata: IndexMetadata) -> Result<()> {
        self.run(move |shard| shard.clear(&metadata)).await
    }

    pub(super) async fn upsert(&self, points: Vec<Point>) -> Result<()> {
        self.run(move |shard| {
            let count = points.len();
            let points: Vec<_> = points.into_iter().map(|point| PointStruct::from(point).into()).collect();
            shard.update(UpdateOperation::PointOperation(PointOperations::UpsertPoints(points.into())), count)
        })
        .await
    }

    pub(super) async fn delete(&self, points: Vec<Uuid>) -> Result<()> {
        let ids = point_ids(points);
        let count = ids.len();
        self.run(move |shard| {
            shard.update(UpdateOperation::PointOperation(PointOperations::DeletePoints { ids }), count)
        })
        .await
    }

    pub(super) async fn delete_all(&self, scope: &Scope) -> Result<()> {
        let operation = PointOperations::DeletePointsByFilter(filter::of(scope));
        self.run(move |shard| shard.update(UpdateOperation::PointOperation(operation), 0)).await
    }

    pub(super) async fn search(
        &self,
        scope: &Scope,
        sub_queries: Vec<SubQuery>,
        limit: usize,
    ) -> Result<Vec<Vec<ScoredPoint>>> {
        let filter = filter::of(scope);
        self.run(move |shard| {
            let search = |sub_query| SearchRequest {
                query: to_query(sub_query),
                filter: Some(filter.clone()),
                params: Some(SearchParams { hnsw_ef: Some(limit.max(MIN_HNSW_EF)), ..SearchParams::default() }),
                limit,
                offset: 0,
                // A payload takes longer to read than to find: only those of the best are worth it.
                with_payload: Some(false.into()),
                with_vector: None,
                score_threshold: None,
            };
            let found =
                |point: qdrant_edge::ScoredPoint| Some(ScoredPoint { point: to_uuid(point.id)?, score: point.score });
            shard.read(|engine| {
                (sub_queries.into_iter())
                    .map(|sub_query| Ok(engine.search(search(sub_query))?.into_iter().filter_map(found).collect()))
                    .collect()
            })
        })
        .await
    }

    pub(super) async fn terms_of(&self, points: Vec<Uuid>) -> Result<Vec<(Uuid, Terms)>> {
        let ids = point_ids(points);
        self.run(move |shard| {
            let records = shard.read(|engine| engine.retrieve(&ids, Some(false.into()), Some(terms_only())))?;
            Ok(records.into_iter().filter_map(|record| Some((to_uuid(record.id)?, to_terms(record.vector)))).collect())
        })
        .await
    }

    pub(super) async fn all_terms(&self, scope: &Scope) -> Result<Vec<Vec<u32>>> {
        let filter = filter::of(scope);
        self.run(move |shard| {
            shard.read(|engine| {
                scroll(engine, Some(filter), false.into(), terms_only(), |record| Some(to_terms(record.vector).indices))
            })
        })
        .await
    }

    pub(super) async fn record_ids(&self, points: Vec<Uuid>) -> Result<HashMap<Uuid, String>> {
        let ids = point_ids(points);
        self.run(move |shard| {
            let records = shard.read(|engine| engine.retrieve(&ids, Some(fields(&["id"])), Some(false.into())))?;
            let id = |record: qdrant_edge::Record| Some((to_uuid(record.id)?, text_field(&record.payload?, "id")?));
            Ok(records.into_iter().filter_map(id).collect())
        })
        .await
    }

    /// Reading hundreds of payloads is a search's longest part: two threads share it.
    pub(super) async fn passages(
        &self,
        points: Vec<Uuid>,
        query: Option<QuerySignatures>,
    ) -> Result<Vec<PassagePayload>> {
        let mut first = point_ids(points);
        let second = first.split_off(first.len() / 2);
        let query = Arc::new(query);
        let read = |ids: Vec<PointId>| {
            let query = Arc::clone(&query);
            self.run(move |shard| {
                let records =
                    shard.read(|engine| engine.retrieve(&ids, Some(fields(&PASSAGE_FIELDS)), Some(false.into())))?;
                let passage = |record: qdrant_edge::Record| {
                    let payload = record.payload?;
                    let number = |name: &str| payload.0.get(name)?.as_i64();
                    let text = |name: &str| text_field(&payload, name);
                    PassagePayload::read(to_uuid(record.id)?, query.as_ref().as_ref(), text, number)
                };
                Ok(records.into_iter().filter_map(passage).collect::<Vec<_>>())
            })
        };
        let (mut passages, rest) = tokio::try_join!(read(first), read(second))?;
        passages.extend(rest);
        Ok(passages)
    }

    pub(super) async fn digests(&self, scope: &Scope) -> Result<HashMap<String, String>> {
        let filter = filter::of(scope);
        self.run(move |shard| {
            let digests = shard.read(|engine| {
                scroll(engine, Some(filter), fields(&["id", "digest"]), false.into(), |record| {
                    let payload = record.payload?;
                    Some((text_field(&payload, "id")?, text_field(&payload, "digest")?))
                })
            })?;
            Ok(digests.into_iter().collect())
        })
        .await
    }

    pub(super) async fn flush(&self) -> Result<()> {
        self.run(Shard::flush).await?;
        let shard = Arc::clone(&self.shard);
        if self.run(Shard::needs_optimizing).await? {
            // Building the graph of a large index takes a minute: nothing waits for it, not even the end of the
            // process, as it would for a blocking task.
            std::thread::spawn(move || {
                if let Err(error) = shard.optimize() {
                    tracing::warn!(%error, "the vector index could not be optimised");
                }
            });
        }
        Ok(())
    }

    pub(super) async fn count(&self) -> Result<u64> {
        self.run(Shard::count).await
    }

    async fn run<T: Send + 'static>(&self, call: impl FnOnce(&Shard) -> Result<T> + Send + 'static) -> Result<T> {
        let shard = Arc::clone(&self.shard);
        run_blocking(move || call(&shard)).await
    }
}

impl From<Point> for PointStruct {
    fn from(point: Point) -> Self {
        let payload = point.payload();
        let mut vectors = Vec::with_capacity(2);
        if !point.terms.indices.is_empty() {
            vectors.push((WORDS, sparse_vector(point.terms)));
        }
        if let Some(dense) = point.dense {
            vectors.push((DENSE, VectorInternal::Dense(dense)));
        }
        Self::new(PointId::Uuid(point.id), Vectors::new_named(vectors), payload)
    }
}

async fn run_blocking<T: Send + 'static>(call: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    // The engine panics where it finds its files damaged; that is an error of this call, not of the process.
    tokio::task::spawn_blocking(call).await.unwrap_or_else(|panic| Err(Error::internal(panic)))
}

fn to_query(sub_query: SubQuery) -> QueryEnum {
    QueryEnum::Nearest(match sub_query {
        SubQuery::Lexical(terms) => NamedQuery::new(sparse_vector(terms), WORDS),
        SubQuery::Dense(vector) => NamedQuery::new(VectorInternal::Dense(vector), DENSE),
    })
}

fn sparse_vector(terms: Terms) -> VectorInternal {
    VectorInternal::Sparse(SparseVector { indices: terms.indices, values: terms.values })
}

fn terms_only() -> WithVector {
    WithVector::Selector(vec![WORDS.into()])
}

fn to_terms(vectors: Option<VectorStructInternal>) -> Terms {
    let terms = match vectors {
        Some(VectorStructInternal::Named(mut vectors)) => vectors.remove(WORDS),
        _ => None,
    };
    match terms {
        Some(VectorInternal::Sparse(terms)) => Terms { indices: terms.indices, values: terms.values },
        _ => Terms::default(),
    }
}

fn point_ids(points: Vec<Uuid>) -> Vec<PointId> {
    points.into_iter().map(PointId::Uuid).collect()
}

fn to_uuid(id: PointId) -> Option<Uuid> {
    match id {
        PointId::Uuid(uuid) => Some(uuid),
        PointId::NumId(_) => None,
    }
}
