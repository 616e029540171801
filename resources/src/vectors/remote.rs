//! The engine on a server: Qdrant over gRPC.

mod older;

use std::collections::HashMap;
use std::time::Duration;

use qdrant_client::qdrant::{
    Condition, CountPointsBuilder, CreateCollection, CreateCollectionBuilder, CreateFieldIndexCollectionBuilder,
    DeletePointsBuilder, Distance, FieldType, Filter, GetPointsBuilder, HnswConfigDiff, HnswConfigDiffBuilder,
    IntegerIndexParamsBuilder, KeywordIndexParamsBuilder, NamedVectors, PayloadIncludeSelector, PointId, PointStruct,
    PointsIdsList, Query, QueryBatchPointsBuilder, QueryPoints, QueryPointsBuilder, Range, RetrievedPoint, ScoredPoint,
    ScrollPointsBuilder, SearchParamsBuilder, SparseVectorParamsBuilder, SparseVectorsConfigBuilder, UpdateCollection,
    UpsertPointsBuilder, Value, Vector, VectorInput, VectorParamsBuilder, VectorsConfigBuilder, VectorsOutput,
    VectorsSelector, point_id, vector_output,
};
use qdrant_client::{Payload, Qdrant, QdrantError};
use uuid::Uuid;

use super::VectorsSettings;
use super::engine::{DENSE, Found, LINKS, Leg, NOTE, Note, Point, Scope, TENANT, WIDTH, WORDS, scanned};
use super::marks::Sought;
use super::model::Record;
use super::words::Terms;
use crate::{Error, Result, redact_url};

/// How long a server may take before it counts as away.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many points are read at a time when all of a tenant's are.
const PAGE: u32 = 1000;

/// The engine.
pub(super) struct Remote {
    client: Qdrant,
    /// As people may see it.
    url: String,
    collection: String,
}

impl Remote {
    /// Reach a server, and make a new collection there, described by `record`, if it is missing.
    pub(super) async fn open(url: &str, settings: &VectorsSettings, record: Record) -> Result<Self> {
        // The client's own compatibility check would print to standard output, which may be speaking a protocol.
        let client = Qdrant::from_url(url)
            .api_key(settings.key.as_ref().map(|key| key.expose().to_owned()))
            .timeout(PATIENCE)
            .connect_timeout(PATIENCE)
            .skip_compatibility_check()
            .build()
            .map_err(|error| {
                Error::Setting(format!("the URL of the vector index, {}, is not usable: {error}", redact_url(url)))
            })?;
        let remote = Self { client, url: redact_url(url), collection: settings.collection.clone() };
        if remote.client.collection_exists(&remote.collection).await.map_err(|error| remote.fault(error))? {
            remote.adapt().await?;
            // An older release had fewer.
            remote.index_fields().await?;
        } else {
            remote.create(record).await?;
        }
        Ok(remote)
    }

    pub(super) async fn record(&self) -> Result<Record> {
        let info = self.client.collection_info(&self.collection).await.map_err(|error| self.fault(error))?;
        let metadata = info.result.and_then(|info| info.config).map(|config| config.metadata).unwrap_or_default();
        let dimension = metadata.get("dimension").and_then(Value::as_integer).ok_or_else(|| {
            Error::Setting(format!(
                "the collection {} at {} was not made by Recollect: choose another name for `vectors.collection`",
                self.collection, self.url
            ))
        })?;
        let identity =
            metadata.get("model").and_then(|model| model.as_str()).filter(|model| !model.is_empty()).cloned();
        Ok(Record { identity, dimension: dimension as usize })
    }

    pub(super) async fn set_record(&self, record: Record) -> Result<()> {
        let collection_name = self.collection.clone();
        let request = UpdateCollection { collection_name, metadata: metadata(&record), ..UpdateCollection::default() };
        self.client.update_collection(request).await.map_err(|error| self.fault(error))?;
        Ok(())
    }

    pub(super) async fn clear(&self, record: Record) -> Result<()> {
        self.client.delete_collection(&self.collection).await.map_err(|error| self.fault(error))?;
        self.create(record).await
    }

