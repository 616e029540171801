//! All chat messages of a user out of one data folder and into another, as they are.

use schemas::chat::Message;
use surrealdb::types::{RecordId, Value};

use super::{MessageRow, Messages};
use crate::{
    Error, Result,
    database::{Bound, record, row},
    transfer::in_order,
};

impl Messages<'_> {
    /// The ids of all messages, in their order.
    pub async fn ids(&self) -> Result<Vec<String>> {
        self.resources.database.keys("message", "message.id", self.user).await
    }

    /// The messages called `ids`, in that order.
    pub async fn export(&self, ids: &[String]) -> Result<Vec<Message>> {
        let records: Vec<RecordId> = ids.iter().map(|id| record("message", self.user, id)).collect();
        let bound = Bound::new().with("ids", records);
        let rows: Vec<MessageRow> = self.resources.database.run("SELECT * FROM $ids", bound).await?.take(0)?;
        let read = |row: MessageRow| serde_json::from_value(row.message).map_err(Error::internal);
        let messages = rows.into_iter().map(read).collect::<Result<Vec<Message>>>()?;
        Ok(in_order(messages, ids, |message| &message.id))
    }

    /// Writes messages as they are. One whose id is there already is left alone; gives the ids of the new ones.
    pub async fn import(&self, messages: Vec<Message>) -> Result<Vec<String>> {
        let mut rows: Vec<Value> = Vec::with_capacity(messages.len());
        for message in messages {
            let fields = MessageRow {
                user: self.user.to_owned(),
                app_id: message.app_id.clone(),
                created_at: message.created_at,
                message: serde_json::to_value(&message).map_err(Error::internal)?,
            };
            rows.push(row(record("message", self.user, &message.id), fields));
        }
        let statement = "RETURN (INSERT IGNORE INTO message $rows).map(|$row| $row.message.id)";
        self.resources.database.run(statement, Bound::new().with("rows", rows)).await?.take(0)
    }
}
