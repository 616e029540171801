//! A conversation made of who said what.

use chrono::{DateTime, Utc};
use resources::memories::id_of;
use serde_json::{Value, json};

use super::{item::Thing, omi};

/// How many words are spoken in a second, for want of an end.
const WORDS_PER_SECOND: f64 = 2.5;

/// Names that mean the user.
const USER: [&str; 3] = ["me", "i", "user"];

/// Who says something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Voice {
    User,
    Named(String),
    Nobody,
}

/// What somebody says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Said {
    pub(super) id: Option<String>,
    pub(super) voice: Voice,
    pub(super) text: String,
    /// Seconds from the beginning; none follows what was said before.
    pub(super) start: Option<f64>,
    pub(super) end: Option<f64>,
}

/// A conversation that was held elsewhere.
#[derive(Debug)]
pub(super) struct Speech {
    pub(super) id: String,
    pub(super) title: String,
    /// What it came to, where the source says that; else it is found out here.
    pub(super) overview: String,
    pub(super) began: DateTime<Utc>,
    pub(super) updated: Option<DateTime<Utc>>,
    pub(super) source: &'static str,
    /// What stands in `external_data`.
    pub(super) origin: Value,
    pub(super) said: Vec<Said>,
}

impl Voice {
    /// The voice that a transcript calls by this name.
    pub(super) fn of(name: &str) -> Self {
        let name = name.trim();
        match name {
            "" => Voice::Nobody,
            name if USER.contains(&name.to_lowercase().as_str()) => Voice::User,
            name => Voice::Named(name.to_owned()),
        }
    }
}

impl Speech {
    /// The conversation, to be understood here unless the source has said what it came to.
    pub(super) fn into_item(self) -> Result<Thing, String> {
        if self.said.is_empty() {
            return Err("nothing is said in it".into());
        }
        let mut voices = vec![Voice::User];
        if !self.said.iter().any(|said| said.voice == Voice::User) {
            voices.clear();
        }
        let mut segments = Vec::with_capacity(self.said.len());
        let mut now: f64 = 0.0;
        for (place, said) in self.said.iter().enumerate() {
            let speaker = voices.iter().position(|voice| *voice == said.voice).unwrap_or_else(|| {
                voices.push(said.voice.clone());
                voices.len() - 1
            });
            let start = said.start.unwrap_or(now).max(0.0);
            let spoken = start + said.text.split_whitespace().count() as f64 / WORDS_PER_SECOND;
            now = said.end.filter(|end| *end >= start).unwrap_or(spoken);
            let id = said.id.clone().unwrap_or_else(|| id_of(&format!("segment\n{}\n{place}", self.id)));
            segments.push(json!({
                "id": id, "text": said.text, "speaker": format!("SPEAKER_{speaker:02}"), "speaker_id": speaker,
                "is_user": said.voice == Voice::User, "start": start, "end": now,
            }));
        }
        let names = voices.iter().enumerate().filter_map(|(number, voice)| match voice {
            Voice::Named(name) => Some((number as i64, name.clone())),
            Voice::User | Voice::Nobody => None,
        });
        let ended = self.began + chrono::TimeDelta::milliseconds((now * 1000.0) as i64);
        let row = json!({
            "id": self.id, "created_at": self.began, "started_at": self.began, "finished_at": ended,
            "updated_at": self.updated.unwrap_or(self.began), "source": self.source, "external_data": self.origin,
            "structured": { "title": self.title, "overview": self.overview }, "transcript_segments": segments,
        });
        match omi::conversation(row)? {
            Thing::Conversation(kept, _) => Ok(Thing::Conversation(kept, names.collect())),
            other => Ok(other),
        }
    }
}
