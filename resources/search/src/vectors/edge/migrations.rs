//! Migrations of indexes that an older release created.

use std::collections::BTreeSet;

use qdrant_edge::{
    Condition, EdgeShard, FieldCondition, FieldIndexOperations, Filter, OperationResult, Payload, PayloadOps,
    SetPayloadOp, UpdateOperation,
};
use serde_json::Map;

use super::filter::field;
use super::scroll::{fields, scroll, text_field};
use crate::vectors::point::{TENANT, tenant_key};

/// Writes the tenant into every point where no tenant is indexed: in older releases, user and kind were two fields.
///
/// The index of the tenant shows that this was done, so it is created after all else is on the disk.
pub(super) fn migrate(engine: &EdgeShard) -> OperationResult<()> {
    if engine.info().payload_schema.contains_key(&field(TENANT)) {
        return Ok(());
    }
    tracing::info!("migrating the vector index of an older release");
    for (user, kind) in tenants(engine)? {
        let tenant = tenant_key(&user, &kind);
        let equal = |name, to: String| Condition::Field(FieldCondition::new_match(field(name), to.into()));
        let filter = Filter { must: Some(vec![equal("user", user), equal("kind", kind)]), ..Filter::new() };
        let payload = Payload::from(Map::from_iter([(TENANT.to_owned(), tenant.into())]));
        let set = SetPayloadOp { payload, points: None, filter: Some(filter), key: None };
        engine.update(UpdateOperation::PayloadOperation(PayloadOps::SetPayload(set)))?;
    }
    for name in ["user", "kind"] {
        engine.update(UpdateOperation::FieldIndexOperation(FieldIndexOperations::DeleteIndex(field(name))))?;
    }
    engine.flush();
    Ok(())
}

/// Every user and kind that the index has a point of.
fn tenants(engine: &EdgeShard) -> OperationResult<BTreeSet<(String, String)>> {
    let tenants = scroll(engine, None, fields(&["user", "kind"]), false.into(), |record| {
        let payload = record.payload?;
        Some((text_field(&payload, "user")?, text_field(&payload, "kind")?))
    })?;
    Ok(tenants.into_iter().collect())
}
