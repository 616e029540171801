//! The calls that Recollect makes of a Qdrant server, answered by the engine.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use ::qdrant_client::qdrant::collections_server::Collections;
use ::qdrant_client::qdrant::payload_index_params::IndexParams;
use ::qdrant_client::qdrant::points_selector::PointsSelectorOneOf;
use ::qdrant_client::qdrant::points_server::Points;
use ::qdrant_client::qdrant::vectors_config::Config;
use ::qdrant_client::qdrant::with_payload_selector::SelectorOptions;
use ::qdrant_client::qdrant::*;
use qdrant_edge::{
    self as edge, CreateIndex, EdgeConfig, EdgeShard, EdgeSparseVectorParams, EdgeVectorParams, FieldIndexOperations,
    OperationError, PayloadFieldSchema, PayloadSchemaParams, PointOperations, UpdateOperation, WithPayloadInterface,
    WithVector,
};
use tempfile::TempDir;
use tonic::{Request, Response, Status};

use super::convert;

type Reply<T> = Result<Response<T>, Status>;

/// The server's collections.
pub(crate) struct Service {
    collections: Mutex<HashMap<String, Collection>>,
}

struct Collection {
    engine: EdgeShard,
    metadata: HashMap<String, Value>,
    _folder: TempDir,
}

impl Service {
    pub(crate) fn new() -> Self {
        Self { collections: Mutex::default() }
    }

    fn collections(&self) -> MutexGuard<'_, HashMap<String, Collection>> {
        self.collections.lock().unwrap()
    }

    fn with<T>(&self, name: &str, call: impl FnOnce(&mut Collection) -> Result<T, Status>) -> Result<T, Status> {
        call(self.collections().get_mut(name).ok_or_else(|| Status::not_found(format!("no collection {name}")))?)
    }

    fn update(&self, name: &str, operation: UpdateOperation) -> Reply<PointsOperationResponse> {
        self.with(name, |collection| collection.engine.update(operation).map_err(refused))?;
        Ok(Response::new(PointsOperationResponse::default()))
    }
}

impl Service {
    /// Take from every collection what a release that filtered by user and kind apart did not write.
    pub(crate) fn age(&self) {
        for collection in self.collections().values() {
            let tenant = convert::path("tenant").unwrap();
            let delete = edge::DeletePayloadOp { points: None, filter: Some(edge::Filter::new()), keys: vec![tenant] };
            let delete = UpdateOperation::PayloadOperation(edge::PayloadOps::DeletePayload(delete));
            collection.engine.update(delete).unwrap();
            let drop = FieldIndexOperations::DeleteIndex(convert::path("tenant").unwrap());
            collection.engine.update(UpdateOperation::FieldIndexOperation(drop)).unwrap();
        }
    }
}

fn refused(error: OperationError) -> Status {
    Status::invalid_argument(error.to_string())
}

fn vectors(with: Option<WithVectorsSelector>) -> WithVector {
    match with.and_then(|with| with.selector_options) {
        Some(with_vectors_selector::SelectorOptions::Include(vectors)) => WithVector::Selector(vectors.names),
        Some(with_vectors_selector::SelectorOptions::Enable(all)) => all.into(),
        None => false.into(),
    }
}

fn payload(with: Option<WithPayloadSelector>) -> Result<WithPayloadInterface, Status> {
    Ok(match with.and_then(|with| with.selector_options) {
        Some(SelectorOptions::Include(only)) => {
            WithPayloadInterface::Fields(only.fields.iter().map(|name| convert::path(name)).collect::<Result<_, _>>()?)
        }
        Some(SelectorOptions::Enable(all)) => all.into(),
        _ => false.into(),
    })
}