    pub(super) async fn upsert(&self, points: Vec<Point>) -> Result<()> {
        let points: Vec<_> = points.into_iter().map(PointStruct::from).collect();
        let request = UpsertPointsBuilder::new(&self.collection, points).wait(true);
        self.client.upsert_points(request).await.map_err(|error| self.fault(error))?;
        Ok(())
    }

    pub(super) async fn delete(&self, points: Vec<Uuid>) -> Result<()> {
        let ids = PointsIdsList { ids: points.into_iter().map(point_id).collect() };
        let request = DeletePointsBuilder::new(&self.collection).points(ids).wait(true);
        self.client.delete_points(request).await.map_err(|error| self.fault(error))?;
        Ok(())
    }

    pub(super) async fn delete_all(&self, scope: &Scope) -> Result<()> {
        let request = DeletePointsBuilder::new(&self.collection).points(filter(scope)).wait(true);
        self.client.delete_points(request).await.map_err(|error| self.fault(error))?;
        Ok(())
    }

    pub(super) async fn search(&self, scope: &Scope, legs: Vec<Leg>, limit: usize) -> Result<Vec<Vec<Found>>> {
        if legs.is_empty() {
            return Ok(Vec::new());
        }
        let filter = filter(scope);
        let queries: Vec<QueryPoints> = legs
            .into_iter()
            .map(|leg| {
                let (query, vector) = match leg {
                    Leg::Words(terms) => (VectorInput::new_sparse(terms.indices, terms.values), WORDS),
                    Leg::Dense(dense) => (VectorInput::new_dense(dense), DENSE),
                };
                QueryPointsBuilder::new(&self.collection)
                    .query(Query::new_nearest(query))
                    .using(vector)
                    .filter(filter.clone())
                    .params(SearchParamsBuilder::default().hnsw_ef(limit.max(WIDTH) as u64))
                    .limit(limit as u64)
                    .build()
            })
            .collect();
        let request = QueryBatchPointsBuilder::new(&self.collection, queries);
        let answer = self.client.query_batch(request).await.map_err(|error| self.fault(error))?;
        Ok(answer.result.into_iter().map(|leg| leg.result.into_iter().filter_map(found).collect()).collect())
    }

    pub(super) async fn words_of(&self, points: Vec<Uuid>) -> Result<Vec<(Uuid, Terms)>> {
        let ids: Vec<_> = points.into_iter().map(point_id).collect();
        let request = GetPointsBuilder::new(&self.collection, ids).with_payload(false).with_vectors(words_only());
        let answer = self.client.get_points(request).await.map_err(|error| self.fault(error))?;
        Ok(answer.result.into_iter().filter_map(|point| Some((uuid(point.id)?, terms(point.vectors)))).collect())
    }

    pub(super) async fn all_words(&self, scope: &Scope) -> Result<Vec<Vec<u32>>> {
        let filter = filter(scope);
        let (mut all, mut offset) = (Vec::new(), None);
        loop {
            let mut request = ScrollPointsBuilder::new(&self.collection)
                .filter(filter.clone())
                .limit(PAGE)
                .with_payload(false)
                .with_vectors(words_only());
            if let Some(offset) = offset {
                request = request.offset::<PointId>(offset);
            }
            let page = self.client.scroll(request).await.map_err(|error| self.fault(error))?;
            all.extend(page.result.into_iter().map(|point| terms(point.vectors).indices));
            offset = page.next_page_offset;
            if offset.is_none() {
                return Ok(all);
            }
        }
    }

    pub(super) async fn ids_of(&self, points: Vec<Uuid>) -> Result<HashMap<Uuid, String>> {
        let ids: Vec<_> = points.into_iter().map(point_id).collect();
        let request = GetPointsBuilder::new(&self.collection, ids).with_payload(fields(&["id"])).with_vectors(false);
        let answer = self.client.get_points(request).await.map_err(|error| self.fault(error))?;
        let id = |point: RetrievedPoint| Some((uuid(point.id)?, point.payload.get("id")?.as_str()?.clone()));
        Ok(answer.result.into_iter().filter_map(id).collect())
    }

