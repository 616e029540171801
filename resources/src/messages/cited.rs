//! The conversations that messages cite, as apps show them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use schemas::chat::{CitedConversation, CitedTitle, Message};
use surrealdb::types::{RecordId, SurrealValue};

use super::Messages;
use crate::{
    Result,
    database::{Params, record},
};

/// The maximum number of conversations under a message.
const MAX_CITED: usize = 5;

#[derive(SurrealValue)]
struct TitleRow {
    cid: String,
    title: String,
    emoji: String,
    created_at: DateTime<Utc>,
}

impl Messages<'_> {
    /// Adds the conversations that messages cite, with their current titles; deleted ones are left out.
    pub(super) async fn show_cited(&self, messages: &mut [Message]) -> Result<()> {
        let mut ids: Vec<&String> = messages.iter().flat_map(|message| &message.memories_id).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(());
        }
        let ids: Vec<RecordId> = ids.into_iter().map(|id| record("conversation", self.user, id)).collect();
        let statement = "SELECT cid, title, emoji, created_at FROM $ids";
        let rows: Vec<TitleRow> = self.database.run(statement, Params::new().with("ids", ids)).await?.take(0)?;
        let shown: HashMap<String, CitedConversation> =
            rows.into_iter().map(|row| (row.cid.clone(), row.into())).collect();
        for message in messages.iter_mut().filter(|message| !message.memories_id.is_empty()) {
            message.memories =
                message.memories_id.iter().filter_map(|id| shown.get(id).cloned()).take(MAX_CITED).collect();
        }
        Ok(())
    }
}

impl From<TitleRow> for CitedConversation {
    fn from(row: TitleRow) -> Self {
        let TitleRow { cid, title, emoji, created_at } = row;
        Self { id: cid, structured: CitedTitle { title, emoji }, created_at }
    }
}
