//! Scopes as filters of the engine.

use qdrant_edge::external::ordered_float::OrderedFloat;
use qdrant_edge::{Condition, FieldCondition, Filter, HasIdCondition, JsonPath, Match, PointId, Range};

use crate::vectors::point::{Scope, TENANT};

/// The filter of a scope.
pub(super) fn of(scope: &Scope) -> Filter {
    let equal = |key, to: Match| Condition::Field(FieldCondition::new_match(field(key), to));
    let mut must = vec![equal(TENANT, scope.tenant.key().into())];
    if !scope.categories.is_empty() {
        must.push(equal("category", scope.categories.clone().into()));
    }
    must.extend(scope.labels.iter().map(|label| equal("labels", label.clone().into())));
    if scope.after.is_some() || scope.before.is_some() {
        let bound = |at: Option<i64>| at.map(|at| OrderedFloat(at as f64));
        let range = Range { gte: bound(scope.after), lte: bound(scope.before), gt: None, lt: None };
        must.push(Condition::Field(FieldCondition::new_range(field("at"), range)));
    }
    if !scope.points.is_empty() {
        must.push(Condition::HasId(scope.points.iter().copied().map(PointId::Uuid).collect::<HasIdCondition>()));
    }
    Filter { must: Some(must), ..Filter::new() }
}

/// A field of the payload.
pub(super) fn field(name: &str) -> JsonPath {
    name.parse().expect("the fields' names are plain words")
}
