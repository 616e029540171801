//! What was said in chat, by user.

mod transfer;

use chrono::{DateTime, Utc};
use schemas::chat::Message;
use surrealdb::types::SurrealValue;

use crate::{
    Error, Resources, Result,
    database::{Bound, record, row},
};

/// The chat messages of one user.
pub struct Messages<'a> {
    pub(crate) resources: &'a Resources,
    pub(crate) user: &'a str,
}

#[derive(SurrealValue)]
struct MessageRow {
    user: String,
    app_id: Option<String>,
    created_at: DateTime<Utc>,
    message: serde_json::Value,
}

impl Messages<'_> {
    /// Keeps a message.
    pub async fn save(&self, message: &Message) -> Result<()> {
        let fields = MessageRow {
            user: self.user.to_owned(),
            app_id: message.app_id.clone(),
            created_at: message.created_at,
            message: serde_json::to_value(message).map_err(Error::internal)?,
        };
        let row = row(record("message", self.user, &message.id), fields);
        self.resources.database.run("INSERT INTO message $row", Bound::new().with("row", row)).await.map(drop)
    }

    /// The last `limit` messages with this app, oldest first.
    pub async fn recent(&self, app_id: Option<&str>, limit: u32) -> Result<Vec<Message>> {
        let statement = "SELECT * FROM message WHERE user = $user AND app_id = $app
            ORDER BY created_at DESC LIMIT $limit";
        let bound = Bound::new().with("user", self.user).with("app", app_id.map(str::to_owned)).with("limit", limit);
        let rows: Vec<MessageRow> = self.resources.database.run(statement, bound).await?.take(0)?;
        let read = |row: MessageRow| serde_json::from_value(row.message).map_err(Error::internal);
        rows.into_iter().rev().map(read).collect()
    }
}
