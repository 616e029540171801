//! The engine on a server: Qdrant over gRPC.

mod migrations;
mod requests;

use std::collections::HashMap;
use std::time::Duration;

use qdrant_client::qdrant::{
    CountPointsBuilder, CreateCollection, CreateCollectionBuilder, CreateFieldIndexCollectionBuilder,
    DeletePointsBuilder, Distance, FieldType, GetPointsBuilder, IntegerIndexParamsBuilder, KeywordIndexParamsBuilder,
    PointId, PointStruct, PointsIdsList, QueryBatchPointsBuilder, RetrievedPoint, ScrollPointsBuilder,
    SparseVectorParamsBuilder, SparseVectorsConfigBuilder, UpdateCollection, UpsertPointsBuilder, Value,
    VectorParamsBuilder, VectorsConfigBuilder,
};
use qdrant_client::{Qdrant, QdrantError};
use uuid::Uuid;

use super::index_model::IndexMetadata;
use super::point::{DENSE, PASSAGE_FIELDS, PassagePayload, Point, Scope, ScoredPoint, SubQuery, TENANT, WORDS};
use super::terms::Terms;
use super::token_signatures::QuerySignatures;
use crate::{Error, Result, Secret, redact_url};
use requests::{fields, hnsw_config, point_id, terms_only, to_filter, to_query, to_terms, to_uuid};

/// How long a server may take to connect or to answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// How many points are read at a time when all of a scope's are.
const PAGE_SIZE: u32 = 1000;

/// The engine.
pub(super) struct Remote {
    client: Qdrant,
    /// The server's URL without secrets.
    url: String,
    collection: String,
}

impl Remote {
    /// Connects to a server, and creates a new collection there, described by `metadata`, if it is missing.
    pub(super) async fn open(
        url: &str,
        key: Option<&Secret>,
        collection: &str,
        metadata: IndexMetadata,
    ) -> Result<Self> {
        // The client's own compatibility check would print to standard output, which may be speaking a protocol.
        let client = Qdrant::from_url(url)
            .api_key(key.map(|key| key.expose().to_owned()))
            .timeout(REQUEST_TIMEOUT)
            .connect_timeout(REQUEST_TIMEOUT)
            .skip_compatibility_check()
            .build()
            .map_err(|error| {
                Error::Setting(format!("the URL of the vector index, {}, is not usable: {error}", redact_url(url)))
            })?;
        let remote = Self { client, url: redact_url(url), collection: collection.to_owned() };
        if remote.client.collection_exists(&remote.collection).await.map_err(|error| remote.to_error(error))? {
            remote.migrate().await?;
            // An older release had fewer.
            remote.index_fields().await?;
        } else {
            remote.create(metadata).await?;
        }
        Ok(remote)
    }

    pub(super) async fn metadata(&self) -> Result<IndexMetadata> {
        let info = self.client.collection_info(&self.collection).await.map_err(|error| self.to_error(error))?;
        let metadata = info.result.and_then(|info| info.config).map(|config| config.metadata).unwrap_or_default();
        let dimension = metadata.get("dimension").and_then(Value::as_integer).ok_or_else(|| {
            Error::Setting(format!(
                "the collection {} at {} was not made by Recollect: choose another name for `vectors.collection`",
                self.collection, self.url
            ))
        })?;
        let identity =
            metadata.get("model").and_then(|model| model.as_str()).filter(|model| !model.is_empty()).cloned();
        Ok(IndexMetadata { identity, dimension: dimension as usize })
    }

    pub(super) async fn set_metadata(&self, metadata: IndexMetadata) -> Result<()> {
        let (collection_name, metadata) = (self.collection.clone(), to_fields(&metadata));
        let request = UpdateCollection { collection_name, metadata, ..UpdateCollection::default() };
        self.client.update_collection(request).await.map_err(|error| self.to_error(error))?;
        Ok(())
    }

    pub(super) async fn clear(&self, metadata: IndexMetadata) -> Result<()> {
        self.client.delete_collection(&self.collection).await.map_err(|error| self.to_error(error))?;
        self.create(metadata).await
    }

    pub(super) async fn upsert(&self, points: Vec<Point>) -> Result<()> {
        let points: Vec<_> = points.into_iter().map(PointStruct::from).collect();
        let request = UpsertPointsBuilder::new(&self.collection, points).wait(true);
        self.client.upsert_points(request).await.map_err(|error| self.to_error(error))?;
        Ok(())
    }

    pub(super) async fn delete(&self, points: Vec<Uuid>) -> Result<()> {
        let ids = PointsIdsList { ids: points.into_iter().map(point_id).collect() };
        self.delete_points(DeletePointsBuilder::new(&self.collection).points(ids)).await
    }

    pub(super) async fn delete_all(&self, scope: &Scope) -> Result<()> {
        self.delete_points(DeletePointsBuilder::new(&self.collection).points(to_filter(scope))).await
    }

    async fn delete_points(&self, request: DeletePointsBuilder) -> Result<()> {
        self.client.delete_points(request.wait(true)).await.map_err(|error| self.to_error(error))?;
        Ok(())
    }

    pub(super) async fn search(
        &self,
        scope: &Scope,
        sub_queries: Vec<SubQuery>,
        limit: usize,
    ) -> Result<Vec<Vec<ScoredPoint>>> {
        if sub_queries.is_empty() {
            return Ok(Vec::new());
        }
        let filter = to_filter(scope);
        let queries: Vec<_> =
            sub_queries.into_iter().map(|query| to_query(&self.collection, query, filter.clone(), limit)).collect();
        let request = QueryBatchPointsBuilder::new(&self.collection, queries);
        let answer = self.client.query_batch(request).await.map_err(|error| self.to_error(error))?;
        let found = |point: qdrant_client::qdrant::ScoredPoint| {
            Some(ScoredPoint { point: to_uuid(point.id)?, score: point.score })
        };
        Ok(answer.result.into_iter().map(|batch| batch.result.into_iter().filter_map(found).collect()).collect())
    }

