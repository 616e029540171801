//! What understands conversations.

use resources::Resources;

use super::{
    local, model,
    understanding::{Material, Understanding},
};
use crate::Result;

/// Makes of what was said what is worth keeping of it.
pub(super) trait Processor: Sync {
    /// What it makes of a conversation.
    fn understand(&self, material: &Material<'_>) -> impl Future<Output = Result<Understanding>> + Send;
}

/// The configured language model.
pub(super) struct Model<'a>(pub(super) &'a resources::Model);

/// Rules, which need nobody.
pub(super) struct Local<'a>(pub(super) &'a Resources);

impl Processor for Model<'_> {
    async fn understand(&self, material: &Material<'_>) -> Result<Understanding> {
        model::understand(material, self.0).await
    }
}

impl Processor for Local<'_> {
    async fn understand(&self, material: &Material<'_>) -> Result<Understanding> {
        local::understand(material, self.0).await
    }
}