    pub(super) async fn notes_of(&self, points: Vec<Uuid>, sought: Option<Sought>) -> Result<Vec<Note>> {
        let ids: Vec<_> = points.into_iter().map(point_id).collect();
        let request = GetPointsBuilder::new(&self.collection, ids).with_payload(fields(&NOTE)).with_vectors(false);
        let answer = self.client.get_points(request).await.map_err(|error| self.fault(error))?;
        let note = |point: RetrievedPoint| {
            let text = |key: &str| point.payload.get(key)?.as_str().cloned();
            Note::read(uuid(point.id.clone())?, sought.as_ref(), text, |key| point.payload.get(key)?.as_integer())
        };
        Ok(answer.result.into_iter().filter_map(note).collect())
    }

    pub(super) async fn digests(&self, scope: &Scope) -> Result<HashMap<String, String>> {
        let filter = filter(scope);
        let (mut digests, mut offset) = (HashMap::new(), None);
        loop {
            let mut request = ScrollPointsBuilder::new(&self.collection)
                .filter(filter.clone())
                .limit(PAGE)
                .with_payload(fields(&["id", "digest"]))
                .with_vectors(false);
            if let Some(offset) = offset {
                request = request.offset::<PointId>(offset);
            }
            let page = self.client.scroll(request).await.map_err(|error| self.fault(error))?;
            digests.extend(page.result.into_iter().filter_map(|point| {
                let text = |key: &str| point.payload.get(key)?.as_str().cloned();
                Some((text("id")?, text("digest")?))
            }));
            offset = page.next_page_offset;
            if offset.is_none() {
                return Ok(digests);
            }
        }
    }

    pub(super) async fn count(&self) -> Result<u64> {
        let request = CountPointsBuilder::new(&self.collection).exact(true);
        let answer = self.client.count(request).await.map_err(|error| self.fault(error))?;
        Ok(answer.result.map_or(0, |result| result.count))
    }

    async fn create(&self, record: Record) -> Result<()> {
        let mut vectors = VectorsConfigBuilder::default();
        vectors.add_named_vector_params(DENSE, VectorParamsBuilder::new(record.dimension as u64, Distance::Cosine));
        let mut words = SparseVectorsConfigBuilder::default();
        words.add_named_vector_params(WORDS, SparseVectorParamsBuilder::default());
        let request = CreateCollectionBuilder::new(&self.collection)
            .vectors_config(vectors)
            .sparse_vectors_config(words)
            .hnsw_config(graph(record.dimension));
        let request = CreateCollection { metadata: metadata(&record), ..request.build() };
        self.client.create_collection(request).await.map_err(|error| self.fault(error))?;
        self.index_fields().await
    }

    /// Make the indexes of the fields that are filtered by, as far as they are missing.
    async fn index_fields(&self) -> Result<()> {
        let field = |name, kind| CreateFieldIndexCollectionBuilder::new(&self.collection, name, kind).wait(true);
        let keyword = || KeywordIndexParamsBuilder::default().enable_hnsw(false);
        let tenant = KeywordIndexParamsBuilder::default().is_tenant(true);
        let time = IntegerIndexParamsBuilder::new(false, true).enable_hnsw(false);
        for index in [
            field(TENANT, FieldType::Keyword).field_index_params(tenant),
            field("category", FieldType::Keyword).field_index_params(keyword()),
            field("labels", FieldType::Keyword).field_index_params(keyword()),
            field("at", FieldType::Integer).field_index_params(time),
        ] {
            self.client.create_field_index(index).await.map_err(|error| self.fault(error))?;
        }
        Ok(())
    }

