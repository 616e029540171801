//! The engine within the process: `qdrant-edge` in a folder.
//!
//! The engine is synchronous, so its calls run on the blocking threads. It does not read its write-ahead log when it
//! opens: what was written after the last flush is lost in a crash, and whoever writes must keep it until then.

mod filter;
mod older;
mod shard;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use qdrant_edge::{
    NamedQuery, PointId, PointOperations, PointStruct, QueryEnum, ScrollRequest, SearchParams, SearchRequest,
    SparseVector, UpdateOperation, VectorInternal, VectorStructInternal, Vectors, WithPayloadInterface, WithVector,
};
use uuid::Uuid;

use super::engine::{DENSE, Found, Leg, NOTE, Note, Point, Scope, WIDTH, WORDS};
use super::marks::Sought;
use super::model::Record;
use super::words::Terms;
use crate::{Error, Result};
use shard::Shard;

/// How many points are read at a time when all of a tenant's are.
const PAGE: usize = 1000;

/// The engine.
pub(super) struct Edge {
    shard: Arc<Shard>,
}

impl Edge {
    /// Open a folder, and make a new index there, described by `record`, if it holds none.
    pub(super) async fn open(folder: &Path, record: Record) -> Result<Self> {
        let folder = folder.to_owned();
        let shard = blocking(move || Shard::open(folder, record)).await?;
        Ok(Self { shard: Arc::new(shard) })
    }

    /// Make a new index in a folder, whatever it holds.
    pub(super) async fn recreate(folder: &Path, record: Record) -> Result<Self> {
        let folder = folder.to_owned();
        let shard = blocking(move || Shard::recreate(folder, record)).await?;
        Ok(Self { shard: Arc::new(shard) })
    }

    pub(super) async fn record(&self) -> Result<Record> {
        self.run(Shard::record).await
    }

    pub(super) async fn set_record(&self, record: Record) -> Result<()> {
        self.run(move |shard| shard.set_record(&record)).await
    }

