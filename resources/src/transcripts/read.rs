//! Reading of transcripts for the index and for hits.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use surrealdb::types::{RecordId, SurrealValue};

use crate::{
    Index, Result,
    conversations::{ConversationRow, SegmentRow, segment_record},
    database::{Params, record},
};

/// What a hit shows of its conversation.
#[derive(Debug, Clone, SurrealValue)]
pub(super) struct ConversationHeader {
    pub(super) cid: String,
    pub(super) title: String,
    pub(super) start: DateTime<Utc>,
}

#[derive(SurrealValue)]
struct PersonName {
    pid: String,
    name: String,
}

/// The names of a user's people, by their ids.
pub(super) type Names = HashMap<String, String>;

impl Index {
    /// A conversation and its segments, in order; `None` when it does not exist.
    pub(super) async fn read_transcript(
        &self,
        user: &str,
        conversation: &str,
    ) -> Result<Option<(ConversationRow, Vec<SegmentRow>)>> {
        let statements = "SELECT * FROM segment:[$user, $conversation, NONE]..=[$user, $conversation, {}];
            SELECT * FROM $id;";
        let params = Params::new()
            .with("user", user)
            .with("conversation", conversation)
            .with("id", record("conversation", user, conversation));
        let mut results = self.database.run(statements, params).await?;
        let (segments, conversations): (_, Vec<ConversationRow>) = (results.take(0)?, results.take(1)?);
        Ok(conversations.into_iter().next().map(|conversation| (conversation, segments)))
    }

    /// The segments at these places of these conversations, and the conversations; those that are gone are left out.
    pub(super) async fn read_segments(
        &self,
        user: &str,
        places: &[(&str, i64)],
    ) -> Result<(Vec<SegmentRow>, Vec<ConversationHeader>)> {
        let segments: Vec<RecordId> =
            places.iter().map(|(conversation, place)| segment_record(user, conversation, *place)).collect();
        let mut ids: Vec<&str> = places.iter().map(|(conversation, _)| *conversation).collect();
        ids.sort_unstable();
        ids.dedup();
        let conversations: Vec<RecordId> = ids.iter().map(|id| record("conversation", user, id)).collect();
        let statements = "SELECT * FROM $segments;
            SELECT cid, title, started_at ?? created_at AS start FROM $conversations;";
        let params = Params::new().with("segments", segments).with("conversations", conversations);
        let mut results = self.database.run(statements, params).await?;
        Ok((results.take(0)?, results.take(1)?))
    }

    /// The names of the people who speak in these segments.
    pub(super) async fn names_in(&self, user: &str, segments: &[SegmentRow]) -> Result<Names> {
        let mut ids: Vec<&String> = segments.iter().filter_map(|segment| segment.person_id.as_ref()).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(Names::new());
        }
        let people: Vec<RecordId> = ids.into_iter().map(|id| record("person", user, id)).collect();
        let params = Params::new().with("people", people);
        let rows: Vec<PersonName> = self.database.run("SELECT pid, name FROM $people", params).await?.take(0)?;
        Ok(rows.into_iter().map(|row| (row.pid, row.name)).collect())
    }
}