fn config(request: &CreateCollection) -> Result<EdgeConfig, Status> {
    let Some(Config::ParamsMap(dense)) = request.vectors_config.as_ref().and_then(|vectors| vectors.config.as_ref())
    else {
        return Err(Status::unimplemented("unnamed vectors"));
    };
    let dense = dense.map.iter().map(|(name, params)| {
        assert_eq!(params.distance(), Distance::Cosine);
        let params = EdgeVectorParams {
            size: params.size as usize,
            distance: edge::Distance::Cosine,
            on_disk: None,
            multivector_config: None,
            datatype: None,
            quantization_config: None,
            hnsw_config: None,
        };
        (name.clone(), params)
    });
    let sparse = request.sparse_vectors_config.iter().flat_map(|sparse| sparse.map.keys()).map(|name| {
        let plain = EdgeSparseVectorParams { full_scan_threshold: None, on_disk: None, modifier: None, datatype: None };
        (name.clone(), plain)
    });
    Ok(EdgeConfig { vectors: dense.collect(), sparse_vectors: sparse.collect(), ..EdgeConfig::default() })
}

/// The calls that no test needs.
macro_rules! unimplemented_calls {
    ($($name:ident($request:ty) -> $response:ty;)*) => {$(
        fn $name<'a, 'b>(
            &'a self,
            _: Request<$request>,
        ) -> std::pin::Pin<Box<dyn Future<Output = Reply<$response>> + Send + 'b>>
        where
            'a: 'b,
            Self: 'b,
        {
            Box::pin(async { Err(Status::unimplemented(stringify!($name))) })
        }
    )*};
}

#[tonic::async_trait]
impl Collections for Service {
    async fn collection_exists(&self, request: Request<CollectionExistsRequest>) -> Reply<CollectionExistsResponse> {
        let exists = self.collections().contains_key(&request.into_inner().collection_name);
        Ok(Response::new(CollectionExistsResponse { result: Some(CollectionExists { exists }), time: 0.0 }))
    }

    async fn create(&self, request: Request<CreateCollection>) -> Reply<CollectionOperationResponse> {
        let request = request.into_inner();
        let folder = TempDir::new()?;
        let engine = EdgeShard::new(folder.path(), config(&request)?).map_err(refused)?;
        let collection = Collection { engine, metadata: request.metadata, _folder: folder };
        self.collections().insert(request.collection_name, collection);
        Ok(Response::new(CollectionOperationResponse { result: true, time: 0.0 }))
    }

    async fn update(&self, request: Request<UpdateCollection>) -> Reply<CollectionOperationResponse> {
        let request = request.into_inner();
        self.with(&request.collection_name, |collection| {
            collection.metadata.extend(request.metadata);
            Ok(())
        })?;
        Ok(Response::new(CollectionOperationResponse { result: true, time: 0.0 }))
    }

    async fn delete(&self, request: Request<DeleteCollection>) -> Reply<CollectionOperationResponse> {
        let result = self.collections().remove(&request.into_inner().collection_name).is_some();
        Ok(Response::new(CollectionOperationResponse { result, time: 0.0 }))
    }

    async fn get(&self, request: Request<GetCollectionInfoRequest>) -> Reply<GetCollectionInfoResponse> {
        let (metadata, indexed) = self.with(&request.into_inner().collection_name, |collection| {
            Ok((collection.metadata.clone(), collection.engine.info().payload_schema))
        })?;
        let config = Some(CollectionConfig { metadata, ..CollectionConfig::default() });
        let payload_schema = indexed.into_keys().map(|name| (name.to_string(), PayloadSchemaInfo::default())).collect();
        let result = Some(CollectionInfo { config, payload_schema, ..CollectionInfo::default() });
        Ok(Response::new(GetCollectionInfoResponse { result, time: 0.0 }))
    }

    unimplemented_calls! {
        list(ListCollectionsRequest) -> ListCollectionsResponse;
        update_aliases(ChangeAliases) -> CollectionOperationResponse;
        list_collection_aliases(ListCollectionAliasesRequest) -> ListAliasesResponse;
        list_aliases(ListAliasesRequest) -> ListAliasesResponse;
        collection_cluster_info(CollectionClusterInfoRequest) -> CollectionClusterInfoResponse;
        update_collection_cluster_setup(UpdateCollectionClusterSetupRequest) -> UpdateCollectionClusterSetupResponse;
        create_shard_key(CreateShardKeyRequest) -> CreateShardKeyResponse;
        delete_shard_key(DeleteShardKeyRequest) -> DeleteShardKeyResponse;
        list_shard_keys(ListShardKeysRequest) -> ListShardKeysResponse;
    }
}

