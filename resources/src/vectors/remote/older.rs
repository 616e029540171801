//! What has to be done to a collection that an older release made.

use std::collections::BTreeSet;

use qdrant_client::Payload;
use qdrant_client::qdrant::{
    Condition, DeleteFieldIndexCollectionBuilder, Filter, PointId, RetrievedPoint, ScrollPointsBuilder,
    SetPayloadPointsBuilder, UpdateCollection,
};

use super::{PAGE, Remote, fields, graph};
use crate::Result;
use crate::vectors::engine::TENANT;
use crate::vectors::statistics::key;

impl Remote {
    /// Once user and kind were two fields: write the tenant beside them where no tenant is indexed.
    ///
    /// The index of the tenant is what says that this was done, so it is made after all else.
    pub(super) async fn adapt(&self) -> Result<()> {
        let info = self.client.collection_info(&self.collection).await.map_err(|error| self.fault(error))?;
        if info.result.is_some_and(|info| info.payload_schema.contains_key(TENANT)) {
            return Ok(());
        }
        let record = self.record().await?;
        tracing::info!("the vector index is of an older release, and is being adapted");
        for (user, kind) in self.tenants().await? {
            let tenant = Payload::from([(TENANT, key(&user, &kind).into())]);
            let filter = Filter::must([Condition::matches("user", user), Condition::matches("kind", kind)]);
            // The server does one after the other; nobody waits here longer than for the last.
            let request = SetPayloadPointsBuilder::new(&self.collection, tenant).points_selector(filter).wait(false);
            self.client.set_payload(request).await.map_err(|error| self.fault(error))?;
        }
        for name in ["user", "kind"] {
            let request = DeleteFieldIndexCollectionBuilder::new(&self.collection, name).wait(false);
            self.client.delete_field_index(request).await.map_err(|error| self.fault(error))?;
        }
        let collection_name = self.collection.clone();
        let hnsw_config = Some(graph(record.dimension));
        let request = UpdateCollection { collection_name, hnsw_config, ..UpdateCollection::default() };
        self.client.update_collection(request).await.map_err(|error| self.fault(error))?;
        Ok(())
    }

    /// Every user and kind that the collection has a point of.
    async fn tenants(&self) -> Result<BTreeSet<(String, String)>> {
        let (mut all, mut offset) = (BTreeSet::new(), None);
        loop {
            let mut request = ScrollPointsBuilder::new(&self.collection)
                .limit(PAGE)
                .with_payload(fields(&["user", "kind"]))
                .with_vectors(false);
            if let Some(offset) = offset {
                request = request.offset::<PointId>(offset);
            }
            let page = self.client.scroll(request).await.map_err(|error| self.fault(error))?;
            all.extend(page.result.into_iter().filter_map(|point: RetrievedPoint| {
                let text = |name: &str| point.payload.get(name)?.as_str().cloned();
                Some((text("user")?, text("kind")?))
            }));
            offset = page.next_page_offset;
            if offset.is_none() {
                return Ok(all);
            }
        }
    }
}
