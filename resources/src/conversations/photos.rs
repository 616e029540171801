//! Pictures taken during a conversation.

use schemas::conversation::ConversationPhoto;
use surrealdb::types::{Array, RecordId, SurrealValue, Value};

use super::Conversations;
use crate::{
    Result,
    database::{self, Json, Params},
};

/// A row of `photo`; its id is user, conversation and the photo's own id.
#[derive(SurrealValue)]
struct PhotoRow {
    user: String,
    conversation: String,
    photo: Json<ConversationPhoto>,
}

impl Conversations<'_> {
    /// The photos of a conversation, oldest first.
    pub async fn photos(&self, id: &str) -> Result<Vec<ConversationPhoto>> {
        let statement = "SELECT * FROM photo:[$user, $cid, NONE]..=[$user, $cid, {}]";
        let params = Params::new().with("user", self.user).with("cid", id);
        let rows: Vec<PhotoRow> = self.database.run(statement, params).await?.take(0)?;
        let mut photos: Vec<ConversationPhoto> = rows.into_iter().map(|row| row.photo.0).collect();
        photos.sort_by_key(|photo| photo.created_at);
        Ok(photos)
    }

    /// Keeps photos of a conversation; one that is there already is replaced.
    pub async fn save_photos(&self, id: &str, photos: Vec<ConversationPhoto>) -> Result<()> {
        let rows: Vec<_> = photos.into_iter().map(|photo| self.photo_value(id, photo)).collect();
        let statement = "FOR $row IN $rows { LET $id = $row.id; UPSERT $id CONTENT $row; }";
        self.database.run(statement, Params::new().with("rows", rows)).await.map(drop)
    }
    /// The row of a photo.
    pub(super) fn photo_value(&self, id: &str, mut photo: ConversationPhoto) -> Value {
        let key = photo.id.get_or_insert_with(crate::new_id).clone();
        let key = Array::from(vec![self.user.to_owned(), id.to_owned(), key]);
        let fields = PhotoRow { user: self.user.to_owned(), conversation: id.to_owned(), photo: Json(photo) };
        database::row(RecordId::new("photo", key), fields)
    }
}