#[tonic::async_trait]
impl Points for Service {
    async fn upsert(&self, request: Request<UpsertPoints>) -> Reply<PointsOperationResponse> {
        let request = request.into_inner();
        let points = request
            .points
            .into_iter()
            .map(|point| Ok(convert::point(point)?.into()))
            .collect::<Result<Vec<_>, Status>>()?;
        let operation = UpdateOperation::PointOperation(PointOperations::UpsertPoints(points.into()));
        self.update(&request.collection_name, operation)
    }

    async fn delete(&self, request: Request<DeletePoints>) -> Reply<PointsOperationResponse> {
        let request = request.into_inner();
        let operation = match request.points.and_then(|points| points.points_selector_one_of) {
            Some(PointsSelectorOneOf::Points(points)) => {
                let ids = points.ids.into_iter().map(|id| convert::id(Some(id))).collect::<Result<_, _>>()?;
                PointOperations::DeletePoints { ids }
            }
            Some(PointsSelectorOneOf::Filter(filter)) => {
                PointOperations::DeletePointsByFilter(convert::filter(Some(filter))?.unwrap_or_default())
            }
            None => return Err(Status::invalid_argument("no points selected")),
        };
        self.update(&request.collection_name, UpdateOperation::PointOperation(operation))
    }

    async fn get(&self, request: Request<GetPoints>) -> Reply<GetResponse> {
        let request = request.into_inner();
        let ids = request.ids.into_iter().map(|id| convert::id(Some(id))).collect::<Result<Vec<_>, _>>()?;
        let (with, payload) = (vectors(request.with_vectors), payload(request.with_payload)?);
        let records = self.with(&request.collection_name, |collection| {
            collection.engine.retrieve(&ids, Some(payload), Some(with)).map_err(refused)
        })?;
        let result = records.into_iter().map(convert::record).collect();
        Ok(Response::new(GetResponse { result, ..GetResponse::default() }))
    }

    async fn scroll(&self, request: Request<ScrollPoints>) -> Reply<ScrollResponse> {
        let request = request.into_inner();
        let scroll = edge::ScrollRequest {
            offset: request.offset.map(|offset| convert::id(Some(offset))).transpose()?,
            limit: request.limit.map(|limit| limit as usize),
            filter: convert::filter(request.filter)?,
            with_payload: Some(payload(request.with_payload)?),
            with_vector: vectors(request.with_vectors),
            order_by: None,
        };
        let (records, next) =
            self.with(&request.collection_name, |collection| collection.engine.scroll(scroll).map_err(refused))?;
        Ok(Response::new(ScrollResponse {
            next_page_offset: next.and_then(convert::id_out),
            result: records.into_iter().map(convert::record).collect(),
            ..ScrollResponse::default()
        }))
    }

    async fn count(&self, request: Request<CountPoints>) -> Reply<CountResponse> {
        let request = request.into_inner();
        let count = edge::CountRequest { filter: convert::filter(request.filter)?, exact: true };
        let count =
            self.with(&request.collection_name, |collection| collection.engine.count(count).map_err(refused))?;
        let result = Some(CountResult { count: count as u64 });
        Ok(Response::new(CountResponse { result, ..CountResponse::default() }))
    }

    async fn query_batch(&self, request: Request<QueryBatchPoints>) -> Reply<QueryBatchResponse> {
        let request = request.into_inner();
        let mut result = Vec::new();
        for query in request.query_points {
            let search = edge::SearchRequest {
                query: convert::nearest(query.query, query.using)?,
                filter: convert::filter(query.filter)?,
                params: None,
                limit: query.limit.unwrap_or(10) as usize,
                offset: 0,
                with_payload: Some(payload(query.with_payload)?),
                with_vector: None,
                score_threshold: None,
            };
            let found =
                self.with(&request.collection_name, |collection| collection.engine.search(search).map_err(refused))?;
            result.push(BatchResult { result: found.into_iter().map(convert::scored).collect() });
        }
        Ok(Response::new(QueryBatchResponse { result, ..QueryBatchResponse::default() }))
    }

