//! What the database has of transcripts, as far as search needs it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use surrealdb::types::{Array, RecordId, SurrealValue, Value};

use crate::{
    Index, Result,
    database::{Params, record},
};

/// A row of `segment`.
#[derive(Debug, Clone, SurrealValue)]
pub(super) struct SegmentRow {
    pub(super) conversation: String,
    pub(super) place: i64,
    pub(super) sid: String,
    pub(super) text: String,
    pub(super) speaker: String,
    pub(super) speaker_id: i64,
    pub(super) is_user: bool,
    pub(super) person_id: Option<String>,
    pub(super) start: f64,
    pub(super) end: f64,
}

/// What a hit says of its conversation.
#[derive(Debug, Clone, SurrealValue)]
pub(super) struct ConversationRow {
    pub(super) key: String,
    pub(super) user: String,
    pub(super) title: String,
    pub(super) overview: String,
    pub(super) category: String,
    pub(super) at: DateTime<Utc>,
    pub(super) discarded: bool,
}

#[derive(SurrealValue)]
struct PersonRow {
    key: String,
    name: String,
}

/// The names of a user's people, by their ids.
pub(super) type Names = HashMap<String, String>;

const CONVERSATION: &str = "SELECT cid AS key, user, title, overview, category, started_at ?? created_at AS at, \
    discarded FROM $conversations";
const PEOPLE: &str = "SELECT pid AS key, name FROM $people";

impl Index {
    /// A conversation and its segments, in order; `None` when it is not there.
    pub(super) async fn read_transcript(
        &self,
        user: &str,
        conversation: &str,
    ) -> Result<Option<(ConversationRow, Vec<SegmentRow>)>> {
        let statements = format!(
            "SELECT * FROM segment:[$user, $conversation, NONE]..=[$user, $conversation, {{}}]; {CONVERSATION};"
        );
        let params = Params::new()
            .with("user", user)
            .with("conversation", conversation)
            .with("conversations", vec![record("conversation", user, conversation)]);
        let mut answers = self.database.run(&statements, params).await?;
        let (segments, conversations): (_, Vec<ConversationRow>) = (answers.take(0)?, answers.take(1)?);
        Ok(conversations.into_iter().next().map(|conversation| (conversation, segments)))
    }

    /// These conversations, whoever they belong to; what is gone is left out.
    pub(super) async fn read_summaries(&self, conversations: Vec<RecordId>) -> Result<Vec<ConversationRow>> {
        self.database.run(CONVERSATION, Params::new().with("conversations", conversations)).await?.take(0)
    }

    /// The segments at these places of these conversations, and the conversations; what is gone is left out.
    pub(super) async fn read_segments(
        &self,
        user: &str,
        places: &[(&str, i64)],
    ) -> Result<(Vec<SegmentRow>, Vec<ConversationRow>)> {
        let segments: Vec<RecordId> = places.iter().map(|place| segment(user, *place)).collect();
        let mut ids: Vec<&str> = places.iter().map(|(conversation, _)| *conversation).collect();
        ids.sort_unstable();
        ids.dedup();
        let conversations: Vec<RecordId> = ids.iter().map(|id| record("conversation", user, id)).collect();
        let statements = format!("SELECT * FROM $segments; {CONVERSATION};");
        let params = Params::new().with("segments", segments).with("conversations", conversations);
        let mut answers = self.database.run(&statements, params).await?;
        Ok((answers.take(0)?, answers.take(1)?))
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
        let rows: Vec<PersonRow> = self.database.run(PEOPLE, Params::new().with("people", people)).await?.take(0)?;
        Ok(rows.into_iter().map(|row| (row.key, row.name)).collect())
    }
}

impl SegmentRow {
    /// The name of whoever says it: that of the person, `User`, or `Speaker 1`.
    pub(super) fn speaker_name(&self, names: &Names) -> String {
        let person = self.person_id.as_ref().and_then(|id| names.get(id)).cloned();
        person.unwrap_or_else(|| if self.is_user { "User".to_owned() } else { format!("Speaker {}", self.speaker_id) })
    }
}

fn segment(user: &str, (conversation, place): (&str, i64)) -> RecordId {
    let key = [user.to_owned().into_value(), conversation.to_owned().into_value(), Value::from_t(place)];
    RecordId::new("segment", Array::from(key.to_vec()))
}