    pub(super) async fn terms_of(&self, points: Vec<Uuid>) -> Result<Vec<(Uuid, Terms)>> {
        let request = self.get(points).with_payload(false).with_vectors(terms_only());
        let answer = self.client.get_points(request).await.map_err(|error| self.to_error(error))?;
        Ok(answer.result.into_iter().filter_map(|point| Some((to_uuid(point.id)?, to_terms(point.vectors)))).collect())
    }

    pub(super) async fn all_terms(&self, scope: &Scope) -> Result<Vec<Vec<u32>>> {
        let request = ScrollPointsBuilder::new(&self.collection).filter(to_filter(scope));
        let request = request.with_payload(false).with_vectors(terms_only());
        self.scroll(request, |point| Some(to_terms(point.vectors).indices)).await
    }

    pub(super) async fn record_ids(&self, points: Vec<Uuid>) -> Result<HashMap<Uuid, String>> {
        let request = self.get(points).with_payload(fields(&["id"])).with_vectors(false);
        let answer = self.client.get_points(request).await.map_err(|error| self.to_error(error))?;
        let id = |point: RetrievedPoint| Some((to_uuid(point.id.clone())?, text_field(&point, "id")?));
        Ok(answer.result.into_iter().filter_map(id).collect())
    }

    pub(super) async fn passages(
        &self,
        points: Vec<Uuid>,
        query: Option<QuerySignatures>,
    ) -> Result<Vec<PassagePayload>> {
        let request = self.get(points).with_payload(fields(&PASSAGE_FIELDS)).with_vectors(false);
        let answer = self.client.get_points(request).await.map_err(|error| self.to_error(error))?;
        let passage = |point: RetrievedPoint| {
            let number = |name: &str| point.payload.get(name)?.as_integer();
            PassagePayload::read(to_uuid(point.id.clone())?, query.as_ref(), |name| text_field(&point, name), number)
        };
        Ok(answer.result.into_iter().filter_map(passage).collect())
    }

    pub(super) async fn digests(&self, scope: &Scope) -> Result<HashMap<String, String>> {
        let request = ScrollPointsBuilder::new(&self.collection).filter(to_filter(scope));
        let request = request.with_payload(fields(&["id", "digest"])).with_vectors(false);
        let digest = |point: RetrievedPoint| Some((text_field(&point, "id")?, text_field(&point, "digest")?));
        Ok(self.scroll(request, digest).await?.into_iter().collect())
    }

    pub(super) async fn count(&self) -> Result<u64> {
        let request = CountPointsBuilder::new(&self.collection).exact(true);
        let answer = self.client.count(request).await.map_err(|error| self.to_error(error))?;
        Ok(answer.result.map_or(0, |result| result.count))
    }

    fn get(&self, points: Vec<Uuid>) -> GetPointsBuilder {
        GetPointsBuilder::new(&self.collection, points.into_iter().map(point_id).collect::<Vec<_>>())
    }

    /// Reads every point of a request, page by page; points of which `read` makes nothing are left out.
    async fn scroll<T>(
        &self,
        request: ScrollPointsBuilder,
        read: impl Fn(RetrievedPoint) -> Option<T>,
    ) -> Result<Vec<T>> {
        let mut request = request.limit(PAGE_SIZE);
        let mut all = Vec::new();
        loop {
            let page = self.client.scroll(request.clone()).await.map_err(|error| self.to_error(error))?;
            all.extend(page.result.into_iter().filter_map(&read));
            let Some(next) = page.next_page_offset else { return Ok(all) };
            request = request.offset::<PointId>(next);
        }
    }

    async fn create(&self, metadata: IndexMetadata) -> Result<()> {
        let mut vectors = VectorsConfigBuilder::default();
        vectors.add_named_vector_params(DENSE, VectorParamsBuilder::new(metadata.dimension as u64, Distance::Cosine));
        let mut words = SparseVectorsConfigBuilder::default();
        words.add_named_vector_params(WORDS, SparseVectorParamsBuilder::default());
        let request = CreateCollectionBuilder::new(&self.collection)
            .vectors_config(vectors)
            .sparse_vectors_config(words)
            .hnsw_config(hnsw_config(metadata.dimension));
        let request = CreateCollection { metadata: to_fields(&metadata), ..request.build() };
        self.client.create_collection(request).await.map_err(|error| self.to_error(error))?;
        self.index_fields().await
    }

    /// Creates the indexes of the fields that are filtered by, as far as they are missing.
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
            self.client.create_field_index(index).await.map_err(|error| self.to_error(error))?;
        }
        Ok(())
    }

    /// An error of the client in terms of this program's settings.
    fn to_error(&self, error: QdrantError) -> Error {
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

/// The text in a field of a point's payload.
fn text_field(point: &RetrievedPoint, name: &str) -> Option<String> {
    point.payload.get(name)?.as_str().cloned()
}

/// The metadata as the collection records them.
fn to_fields(metadata: &IndexMetadata) -> HashMap<String, Value> {
    HashMap::from([
        ("model".to_owned(), metadata.identity.clone().unwrap_or_default().into()),
        ("dimension".to_owned(), (metadata.dimension as i64).into()),
    ])
}