    async fn create_field_index(&self, request: Request<CreateFieldIndexCollection>) -> Reply<PointsOperationResponse> {
        let request = request.into_inner();
        let schema = match request.field_index_params.and_then(|params| params.index_params) {
            Some(IndexParams::KeywordIndexParams(params)) => PayloadSchemaParams::Keyword(edge::KeywordIndexParams {
                is_tenant: params.is_tenant,
                ..edge::KeywordIndexParams::default()
            }),
            Some(IndexParams::IntegerIndexParams(params)) => PayloadSchemaParams::Integer(edge::IntegerIndexParams {
                lookup: params.lookup,
                range: params.range,
                ..edge::IntegerIndexParams::default()
            }),
            _ => return Err(Status::unimplemented("such an index")),
        };
        let field_schema = Some(PayloadFieldSchema::FieldParams(schema));
        let index = CreateIndex { field_name: convert::path(&request.field_name)?, field_schema };
        let operation = UpdateOperation::FieldIndexOperation(FieldIndexOperations::CreateIndex(index));
        self.update(&request.collection_name, operation)
    }

    async fn delete_field_index(&self, request: Request<DeleteFieldIndexCollection>) -> Reply<PointsOperationResponse> {
        let request = request.into_inner();
        let operation = FieldIndexOperations::DeleteIndex(convert::path(&request.field_name)?);
        self.update(&request.collection_name, UpdateOperation::FieldIndexOperation(operation))
    }

    async fn set_payload(&self, request: Request<SetPayloadPoints>) -> Reply<PointsOperationResponse> {
        let request = request.into_inner();
        let Some(PointsSelectorOneOf::Filter(filter)) =
            request.points_selector.and_then(|points| points.points_selector_one_of)
        else {
            return Err(Status::unimplemented("the payload of single points"));
        };
        let set = edge::SetPayloadOp {
            payload: convert::payload(request.payload)?,
            points: None,
            filter: convert::filter(Some(filter))?,
            key: None,
        };
        self.update(&request.collection_name, UpdateOperation::PayloadOperation(edge::PayloadOps::SetPayload(set)))
    }

    unimplemented_calls! {
        update_vectors(UpdatePointVectors) -> PointsOperationResponse;
        delete_vectors(DeletePointVectors) -> PointsOperationResponse;
        overwrite_payload(SetPayloadPoints) -> PointsOperationResponse;
        delete_payload(DeletePayloadPoints) -> PointsOperationResponse;
        clear_payload(ClearPayloadPoints) -> PointsOperationResponse;
        create_vector_name(CreateVectorNameRequest) -> PointsOperationResponse;
        delete_vector_name(DeleteVectorNameRequest) -> PointsOperationResponse;
        search(SearchPoints) -> SearchResponse;
        search_batch(SearchBatchPoints) -> SearchBatchResponse;
        search_groups(SearchPointGroups) -> SearchGroupsResponse;
        recommend(RecommendPoints) -> RecommendResponse;
        recommend_batch(RecommendBatchPoints) -> RecommendBatchResponse;
        recommend_groups(RecommendPointGroups) -> RecommendGroupsResponse;
        discover(DiscoverPoints) -> DiscoverResponse;
        discover_batch(DiscoverBatchPoints) -> DiscoverBatchResponse;
        update_batch(UpdateBatchPoints) -> UpdateBatchResponse;
        query(QueryPoints) -> QueryResponse;
        query_groups(QueryPointGroups) -> QueryGroupsResponse;
        facet(FacetCounts) -> FacetResponse;
        search_matrix_pairs(SearchMatrixPoints) -> SearchMatrixPairsResponse;
        search_matrix_offsets(SearchMatrixPoints) -> SearchMatrixOffsetsResponse;
    }
}
