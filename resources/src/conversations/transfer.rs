//! Export and import of a user\'s conversations.

use schemas::conversation::{Conversation, ConversationPhoto, ConversationStatus};
use surrealdb::types::{RecordId, Value};

use super::{ConversationRow, Conversations, segment_values};
use crate::{
    Result,
    database::{self, Params},
    jobs,
    transfer::{ExportedConversation, in_order},
};

impl Conversations<'_> {
    /// The ids of all conversations, in order.
    pub async fn ids(&self) -> Result<Vec<String>> {
        self.database.keys("conversation", "cid", self.user).await
    }

    /// Those of the conversations called `ids` that exist.
    pub async fn known(&self, ids: &[String]) -> Result<Vec<String>> {
        let records: Vec<RecordId> = ids.iter().map(|id| self.record(id)).collect();
        self.database.run("SELECT VALUE cid FROM $ids", Params::new().with("ids", records)).await?.take(0)
    }

    /// The conversations called `ids`, in that order, with transcripts and photos.
    pub async fn export(&self, ids: &[String]) -> Result<Vec<ExportedConversation>> {
        let records: Vec<RecordId> = ids.iter().map(|id| self.record(id)).collect();
        let params = Params::new().with("ids", records);
        let rows: Vec<ConversationRow> = self.database.run("SELECT * FROM $ids", params).await?.take(0)?;
        let rows = in_order(rows, ids, |row| &row.cid);
        let titled: Vec<bool> = rows.iter().map(|row| row.parts.0.titled).collect();
        let mut conversations = self.with_related(rows).await?;
        self.add_transcripts(&mut conversations).await?;
        let mut exported = Vec::with_capacity(conversations.len());
        for (mut conversation, titled) in conversations.into_iter().zip(titled) {
            conversation.photos = self.photos(&conversation.id).await?;
            exported.push(ExportedConversation { conversation, titled });
        }
        Ok(exported)
    }

    /// Writes a conversation unchanged, with its transcript, its photos and, when it is still to be processed, a job, in
    /// one transaction. An existing id is not overwritten; returns whether this one is new.
    pub async fn import(&self, mut exported: ExportedConversation) -> Result<bool> {
        let _writing = self.index.outbox.begin_write().await;
        let Conversation { id, status, .. } = exported.conversation.clone();
        let segments = exported.conversation.transcript_segments.take().unwrap_or_default();
        let photos = std::mem::take(&mut exported.conversation.photos);
        let is_processed = status == ConversationStatus::Processing;
        let statements = "BEGIN;
            LET $new = (INSERT IGNORE INTO conversation $row);
            IF count($new) > 0 {
                INSERT INTO segment $segments;
                INSERT INTO photo $photos;
                INSERT INTO outbox $outbox;
                IF $job != NONE { UPSERT $job.id CONTENT $job; };
            };
            RETURN count($new) > 0;
            COMMIT;";
        let row = database::row(self.record(&id), ConversationRow::of(self.user, &exported));
        let params = Params::new()
            .with("row", row)
            .with("segments", segment_values(&self.new_segments(&id, 0, segments)))
            .with("photos", self.photo_values(&id, photos))
            .with("outbox", self.outbox_values(std::slice::from_ref(&id)))
            .with("job", is_processed.then(|| jobs::row(self.user, &id, jobs::ProcessMode::Forced)));
        let is_new = self.database.run(statements, params).await?.take(3)?;
        self.index.outbox.wake();
        Ok(is_new)
    }

    fn photo_values(&self, id: &str, photos: Vec<ConversationPhoto>) -> Vec<Value> {
        photos.into_iter().map(|photo| self.photo_value(id, photo)).collect()
    }
}
