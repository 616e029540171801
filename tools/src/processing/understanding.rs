//! What a processor is given, and what it makes of it.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use schemars::JsonSchema;
use schemas::conversation::{ConversationCategory, TextSource, TranscriptSegment};
use serde::{Deserialize, Serialize};

/// What is to be understood.
#[derive(Debug, Clone, Copy)]
pub struct Material<'a> {
    /// What was said, in order, with the speakers' names.
    pub segments: &'a [TranscriptSegment],
    /// The text that was handed in, when there is no transcript.
    pub text: Option<&'a str>,
    /// What that text is.
    pub text_source: TextSource,
    /// When the conversation began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// The time zone that the user lives in.
    pub time_zone: Tz,
    /// The language spoken.
    pub language: Option<&'a str>,
    /// What the user has to do already, so that it is not written down again.
    pub open_items: &'a [String],
    /// The folders that the conversation can be filed in.
    pub folders: &'a [FolderChoice],
    /// What the user is called.
    pub user_name: Option<&'a str>,
    /// Whether it is kept in view whatever was said.
    pub manner: Manner,
}

pub use resources::jobs::Manner;

/// A folder that a conversation can be filed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderChoice {
    /// The folder's id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What belongs in it.
    pub description: String,
}

/// What was made of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Understanding {
    /// True only when nothing was said that is worth keeping: noise, greetings, single words.
    pub discard: bool,
    /// What it was about, in at most eight words, without quotation marks or a full stop.
    pub title: String,
    /// What was said, in two to five sentences, with the names of the speakers and no "Speaker 1".
    pub overview: String,
    /// One emoji that fits.
    pub emoji: String,
    /// What it was about, in one word.
    pub category: ConversationCategory,
    /// What the user has undertaken to do, or was asked to do and did not refuse; nothing that is done already.
    pub action_items: Vec<FoundActionItem>,
    /// Appointments with a date and a time.
    pub events: Vec<FoundEvent>,
    /// At most four lasting facts about the user, or about the people in their life.
    pub memories: Vec<FoundMemory>,
    /// The id of the folder that fits best; null when none fits.
    pub folder_id: Option<String>,
}

/// Something that is to be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FoundActionItem {
    /// What is to be done, as an order of at most fifteen words.
    pub description: String,
    /// When it is due, resolved against the time of the conversation; null when no time was named.
    pub due_at: Option<DateTime<Utc>>,
    /// The ids of the segments that it came from.
    pub segment_ids: Vec<String>,
}

/// An appointment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FoundEvent {
    /// What it is, in a few words.
    pub title: String,
    /// More about it; empty when there is nothing to add.
    pub description: String,
    /// When it begins, resolved against the time of the conversation.
    pub start: DateTime<Utc>,
    /// How long it takes, in minutes; 30 when that was not said.
    pub duration_minutes: u32,
}

/// A fact worth remembering.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FoundMemory {
    /// The fact, in one sentence of at most fifteen words that can be read on its own, in the third person, with names
    /// and absolute dates.
    pub content: String,
    /// Whether it is about the user or those in their life.
    pub kind: FactKind,
    /// The ids of the segments that it came from.
    pub segment_ids: Vec<String>,
}

/// What a fact is about: `system` the user and those in their life, `interesting` the world outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum FactKind {
    System,
    Interesting,
}
