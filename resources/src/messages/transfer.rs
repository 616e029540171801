//! Export and import of a user\'s chat messages.

use schemas::chat::Message;
use surrealdb::types::Value;

use super::{MessageRow, Messages};
use crate::{Result, database::Params, transfer::in_order};

impl Messages<'_> {
    /// The ids of all messages, in order.
    pub async fn ids(&self) -> Result<Vec<String>> {
        self.database.keys("message", "message.id", self.user).await
    }

    /// The messages called `ids`, in that order, without the session: that is another one wherever they go.
    pub async fn export(&self, ids: &[String]) -> Result<Vec<Message>> {
        let params = Params::new().with("ids", self.records(ids));
        let rows: Vec<MessageRow> = self.database.run("SELECT * FROM $ids", params).await?.take(0)?;
        let messages = rows.into_iter().map(|row| row.message.0).collect();
        Ok(in_order(messages, ids, |message| &message.id))
    }

    /// Writes messages unchanged. One whose id is there already is not changed; returns the ids of the new ones.
    pub async fn import(&self, messages: Vec<Message>) -> Result<Vec<String>> {
        let rows: Vec<Value> = messages.iter().map(|message| self.row(message)).collect();
        let statement = "RETURN (INSERT IGNORE INTO message $rows).map(|$row| $row.message.id)";
        self.database.run(statement, Params::new().with("rows", rows)).await?.take(0)
    }
}
