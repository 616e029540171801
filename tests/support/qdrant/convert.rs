//! Between the messages of Qdrant's protocol and the types of its engine.

use std::collections::HashMap;

use qdrant_client::qdrant::condition::ConditionOneOf;
use qdrant_client::qdrant::r#match::MatchValue;
use qdrant_client::qdrant::point_id::PointIdOptions;
use qdrant_client::qdrant::value::Kind;
use qdrant_client::qdrant::vectors::VectorsOptions;
use qdrant_client::qdrant::{
    self as grpc, DenseVector, NamedVectorsOutput, PointId, VectorOutput, VectorsOutput, query, vector, vector_input,
    vector_output, vectors_output,
};
use qdrant_edge::external::ordered_float::OrderedFloat;
use qdrant_edge::{
    Condition, FieldCondition, Filter, HasIdCondition, JsonPath, Match, NamedQuery, Payload, PointStruct, QueryEnum,
    Range, ScoredPoint, SparseVector, VectorInternal, VectorStructInternal, Vectors,
};
use serde_json::Value;
use tonic::Status;

type Result<T> = std::result::Result<T, Status>;

fn strange(what: &str) -> Status {
    Status::unimplemented(format!("this test server does not know such a {what}"))
}

pub(crate) fn id(id: Option<PointId>) -> Result<qdrant_edge::PointId> {
    match id.and_then(|id| id.point_id_options) {
        Some(PointIdOptions::Uuid(uuid)) => {
            uuid.parse().map(qdrant_edge::PointId::Uuid).map_err(|_| Status::invalid_argument("not a UUID"))
        }
        _ => Err(strange("point id")),
    }
}

pub(crate) fn id_out(id: qdrant_edge::PointId) -> Option<PointId> {
    match id {
        qdrant_edge::PointId::Uuid(uuid) => Some(uuid.to_string().into()),
        qdrant_edge::PointId::NumId(number) => Some(number.into()),
    }
}

pub(crate) fn path(name: &str) -> Result<JsonPath> {
    name.parse().map_err(|()| strange("field"))
}

pub(crate) fn filter(filter: Option<grpc::Filter>) -> Result<Option<Filter>> {
    let Some(filter) = filter else { return Ok(None) };
    let must = filter.must.into_iter().map(condition).collect::<Result<_>>()?;
    Ok(Some(Filter { must: Some(must), ..Filter::new() }))
}

fn condition(condition: grpc::Condition) -> Result<Condition> {
    match condition.condition_one_of.ok_or_else(|| strange("condition"))? {
        ConditionOneOf::Field(field) => self::field(field),
        ConditionOneOf::HasId(ids) => {
            let ids = ids.has_id.into_iter().map(|one| id(Some(one))).collect::<Result<HasIdCondition>>()?;
            Ok(Condition::HasId(ids))
        }
        _ => Err(strange("condition")),
    }
}

fn field(field: grpc::FieldCondition) -> Result<Condition> {
    let key = path(&field.key)?;
    if let Some(range) = field.range {
        let bound = |bound: Option<f64>| bound.map(OrderedFloat);
        let range = Range { lt: bound(range.lt), gt: bound(range.gt), gte: bound(range.gte), lte: bound(range.lte) };
        return Ok(Condition::Field(FieldCondition::new_range(key, range)));
    }
    let wanted: Match = match field.r#match.and_then(|one| one.match_value) {
        Some(MatchValue::Keyword(keyword)) => keyword.into(),
        Some(MatchValue::Keywords(keywords)) => keywords.strings.into(),
        _ => return Err(strange("match")),
    };
    Ok(Condition::Field(FieldCondition::new_match(key, wanted)))
}

pub(crate) fn payload(payload: HashMap<String, grpc::Value>) -> Result<Payload> {
    payload.into_iter().map(|(key, value)| Ok((key, json(value)?))).collect::<Result<_>>().map(Payload)
}

pub(crate) fn point(point: grpc::PointStruct) -> Result<PointStruct> {
    let payload = payload(point.payload)?.0;
    let named = match point.vectors.and_then(|vectors| vectors.vectors_options) {
        Some(VectorsOptions::Vectors(named)) => named.vectors,
        None => HashMap::new(),
        Some(VectorsOptions::Vector(_)) => return Err(strange("vector")),
    };
    let vectors = named
        .into_iter()
        .map(|(name, vector)| match vector.vector {
            Some(vector::Vector::Dense(dense)) => Ok((name, VectorInternal::Dense(dense.data))),
            Some(vector::Vector::Sparse(words)) => Ok((name, sparse(words))),
            _ => Err(strange("vector")),
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(PointStruct::new(id(point.id)?, Vectors::new_named(vectors), Value::Object(payload)))
}

pub(crate) fn nearest(query: Option<grpc::Query>, using: Option<String>) -> Result<QueryEnum> {
    let Some(query::Variant::Nearest(input)) = query.and_then(|query| query.variant) else {
        return Err(strange("query"));
    };
    let vector = match input.variant {
        Some(vector_input::Variant::Dense(dense)) => VectorInternal::Dense(dense.data),
        Some(vector_input::Variant::Sparse(words)) => sparse(words),
        _ => return Err(strange("vector")),
    };
    Ok(QueryEnum::Nearest(NamedQuery::new(vector, using.ok_or_else(|| strange("query"))?)))
}

pub(crate) fn scored(point: ScoredPoint) -> grpc::ScoredPoint {
    grpc::ScoredPoint {
        id: id_out(point.id),
        payload: payload_out(point.payload),
        score: point.score,
        ..grpc::ScoredPoint::default()
    }
}

pub(crate) fn record(record: qdrant_edge::Record) -> grpc::RetrievedPoint {
    let named = match record.vector {
        Some(VectorStructInternal::Named(named)) => named,
        _ => HashMap::new(),
    };
    let vectors = named.into_iter().map(|(name, vector)| (name, vector_out(vector))).collect();
    let options = vectors_output::VectorsOptions::Vectors(NamedVectorsOutput { vectors });
    grpc::RetrievedPoint {
        id: id_out(record.id),
        payload: payload_out(record.payload),
        vectors: Some(VectorsOutput { vectors_options: Some(options) }),
        ..grpc::RetrievedPoint::default()
    }
}

fn sparse(words: grpc::SparseVector) -> VectorInternal {
    VectorInternal::Sparse(SparseVector { indices: words.indices, values: words.values })
}

fn vector_out(vector: VectorInternal) -> VectorOutput {
    let vector = match vector {
        VectorInternal::Dense(data) => Some(vector_output::Vector::Dense(DenseVector { data })),
        VectorInternal::Sparse(words) => {
            Some(vector_output::Vector::Sparse(grpc::SparseVector { values: words.values, indices: words.indices }))
        }
        VectorInternal::MultiDense(_) => None,
    };
    VectorOutput { vector, ..VectorOutput::default() }
}

fn payload_out(payload: Option<qdrant_edge::Payload>) -> HashMap<String, grpc::Value> {
    payload
        .map(|payload| payload.0.into_iter().map(|(key, value)| (key, value_out(value))).collect())
        .unwrap_or_default()
}

fn json(value: grpc::Value) -> Result<Value> {
    match value.kind {
        Some(Kind::StringValue(text)) => Ok(text.into()),
        Some(Kind::IntegerValue(number)) => Ok(number.into()),
        Some(Kind::ListValue(list)) => list.values.into_iter().map(json).collect(),
        _ => Err(strange("value")),
    }
}

fn value_out(value: Value) -> grpc::Value {
    match value {
        Value::String(text) => text.into(),
        other => other.as_i64().unwrap_or_default().into(),
    }
}
