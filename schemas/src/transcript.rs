//! Finding what was said.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    #[schemars(length(min = 1))]
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
    /// How well it fits, 0 to 1, comparable within one answer.
    pub score: f32,
}

/// The segments that answer a search.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FoundSegments {
    /// Best first.
    pub items: Vec<FoundSegment>,
}
