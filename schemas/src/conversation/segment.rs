//! What was said: the segments of a transcript.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A text in another language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Translation {
    /// The language, such as `en`.
    pub lang: String,
    /// The text.
    pub text: String,
}

/// A stretch of a transcript that one speaker said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TranscriptSegment {
    /// Identifies the segment.
    #[schemars(example = &"5f0c1c0e-7a7c-4f2f-9b0e-2f1d6a3a9f52")]
    pub id: String,
    /// What was said.
    #[schemars(example = &"Let's meet on Friday at three.")]
    pub text: String,
    /// The speaker, as the recogniser labels voices.
    #[schemars(example = &"SPEAKER_00")]
    pub speaker: String,
    /// The number of that label.
    pub speaker_id: i64,
    /// The speaker's name: that of the person, `User`, or `Speaker 1`.
    pub speaker_name: String,
    /// Whether the user said it.
    pub is_user: bool,
    /// The person who said it.
    pub person_id: Option<String>,
    /// Seconds from the start of the conversation to the segment's start.
    pub start: f64,
    /// Seconds from the start of the conversation to the segment's end.
    pub end: f64,
    /// The text in other languages.
    pub translations: Vec<Translation>,
    /// Whether voices were compared with known ones.
    pub speech_profile_processed: bool,
    /// The recogniser that produced it.
    pub stt_provider: Option<String>,
}
