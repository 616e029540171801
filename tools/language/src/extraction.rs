//! Extraction by rules: title, overview, action items, events and memories of a conversation.
//!
//! Title and overview work in any language, as they quote what was said. Action items, events and memories are
//! extracted by rules for English; in another language there are none rather than wrong ones.

mod action_items;
pub mod categories;
mod discard;
mod events;
mod memories;
mod overview;
pub mod ranking;
#[cfg(test)]
mod tests;
mod title;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use schemas::conversation::{ConversationCategory, TextSource, TranscriptSegment};
use serde::{Deserialize, Serialize};

use crate::{sentences::Sentence, words, zone::UserZone};
pub use memories::category_of;
use ranking::SentenceRanking;

/// A conversation, with what is needed to process it.
#[derive(Debug, Clone, Copy)]
pub struct ConversationInput<'a> {
    /// The transcript, with the speakers' names.
    pub segments: &'a [TranscriptSegment],
    /// The text that was submitted instead of a transcript.
    pub text: Option<&'a str>,
    /// The kind of that text.
    pub text_source: TextSource,
    /// When the conversation started.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// The user's time zone.
    pub time_zone: UserZone,
    /// The spoken language, as a code; `multi` is any mixture.
    pub language: Option<&'a str>,
    /// The user's open action items, which are not extracted again.
    pub open_items: &'a [OpenItem],
    /// The folders that the conversation can be filed in.
    pub folders: &'a [FolderChoice],
    /// The user's name.
    pub user_name: Option<&'a str>,
    /// Whether the conversation may be discarded.
    pub can_discard: bool,
}

/// An open action item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenItem {
    /// What is to be done.
    pub description: String,
    /// When it is due.
    pub due_at: Option<DateTime<Utc>>,
}

/// The language of a text, as far as the rules tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name says it all")]
pub enum Language {
    English,
    Other,
}

/// A folder that a conversation can be filed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderChoice {
    /// The folder's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What belongs in it.
    pub description: String,
}

/// What was extracted from a conversation. The doc comments are part of the language model's prompt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Extraction {
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
    pub action_items: Vec<ExtractedActionItem>,
    /// Appointments with a date and a time.
    pub events: Vec<ExtractedEvent>,
    /// At most four lasting facts about the user, or about the people in their life.
    pub memories: Vec<ExtractedMemory>,
    /// The id of the folder that fits best; null when none fits.
    pub folder_id: Option<String>,
}

/// Something that is to be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExtractedActionItem {
    /// What is to be done, as an order of at most fifteen words.
    pub description: String,
    /// When it is due, resolved against the time of the conversation; null when no time was named.
    pub due_at: Option<DateTime<Utc>>,
    /// How it recurs, as a recurrence rule of RFC 5545 such as `FREQ=WEEKLY;BYDAY=TU`, whose first time is `due_at`; null
    /// when it does not recur.
    #[serde(default)]
    pub recurrence_rule: Option<String>,
    /// The ids of the segments that it came from.
    pub segment_ids: Vec<String>,
}

/// An appointment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExtractedEvent {
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
pub struct ExtractedMemory {
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

/// Extracts everything that needs no embeddings; the category is left open.
pub fn extract(
    input: &ConversationInput<'_>,
    sentences: &[Sentence],
    ranking: &SentenceRanking,
    language: Language,
) -> Extraction {
    let english = if language == Language::English { sentences } else { &[] };
    let action_items = action_items::extract(input, english);
    let events = events::extract(input, english);
    let memories = memories::extract(input, english);
    let is_empty = action_items.is_empty() && events.is_empty() && memories.is_empty();
    Extraction {
        discard: input.can_discard && is_empty && discard::is_noise(input, sentences),
        title: title::compose(input, sentences, ranking, language),
        overview: overview::summarize(input, sentences, ranking, language),
        emoji: categories::emoji(ConversationCategory::Other).to_owned(),
        category: ConversationCategory::Other,
        action_items,
        events,
        memories,
        folder_id: None,
    }
}

/// The language of a conversation: as it was given, unless that is empty or `multi`; else by its words.
pub fn detect_language(input: &ConversationInput<'_>) -> Language {
    let is_english = match input.language.filter(|language| !matches!(*language, "" | "multi")) {
        Some(language) => language.to_lowercase().starts_with("en"),
        None => {
            let said = input.segments.iter().map(|segment| segment.text.as_str()).chain(input.text);
            words::looks_english(&said.collect::<Vec<_>>().join(" "))
        }
    };
    if is_english { Language::English } else { Language::Other }
}
