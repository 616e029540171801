//! Conversations of other products, as a list of utterances.

use chrono::{DateTime, Utc};
use resources::memories::id_of;
use serde_json::{Value, json};

use super::{item::ImportItem, omi};

/// The assumed rate of speech where an utterance has no end.
const WORDS_PER_SECOND: f64 = 2.5;

/// Names that mean the user.
const USER_NAMES: [&str; 3] = ["me", "i", "user"];

/// The speaker of an utterance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Speaker {
    User,
    Named(String),
    Unknown,
}

/// What a speaker said without interruption.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Utterance {
    pub(super) id: Option<String>,
    pub(super) speaker: Speaker,
    pub(super) text: String,
    /// Seconds from the start of the conversation; `None` means right after the previous utterance.
    pub(super) start: Option<f64>,
    pub(super) end: Option<f64>,
}

/// A conversation from another product.
#[derive(Debug)]
pub(super) struct SourceConversation {
    pub(super) id: String,
    pub(super) title: String,
    /// The overview in the source; if it is empty, this server processes the conversation.
    pub(super) overview: String,
    pub(super) began: DateTime<Utc>,
    pub(super) updated: Option<DateTime<Utc>>,
    pub(super) source: &'static str,
    /// The value of `external_data`.
    pub(super) origin: Value,
    pub(super) utterances: Vec<Utterance>,
}

impl Speaker {
    /// The speaker with this name in a transcript.
    pub(super) fn of(name: &str) -> Self {
        let name = name.trim();
        match name {
            "" => Speaker::Unknown,
            name if USER_NAMES.contains(&name.to_lowercase().as_str()) => Speaker::User,
            name => Speaker::Named(name.to_owned()),
        }
    }
}

impl SourceConversation {
    /// The conversation as an item; it is processed by this server unless it has an overview.
    pub(super) fn into_item(self) -> Result<ImportItem, String> {
        if self.utterances.is_empty() {
            return Err("it has no messages".into());
        }
        let mut speakers = vec![Speaker::User];
        if !self.utterances.iter().any(|said| said.speaker == Speaker::User) {
            speakers.clear();
        }
        let mut segments = Vec::with_capacity(self.utterances.len());
        let mut now: f64 = 0.0;
        for (place, said) in self.utterances.iter().enumerate() {
            let speaker = speakers.iter().position(|speaker| *speaker == said.speaker).unwrap_or_else(|| {
                speakers.push(said.speaker.clone());
                speakers.len() - 1
            });
            let start = said.start.unwrap_or(now).max(0.0);
            let spoken = start + said.text.split_whitespace().count() as f64 / WORDS_PER_SECOND;
            now = said.end.filter(|end| *end >= start).unwrap_or(spoken);
            let id = said.id.clone().unwrap_or_else(|| id_of(&format!("segment\n{}\n{place}", self.id)));
            segments.push(json!({
                "id": id, "text": said.text, "speaker": format!("SPEAKER_{speaker:02}"), "speaker_id": speaker,
                "is_user": said.speaker == Speaker::User, "start": start, "end": now,
            }));
        }
        let names = speakers.iter().enumerate().filter_map(|(number, speaker)| match speaker {
            Speaker::Named(name) => Some((number as i64, name.clone())),
            Speaker::User | Speaker::Unknown => None,
        });
        let ended = self.began + chrono::TimeDelta::milliseconds((now * 1000.0) as i64);
        let row = json!({
            "id": self.id, "created_at": self.began, "started_at": self.began, "finished_at": ended,
            "updated_at": self.updated.unwrap_or(self.began), "source": self.source, "external_data": self.origin,
            "structured": { "title": self.title, "overview": self.overview }, "transcript_segments": segments,
        });
        match omi::conversation(row)? {
            ImportItem::Conversation(kept, _) => Ok(ImportItem::Conversation(kept, names.collect())),
            other => Ok(other),
        }
    }
}