    /// What an error of the client means for whoever asked.
    fn fault(&self, error: QdrantError) -> Error {
        let QdrantError::ResponseError { status } = &error else {
            return Error::unavailable(format!("the vector index at {} does not answer: {error}", self.url));
        };
        let reason = status.message();
        match status.code() as i32 {
            3 | 9 | 12 => Error::internal(format!("the vector index at {} refused a request: {reason}", self.url)),
            5 => Error::Unavailable(format!(
                "the vector index at {} has lost the collection {}: run `recollect reindex` to rebuild it",
                self.url, self.collection
            )),
            7 | 16 => Error::Setting(format!("the vector index at {} refuses the API key: {reason}", self.url)),
            _ => Error::Unavailable(format!("the vector index at {} does not answer: {reason}", self.url)),
        }
    }
}

impl From<Point> for PointStruct {
    fn from(point: Point) -> Self {
        let mut payload = Payload::new();
        payload.insert(TENANT, point.tenant.key());
        payload.insert("user", point.tenant.user);
        payload.insert("kind", point.tenant.kind.as_str());
        payload.insert("id", point.record);
        payload.insert("category", point.category);
        payload.insert("at", point.at);
        if let Some(passage) = point.passage {
            payload.insert("labels", passage.labels);
            payload.insert("digest", passage.digest);
            payload.insert("whole", passage.whole);
            payload.insert("speaker", passage.speaker);
            payload.insert("turn", passage.turn.code());
            payload.insert("marks", passage.marks.encode());
        }
        let mut vectors = NamedVectors::default();
        if !point.words.indices.is_empty() {
            vectors = vectors.add_vector(WORDS, Vector::new_sparse(point.words.indices, point.words.values));
        }
        if let Some(dense) = point.dense {
            vectors = vectors.add_vector(DENSE, Vector::new_dense(dense));
        }
        Self::new(point_id(point.id), vectors, payload)
    }
}

fn metadata(record: &Record) -> HashMap<String, Value> {
    HashMap::from([
        ("model".to_owned(), record.identity.clone().unwrap_or_default().into()),
        ("dimension".to_owned(), (record.dimension as i64).into()),
    ])
}

/// How graphs are built, and from when on they are followed.
fn graph(dimension: usize) -> HnswConfigDiff {
    let graph = HnswConfigDiffBuilder::default().full_scan_threshold(scanned(dimension) as u64);
    graph.m(0).payload_m(LINKS as u64).build()
}

fn filter(scope: &Scope) -> Filter {
    let mut must = vec![Condition::matches(TENANT, scope.tenant.key())];
    if !scope.categories.is_empty() {
        must.push(Condition::matches("category", scope.categories.clone()));
    }
    must.extend(scope.labels.iter().map(|label| Condition::matches("labels", label.clone())));
    if scope.after.is_some() || scope.before.is_some() {
        let bound = |at: Option<i64>| at.map(|at| at as f64);
        must.push(Condition::range(
            "at",
            Range { gte: bound(scope.after), lte: bound(scope.before), ..Range::default() },
        ));
    }
    if !scope.only.is_empty() {
        must.push(Condition::has_id(scope.only.iter().copied().map(point_id)));
    }
    Filter::must(must)
}

fn found(point: ScoredPoint) -> Option<Found> {
    Some(Found { point: uuid(point.id)?, score: point.score })
}

fn terms(vectors: Option<VectorsOutput>) -> Terms {
    match vectors.and_then(|vectors| vectors.get_vector_by_name(WORDS)) {
        Some(vector_output::Vector::Sparse(words)) => Terms { indices: words.indices, values: words.values },
        _ => Terms::default(),
    }
}

fn fields(names: &[&str]) -> PayloadIncludeSelector {
    PayloadIncludeSelector { fields: names.iter().map(|name| (*name).to_owned()).collect() }
}

fn words_only() -> VectorsSelector {
    VectorsSelector { names: vec![WORDS.into()] }
}

fn point_id(point: Uuid) -> PointId {
    point.to_string().into()
}

fn uuid(id: Option<PointId>) -> Option<Uuid> {
    match id?.point_id_options? {
        point_id::PointIdOptions::Uuid(uuid) => uuid.parse().ok(),
        point_id::PointIdOptions::Num(_) => None,
    }
}
