//! Migrations of collections that an older release created.

use std::collections::BTreeSet;

use qdrant_client::Payload;
use qdrant_client::qdrant::{
    Condition, DeleteFieldIndexCollectionBuilder, Filter, ScrollPointsBuilder, SetPayloadPointsBuilder,
    UpdateCollection,
};

use super::requests::{fields, hnsw_config};
use super::{Remote, text_field};
use crate::Result;
use crate::vectors::point::{TENANT, tenant_key};

impl Remote {
    /// Writes the tenant into every point where no tenant is indexed: in older releases, user and kind were two fields.
    ///
    /// The index of the tenant shows that this was done, so it is created after all else.
    pub(super) async fn migrate(&self) -> Result<()> {
        let info = self.client.collection_info(&self.collection).await.map_err(|error| self.to_error(error))?;
        if info.result.is_some_and(|info| info.payload_schema.contains_key(TENANT)) {
            return Ok(());
        }
        let metadata = self.metadata().await?;
        tracing::info!("migrating the vector index of an older release");
        for (user, kind) in self.tenants().await? {
            let tenant = Payload::from([(TENANT, tenant_key(&user, &kind).into())]);
            let filter = Filter::must([Condition::matches("user", user), Condition::matches("kind", kind)]);
            // The server does one after the other; there is no need to wait for each of them.
            let request = SetPayloadPointsBuilder::new(&self.collection, tenant).points_selector(filter).wait(false);
            self.client.set_payload(request).await.map_err(|error| self.to_error(error))?;
        }
        for name in ["user", "kind"] {
            let request = DeleteFieldIndexCollectionBuilder::new(&self.collection, name).wait(false);
            self.client.delete_field_index(request).await.map_err(|error| self.to_error(error))?;
        }
        let collection_name = self.collection.clone();
        let hnsw_config = Some(hnsw_config(metadata.dimension));
        let request = UpdateCollection { collection_name, hnsw_config, ..UpdateCollection::default() };
        self.client.update_collection(request).await.map_err(|error| self.to_error(error))?;
        Ok(())
    }

    /// Every user and kind that the collection has a point of.
    async fn tenants(&self) -> Result<BTreeSet<(String, String)>> {
        let request = ScrollPointsBuilder::new(&self.collection);
        let request = request.with_payload(fields(&["user", "kind"])).with_vectors(false);
        let tenants = self.scroll(request, |point| Some((text_field(&point, "user")?, text_field(&point, "kind")?)));
        Ok(tenants.await?.into_iter().collect())
    }
}
