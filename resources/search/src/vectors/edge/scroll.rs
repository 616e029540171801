//! Reading all points of a filter, page by page.

use qdrant_edge::{
    EdgeShard, Filter, OperationResult, Payload, Record, ScrollRequest, WithPayloadInterface, WithVector,
};

use super::filter::field;

/// How many points are read at a time.
const PAGE_SIZE: usize = 1000;

/// Reads every point that the filter leaves; points of which `read` makes nothing are left out.
pub(super) fn scroll<T>(
    engine: &EdgeShard,
    filter: Option<Filter>,
    with_payload: WithPayloadInterface,
    with_vector: WithVector,
    read: impl Fn(Record) -> Option<T>,
) -> OperationResult<Vec<T>> {
    let (mut all, mut offset) = (Vec::new(), None);
    loop {
        let (records, next) = engine.scroll(ScrollRequest {
            offset,
            limit: Some(PAGE_SIZE),
            filter: filter.clone(),
            with_payload: Some(with_payload.clone()),
            with_vector: with_vector.clone(),
            order_by: None,
        })?;
        all.extend(records.into_iter().filter_map(&read));
        offset = next;
        if offset.is_none() {
            return Ok(all);
        }
    }
}

/// Only these fields of the payload.
pub(super) fn fields(names: &[&str]) -> WithPayloadInterface {
    WithPayloadInterface::Fields(names.iter().map(|name| field(name)).collect())
}

/// The text in a field of a payload.
pub(super) fn text_field(payload: &Payload, name: &str) -> Option<String> {
    Some(payload.0.get(name)?.as_str()?.to_owned())
}
