//! The memories that were drawn from conversations.

use super::Memories;
use crate::{Result, database::Bound};

impl Memories<'_> {
    /// Has the memories of some conversations belong to another one, which takes their place.
    pub async fn adopt(&self, from: &[String], to: &str) -> Result<()> {
        let statement = "UPDATE memory SET provenance.conversation_id = $to
            WHERE user = $user AND provenance.conversation_id IN $from";
        let bound = Bound::new().with("user", self.user).with("from", from.to_vec()).with("to", to);
        self.resources.database.run(statement, bound).await.map(drop)
    }

    /// Deletes the memories that were drawn from a conversation.
    pub async fn delete_of_conversation(&self, id: &str) -> Result<()> {
        let statement = "SELECT VALUE mid FROM memory WHERE user = $user AND provenance.conversation_id = $id";
        let bound = Bound::new().with("user", self.user).with("id", id);
        let ids: Vec<String> = self.resources.database.run(statement, bound).await?.take(0)?;
        if !ids.is_empty() {
            self.delete(&ids).await?;
        }
        Ok(())
    }
}
