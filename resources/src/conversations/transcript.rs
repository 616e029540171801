//! Transcripts of conversations.

use std::collections::HashSet;

use schemas::conversation::{Conversation, TranscriptSegment};
use surrealdb::types::{RecordId, Value};

use super::{Conversations, SegmentRow};
use crate::{
    Result,
    database::{self, Params},
    people::People,
};

/// Some segments of one transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SegmentSelection {
    /// The segment at this index.
    Index(usize),
    /// All segments of this speaker.
    Speaker(i64),
    /// The segments with these ids.
    Ids(HashSet<String>),
    /// The segments of this speaker among those with these ids.
    SpeakerAmong(i64, HashSet<String>),
}

/// The speaker that segments are assigned to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assignee {
    /// The user.
    User,
    /// The person with this id.
    Person(String),
    /// An unknown speaker.
    Unassigned,
}

impl Conversations<'_> {
    /// The transcript of a conversation: segments in order, each with its speaker's name.
    pub async fn transcript(&self, id: &str) -> Result<Vec<TranscriptSegment>> {
        Ok(self.transcripts(&[id.to_owned()]).await?.pop().unwrap_or_default())
    }

    /// Adds the transcripts to conversations.
    pub async fn add_transcripts(&self, conversations: &mut [Conversation]) -> Result<()> {
        let ids: Vec<String> = conversations.iter().map(|conversation| conversation.id.clone()).collect();
        for (conversation, segments) in conversations.iter_mut().zip(self.transcripts(&ids).await?) {
            conversation.transcript_segments = Some(segments);
        }
        Ok(())
    }

    /// The ids of the conversations in which a person speaks; `None` is the user.
    pub async fn spoken_by(&self, person: Option<&str>) -> Result<Vec<String>> {
        let condition = if person.is_some() { "person_id = $person" } else { "is_user = true" };
        let statement = format!(
            "RETURN array::distinct((SELECT VALUE conversation
                FROM segment:[$user, NONE]..=[$user, {{}}] WHERE {condition}))"
        );
        let params = Params::new().with("user", self.user).with("person", person.map(str::to_owned));
        self.database.run(&statement, params).await?.take(0)
    }

    /// Assigns segments to a speaker; returns how many there are.
    pub async fn assign(&self, id: &str, selection: &SegmentSelection, to: &Assignee) -> Result<usize> {
        let rows = self.segment_rows(&[id.to_owned()]).await?.concat();
        let chosen = |(place, row): (usize, SegmentRow)| selection.contains(place, &row).then(|| row.id());
        let ids: Vec<RecordId> = rows.into_iter().enumerate().filter_map(chosen).collect();
        let person = match to {
            Assignee::Person(person) => Some(person.clone()),
            Assignee::User | Assignee::Unassigned => None,
        };
        let params = Params::new().with("is_user", *to == Assignee::User).with("person", person);
        self.update(id, &ids, "is_user = $is_user, person_id = $person", params).await?;
        Ok(ids.len())
    }

    /// Corrects the text of a segment. Returns whether it exists.
    pub async fn correct(&self, id: &str, segment: &str, text: &str) -> Result<bool> {
        let rows = self.segment_rows(&[id.to_owned()]).await?.concat();
        let Some(row) = rows.iter().find(|row| row.sid == segment) else { return Ok(false) };
        self.update(id, &[row.id()], "text = $text", Params::new().with("text", text)).await?;
        Ok(true)
    }

    async fn update(&self, id: &str, segments: &[RecordId], set: &str, params: Params) -> Result<()> {
        let _writing = self.index.outbox.begin_write().await;
        let statements = format!(
            "BEGIN;
            UPDATE $segments SET {set};
            UPDATE $id SET updated_at = $now;
            INSERT INTO outbox $outbox;
            COMMIT;"
        );
        let params = params
            .with("segments", segments.to_vec())
            .with("id", self.record(id))
            .with("now", crate::now())
            .with("outbox", self.outbox_values(&[id.to_owned()]));
        self.database.run(&statements, params).await?;
        self.index.refresh_transcript(self.user, id).await;
        Ok(())
    }

    async fn transcripts(&self, ids: &[String]) -> Result<Vec<Vec<TranscriptSegment>>> {
        let transcripts = self.segment_rows(ids).await?;
        let has_people = transcripts.iter().flatten().any(|row| row.person_id.is_some());
        let names = if has_people {
            People::new(self.database, self.index, self.user).names().await?
        } else {
            Default::default()
        };
        let read = |row: SegmentRow| {
            let name = row.person_id.as_ref().and_then(|person| names.get(person).cloned());
            let segment = TranscriptSegment::from(row);
            TranscriptSegment { speaker_name: name.unwrap_or(segment.speaker_name), ..segment }
        };
        Ok(transcripts.into_iter().map(|rows| rows.into_iter().map(read).collect()).collect())
    }

    /// The rows of each of these transcripts, in order.
    pub(crate) async fn segment_rows(&self, ids: &[String]) -> Result<Vec<Vec<SegmentRow>>> {
        let mut statements = String::new();
        let mut params = Params::new().with("user", self.user);
        for (index, id) in ids.iter().enumerate() {
            statements += &format!("SELECT * FROM segment:[$user, $c{index}, NONE]..=[$user, $c{index}, {{}}];");
            params = params.with(&format!("c{index}"), id.clone());
        }
        let mut answers = self.database.run(&statements, params).await?;
        (0..ids.len()).map(|index| answers.take(index)).collect()
    }

    /// The rows of new segments, the first of them at this place.
    pub(super) fn new_segments(&self, id: &str, first: i64, segments: Vec<TranscriptSegment>) -> Vec<SegmentRow> {
        (first..).zip(segments).map(|(place, segment)| SegmentRow::new(self.user, id, place, segment)).collect()
    }
}

/// The rows of segments, with their ids.
pub(crate) fn segment_values(rows: &[SegmentRow]) -> Vec<Value> {
    rows.iter().map(|row| database::row(row.id(), row.clone())).collect()
}

impl SegmentSelection {
    fn contains(&self, place: usize, row: &SegmentRow) -> bool {
        match self {
            SegmentSelection::Index(wanted) => place == *wanted,
            SegmentSelection::Speaker(speaker) => row.speaker_id == *speaker,
            SegmentSelection::Ids(ids) => ids.contains(&row.sid),
            SegmentSelection::SpeakerAmong(speaker, ids) => row.speaker_id == *speaker && ids.contains(&row.sid),
        }
    }
}
