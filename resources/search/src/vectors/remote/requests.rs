//! Points, scopes and sub-queries in Qdrant's terms.

use qdrant_client::Payload;
use qdrant_client::qdrant::{
    Condition, Filter, HnswConfigDiff, HnswConfigDiffBuilder, NamedVectors, PayloadIncludeSelector, PointId,
    PointStruct, Query, QueryPoints, QueryPointsBuilder, Range, SearchParamsBuilder, Value, Vector, VectorInput,
    VectorsOutput, VectorsSelector, point_id, vector_output,
};
use serde_json::Value as JsonValue;
use uuid::Uuid;

use crate::vectors::point::{DENSE, HNSW_M, MIN_HNSW_EF, Point, Scope, SubQuery, TENANT, WORDS, full_scan_threshold};
use crate::vectors::terms::Terms;

impl From<Point> for PointStruct {
    fn from(point: Point) -> Self {
        let mut payload = Payload::new();
        if let JsonValue::Object(fields) = point.payload() {
            fields.into_iter().for_each(|(name, value)| payload.insert(name, to_value(value)));
        }
        let mut vectors = NamedVectors::default();
        if !point.terms.indices.is_empty() {
            vectors = vectors.add_vector(WORDS, Vector::new_sparse(point.terms.indices, point.terms.values));
        }
        if let Some(dense) = point.dense {
            vectors = vectors.add_vector(DENSE, Vector::new_dense(dense));
        }
        Self::new(point_id(point.id), vectors, payload)
    }
}

/// A field of a payload, which is a text, a whole number or a list of texts.
fn to_value(value: JsonValue) -> Value {
    match value {
        JsonValue::String(text) => text.into(),
        JsonValue::Array(items) => items.into_iter().map(to_value).collect::<Vec<_>>().into(),
        value => value.as_i64().unwrap_or_default().into(),
    }
}

/// One sub-query of a search.
pub(super) fn to_query(collection: &str, sub_query: SubQuery, filter: Filter, limit: usize) -> QueryPoints {
    let (query, vector) = match sub_query {
        SubQuery::Lexical(terms) => (VectorInput::new_sparse(terms.indices, terms.values), WORDS),
        SubQuery::Dense(dense) => (VectorInput::new_dense(dense), DENSE),
    };
    QueryPointsBuilder::new(collection)
        .query(Query::new_nearest(query))
        .using(vector)
        .filter(filter)
        .params(SearchParamsBuilder::default().hnsw_ef(limit.max(MIN_HNSW_EF) as u64))
        .limit(limit as u64)
        .build()
}

/// How graphs are built, and from how many points on they are used.
pub(super) fn hnsw_config(dimension: usize) -> HnswConfigDiff {
    let config = HnswConfigDiffBuilder::default().full_scan_threshold(full_scan_threshold(dimension) as u64);
    config.m(0).payload_m(HNSW_M as u64).build()
}

/// The filter of a scope.
pub(super) fn to_filter(scope: &Scope) -> Filter {
    let mut must = vec![Condition::matches(TENANT, scope.tenant.key())];
    if !scope.categories.is_empty() {
        must.push(Condition::matches("category", scope.categories.clone()));
    }
    must.extend(scope.labels.iter().map(|label| Condition::matches("labels", label.clone())));
    if scope.after.is_some() || scope.before.is_some() {
        let bound = |at: Option<i64>| at.map(|at| at as f64);
        let range = Range { gte: bound(scope.after), lte: bound(scope.before), ..Range::default() };
        must.push(Condition::range("at", range));
    }
    if !scope.points.is_empty() {
        must.push(Condition::has_id(scope.points.iter().copied().map(point_id)));
    }
    Filter::must(must)
}

pub(super) fn to_terms(vectors: Option<VectorsOutput>) -> Terms {
    match vectors.and_then(|vectors| vectors.get_vector_by_name(WORDS)) {
        Some(vector_output::Vector::Sparse(terms)) => Terms { indices: terms.indices, values: terms.values },
        _ => Terms::default(),
    }
}

/// Only these fields of the payload.
pub(super) fn fields(names: &[&str]) -> PayloadIncludeSelector {
    PayloadIncludeSelector { fields: names.iter().map(|name| (*name).to_owned()).collect() }
}

pub(super) fn terms_only() -> VectorsSelector {
    VectorsSelector { names: vec![WORDS.into()] }
}

pub(super) fn point_id(point: Uuid) -> PointId {
    point.to_string().into()
}

pub(super) fn to_uuid(id: Option<PointId>) -> Option<Uuid> {
    match id?.point_id_options? {
        point_id::PointIdOptions::Uuid(uuid) => uuid.parse().ok(),
        point_id::PointIdOptions::Num(_) => None,
    }
}
