//! Finding what was said, and the conversations that it was said in.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::conversation::Conversation;

/// Find what was said, word for word: the segments of transcripts that answer a question best. Use this to recall who
/// said what, and when; use search_conversations for what whole conversations were about.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SearchTranscripts {
    /// What to look for, in plain words: a question or a few keywords. Names of speakers, months, days and years count.
    #[schemars(example = &"What did Ana say about Oslo in May?")]
    #[schemars(length(min = 1, max = 2000))]
    pub query: String,
    /// How many to return, best first.
    #[serde(default = "some_segments")]
    #[schemars(range(min = 1, max = 50))]
    pub limit: u32,
    /// Only what was said at or after this time.
    #[serde(default)]
    pub after: Option<DateTime<Utc>>,
    /// Only what was said before this time.
    #[serde(default)]
    pub before: Option<DateTime<Utc>>,
    /// Only what this speaker said: a name as transcripts show it, such as `Ana` or `Speaker 1`.
    #[serde(default)]
    #[schemars(length(min = 1, max = 256))]
    pub speaker: Option<String>,
    /// Only what the person with this id said.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub person_id: Option<String>,
    /// Only what was said in the conversation with this id.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub conversation_id: Option<String>,
}

fn some_segments() -> u32 {
    10
}

/// A segment that answers a search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FoundSegment {
    /// The conversation it was said in.
    #[schemars(example = &"0b7a6f6e-54a5-4c8a-8d0e-6f1f4b1f8a11")]
    pub conversation_id: String,
    /// What that conversation was about, in a few words; empty before it is understood.
    #[schemars(example = &"Planning the trip to Oslo")]
    pub conversation_title: String,
    /// The segment.
    #[schemars(example = &"5f0c1c0e-7a7c-4f2f-9b0e-2f1d6a3a9f52")]
    pub segment_id: String,
    /// Who said it.
    #[schemars(example = &"Ana")]
    pub speaker_name: String,
    /// What was said.
    #[schemars(example = &"Let's meet on Friday at three.")]
    pub text: String,
    /// When it was said.
    pub spoken_at: DateTime<Utc>,
    /// Its relevance, 0 to 1, comparable within one response.
    pub score: f32,
}

/// The segments that answer a search.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FoundSegments {
    /// Best first.
    pub items: Vec<FoundSegment>,
}

/// The last page of found conversations.
pub const MAX_SEARCH_PAGE: u32 = 100;

/// Find conversations by what they were about and by what was said in them, with the words that match. Use this to recall
/// when something was talked about; then get_conversation_by_id for what was said.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SearchConversations {
    /// A question or a few words; an empty one lists all of the dates and the speaker, newest first.
    #[schemars(example = &"the trip to Oslo")]
    #[schemars(length(max = 2000))]
    pub query: String,
    /// Only those from this time on, or this day.
    #[serde(default)]
    pub start_date: Option<DateTime<Utc>>,
    /// Only those up to this time, or the end of this day.
    #[serde(default)]
    pub end_date: Option<DateTime<Utc>>,
    /// Only those in which this person speaks: the id of a person, or `user`.
    #[serde(default)]
    pub speaker_id: Option<String>,
    /// Whether a list without a query contains those that were judged not worth keeping in view; a search never does.
    #[serde(default)]
    pub include_discarded: bool,
    /// How many to return, best first.
    #[serde(default = "some_conversations")]
    #[schemars(range(min = 1, max = 100))]
    pub limit: u32,
    /// Which page of so many, from 1.
    #[serde(default = "first_page")]
    #[schemars(range(min = 1, max = MAX_SEARCH_PAGE))]
    pub page: u32,
}

fn some_conversations() -> u32 {
    10
}

fn first_page() -> u32 {
    1
}

/// Words of a conversation that match.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MatchSnippet {
    /// The segment.
    pub segment_id: String,
    /// Who said it.
    #[schemars(example = &"Ana")]
    pub speaker_name: String,
    /// What was said, or the part of it that matches.
    #[schemars(example = &"… and then we take the night train to Oslo …")]
    pub text: String,
    /// When it was said.
    pub spoken_at: DateTime<Utc>,
}

/// A conversation that answers a search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FoundConversation {
    /// The conversation, without its transcript.
    #[serde(flatten)]
    pub conversation: Conversation,
    /// Its relevance, 0 to 1, comparable within one response; 1 in a list without a query.
    pub relevance_score: f32,
    /// What was said in it that matches, best first; none when only its summary does.
    pub match_snippets: Vec<MatchSnippet>,
}

/// The conversations that answer a search.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FoundConversations {
    /// Best first.
    pub conversations: Vec<FoundConversation>,
    /// Which page this is.
    pub current_page: u32,
    /// How many conversations a page has.
    pub per_page: u32,
    /// How many pages there are, as far as is known: this one, or one more.
    pub total_pages: u32,
}