    pub(super) async fn clear(&self, record: Record) -> Result<()> {
        self.run(move |shard| shard.clear(&record)).await
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
        let ids: Vec<_> = points.into_iter().map(PointId::Uuid).collect();
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

    pub(super) async fn search(&self, scope: &Scope, legs: Vec<Leg>, limit: usize) -> Result<Vec<Vec<Found>>> {
        let filter = filter::of(scope);
        self.run(move |shard| {
            let search = |leg| SearchRequest {
                query: query(leg),
                filter: Some(filter.clone()),
                params: Some(SearchParams { hnsw_ef: Some(limit.max(WIDTH)), ..SearchParams::default() }),
                limit,
                offset: 0,
                with_payload: Some(false.into()),
                with_vector: None,
                score_threshold: None,
            };
            // A payload takes longer to read than to find: only those of the best are worth it.
            shard.read(|engine| {
                legs.into_iter()
                    .map(|leg| Ok(engine.search(search(leg))?.into_iter().filter_map(found).collect()))
                    .collect()
            })
        })
        .await
    }

    pub(super) async fn words_of(&self, points: Vec<Uuid>) -> Result<Vec<(Uuid, Terms)>> {
        let ids: Vec<_> = points.into_iter().map(PointId::Uuid).collect();
        self.run(move |shard| {
            let records = shard.read(|engine| engine.retrieve(&ids, Some(false.into()), Some(words_only())))?;
            Ok(records.into_iter().filter_map(|record| Some((uuid(record.id)?, terms(record.vector)))).collect())
        })
        .await
    }

    pub(super) async fn all_words(&self, scope: &Scope) -> Result<Vec<Vec<u32>>> {
        let filter = filter::of(scope);
        self.run(move |shard| {
            shard.read(|engine| {
                let (mut all, mut offset) = (Vec::new(), None);
                loop {
                    let (records, next) = engine.scroll(ScrollRequest {
                        offset,
                        limit: Some(PAGE),
                        filter: Some(filter.clone()),
                        with_payload: Some(false.into()),
                        with_vector: words_only(),
                        order_by: None,
                    })?;
                    all.extend(records.into_iter().map(|record| terms(record.vector).indices));
                    offset = next;
                    if offset.is_none() {
                        return Ok(all);
                    }
                }
            })
        })
        .await
    }

    pub(super) async fn ids_of(&self, points: Vec<Uuid>) -> Result<HashMap<Uuid, String>> {
        let ids: Vec<_> = points.into_iter().map(PointId::Uuid).collect();
        self.run(move |shard| {
            let records = shard.read(|engine| engine.retrieve(&ids, Some(fields(&["id"])), Some(false.into())))?;
            let id = |record: qdrant_edge::Record| {
                Some((uuid(record.id)?, record.payload?.0.get("id")?.as_str()?.to_owned()))
            };
            Ok(records.into_iter().filter_map(id).collect())
        })
        .await
    }

    /// Reading hundreds of notes is a search's longest part: two threads share it.
    pub(super) async fn notes_of(&self, points: Vec<Uuid>, sought: Option<Sought>) -> Result<Vec<Note>> {
        let mut half: Vec<_> = points.into_iter().map(PointId::Uuid).collect();
        let rest = half.split_off(half.len() / 2);
        let sought = Arc::new(sought);
        let read = |ids: Vec<PointId>| {
            let sought = Arc::clone(&sought);
            self.run(move |shard| {
                let records = shard.read(|engine| engine.retrieve(&ids, Some(fields(&NOTE)), Some(false.into())))?;
                let note = |record: qdrant_edge::Record| {
                    let payload = record.payload?.0;
                    let text = |key: &str| Some(payload.get(key)?.as_str()?.to_owned());
                    Note::read(uuid(record.id)?, sought.as_ref().as_ref(), text, |key| payload.get(key)?.as_i64())
                };
                Ok(records.into_iter().filter_map(note).collect::<Vec<_>>())
            })
        };
        let (mut notes, rest) = tokio::try_join!(read(half), read(rest))?;
        notes.extend(rest);
        Ok(notes)
    }

    pub(super) async fn digests(&self, scope: &Scope) -> Result<HashMap<String, String>> {
        let filter = filter::of(scope);
        self.run(move |shard| {
            let (mut digests, mut offset) = (HashMap::new(), None);
            loop {
                let (records, next) = shard.read(|engine| {
                    engine.scroll(ScrollRequest {
                        offset,
                        limit: Some(PAGE),
                        filter: Some(filter.clone()),
                        with_payload: Some(fields(&["id", "digest"])),
                        with_vector: false.into(),
                        order_by: None,
                    })
                })?;
                digests.extend(records.into_iter().filter_map(|record| {
                    let payload = record.payload?.0;
                    let text = |key: &str| Some(payload.get(key)?.as_str()?.to_owned());
                    Some((text("id")?, text("digest")?))
                }));
                offset = next;
                if offset.is_none() {
                    return Ok(digests);
                }
            }
        })
        .await
    }

    pub(super) async fn flush(&self) -> Result<()> {
        self.run(Shard::flush).await?;
        let shard = Arc::clone(&self.shard);
        if self.run(Shard::needs_optimizing).await? {
            // Building the graph of a large index takes a minute: nobody waits for it, not even the end of the process,
            // as it would for a blocking task.
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
        blocking(move || call(&shard)).await
    }
}

impl From<Point> for PointStruct {
    fn from(point: Point) -> Self {
        let payload = point.payload();
        let mut vectors = Vec::with_capacity(2);
        if !point.words.indices.is_empty() {
            vectors.push((WORDS, sparse(point.words)));
        }
        if let Some(dense) = point.dense {
            vectors.push((DENSE, VectorInternal::Dense(dense)));
        }
        Self::new(PointId::Uuid(point.id), Vectors::new_named(vectors), payload)
    }
}

async fn blocking<T: Send + 'static>(call: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    // The engine panics where it finds its files damaged; that is an error of this call, not of the process.
    tokio::task::spawn_blocking(call).await.unwrap_or_else(|panic| Err(Error::internal(panic)))
}

fn query(leg: Leg) -> QueryEnum {
    QueryEnum::Nearest(match leg {
        Leg::Words(terms) => NamedQuery::new(sparse(terms), WORDS),
        Leg::Dense(vector) => NamedQuery::new(VectorInternal::Dense(vector), DENSE),
    })
}

fn sparse(terms: Terms) -> VectorInternal {
    VectorInternal::Sparse(SparseVector { indices: terms.indices, values: terms.values })
}

fn found(point: qdrant_edge::ScoredPoint) -> Option<Found> {
    Some(Found { point: uuid(point.id)?, score: point.score })
}

fn fields(names: &[&str]) -> WithPayloadInterface {
    WithPayloadInterface::Fields(names.iter().map(|name| filter::field(name)).collect())
}

fn words_only() -> WithVector {
    WithVector::Selector(vec![WORDS.into()])
}

fn terms(vectors: Option<VectorStructInternal>) -> Terms {
    let words = match vectors {
        Some(VectorStructInternal::Named(mut vectors)) => vectors.remove(WORDS),
        _ => None,
    };
    match words {
        Some(VectorInternal::Sparse(words)) => Terms { indices: words.indices, values: words.values },
        _ => Terms::default(),
    }
}

fn uuid(id: PointId) -> Option<Uuid> {
    match id {
        PointId::Uuid(uuid) => Some(uuid),
        PointId::NumId(_) => None,
    }
}
