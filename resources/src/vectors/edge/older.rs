//! What has to be done to an index that an older release made.

use std::collections::BTreeSet;

use qdrant_edge::{
    Condition, EdgeShard, FieldCondition, FieldIndexOperations, Filter, OperationResult, Payload, PayloadOps,
    ScrollRequest, SetPayloadOp, UpdateOperation,
};
use serde_json::Map;

use super::filter::field;
use super::{PAGE, fields};
use crate::vectors::engine::TENANT;
use crate::vectors::statistics::key;

/// Once user and kind were two fields: write the tenant beside them where no tenant is indexed.
///
/// The index of the tenant is what says that this was done, so it is made after all else is on the disk.
pub(super) fn adapt(engine: &EdgeShard) -> OperationResult<()> {
    if engine.info().payload_schema.contains_key(&field(TENANT)) {
        return Ok(());
    }
    tracing::info!("the vector index is of an older release, and is being adapted");
    for (user, kind) in tenants(engine)? {
        let tenant = key(&user, &kind);
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
    let (mut all, mut offset) = (BTreeSet::new(), None);
    loop {
        let (records, next) = engine.scroll(ScrollRequest {
            offset,
            limit: Some(PAGE),
            filter: None,
            with_payload: Some(fields(&["user", "kind"])),
            with_vector: false.into(),
            order_by: None,
        })?;
        all.extend(records.into_iter().filter_map(|record| {
            let payload = record.payload?.0;
            let text = |name: &str| Some(payload.get(name)?.as_str()?.to_owned());
            Some((text("user")?, text("kind")?))
        }));
        offset = next;
        if offset.is_none() {
            return Ok(all);
        }
    }
}
