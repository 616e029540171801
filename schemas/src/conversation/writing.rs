//! Writing conversations.

use chrono::{DateTime, FixedOffset, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::*;

/// Write a conversation from a text: a transcript, a message or notes. It is understood at once: title, overview,
/// action items and memories are made of it. Use this for plain text; with speakers and times, use
/// create_conversation_from_segments.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct CreateConversation {
    /// The text.
    #[schemars(length(min = 1, max = 100_000))]
    #[schemars(example = &"Met Ana at the station. She moves to Oslo in May; I promised to send her the photos.")]
    pub text: String,
    /// What the text is.
    #[serde(default)]
    pub text_source: TextSource,
    /// Where the text is from, such as the name of an app.
    #[serde(default)]
    #[schemars(length(max = 256))]
    pub text_source_spec: Option<String>,
    /// When the conversation began; now, when it is not given. Its offset from UTC is where the user was, unless their
    /// time zone is set.
    #[serde(default)]
    pub started_at: Option<DateTime<FixedOffset>>,
    /// When it ended; five minutes after it began, when it is not given.
    #[serde(default)]
    pub finished_at: Option<DateTime<Utc>>,
    /// The language of the text.
    #[serde(default = "english")]
    #[schemars(length(max = 64))]
    pub language: Option<String>,
    /// Where it was.
    #[serde(default)]
    pub geolocation: Option<Geolocation>,
}

fn english() -> Option<String> {
    Some("en".into())
}

/// A stretch of a transcript to be written.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct NewSegment {
    /// What was said.
    #[schemars(length(max = 100_000))]
    pub text: String,
    /// The speaker, as the recogniser labels voices.
    #[serde(default = "first_speaker")]
    #[schemars(length(max = 128))]
    pub speaker: String,
    /// The number of that label, when it does not say it itself.
    #[serde(default)]
    pub speaker_id: Option<i64>,
    /// Whether the user said it.
    #[serde(default)]
    pub is_user: bool,
    /// The person who said it.
    #[serde(default)]
    pub person_id: Option<String>,
    /// Seconds from the start of the conversation to the segment's start.
    pub start: f64,
    /// Seconds from the start of the conversation to the segment's end.
    pub end: f64,
}

fn first_speaker() -> String {
    "SPEAKER_00".into()
}

/// Write a conversation from the segments of its transcript. It is understood at once: title, overview, action items
/// and memories are made of it. Use this where speakers and times are known; for plain text, use create_conversation.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct CreateConversationFromSegments {
    /// What was said, in order.
    #[schemars(length(min = 1, max = 500))]
    pub transcript_segments: Vec<NewSegment>,
    /// The device or app that it came from; a name that is not known counts as `unknown`.
    #[serde(default)]
    #[schemars(length(max = 128))]
    pub source: Option<String>,
    /// When the conversation began; now, when it is not given. Its offset from UTC is where the user was, unless their
    /// time zone is set.
    #[serde(default)]
    pub started_at: Option<DateTime<FixedOffset>>,
    /// When it ended; when its last segment ends, when it is not given.
    #[serde(default)]
    pub finished_at: Option<DateTime<Utc>>,
    /// The language spoken.
    #[serde(default = "english")]
    #[schemars(length(max = 64))]
    pub language: Option<String>,
    /// Where it was.
    #[serde(default)]
    pub geolocation: Option<Geolocation>,
    /// Names the recording on the client: writing it again changes nothing and answers with the same conversation.
    #[serde(default)]
    #[schemars(length(min = 1, max = 200))]
    pub client_session_id: Option<String>,
    /// The device that recorded it.
    #[serde(default)]
    pub client_device_id: Option<String>,
    /// The platform of that device.
    #[serde(default)]
    #[schemars(length(max = 128))]
    pub client_platform: Option<String>,
}

/// What became of a conversation that was written.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CreatedConversation {
    /// Its id.
    pub id: String,
    /// Where it stands: `completed`; `processing` when understanding it takes long; `failed` when it is tried again;
    /// `deleted` when it was written before and has been deleted since.
    pub status: String,
    /// Whether it was judged not worth keeping in view.
    pub discarded: bool,
}

/// End the conversation that is being recorded, and process it. Use this to wait for the outcome; to go on at once, use
/// finalize_conversation.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct FinalizeCurrentConversation {
    /// The meeting that it belongs to.
    #[serde(default)]
    pub calendar_meeting_context: Option<serde_json::Map<String, serde_json::Value>>,
}

/// A conversation that was ended, and what apps had to say to it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FinalizedConversation {
    /// The conversation.
    pub conversation: Conversation,
    /// Messages of apps; there are none yet.
    pub messages: Vec<serde_json::Value>,
}

/// End a conversation that is being recorded, and process it in the background. Use this to go on at once; to wait for
/// the outcome, use finalize_current_conversation.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct FinalizeConversation {
    /// The conversation's id.
    pub conversation_id: String,
    /// The meeting that it belongs to.
    #[serde(default)]
    pub calendar_meeting_context: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Say how far the understanding of a conversation is. Use this after finalize_conversation; for what came of it, use
/// get_conversation_by_id.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetFinalization {
    /// The conversation's id.
    pub conversation_id: String,
}

/// Understand a conversation once more, with the model that is configured now. Its action items and memories are
/// replaced, but for those that the user has changed. Use this for a poor summary; to correct its words, use
/// edit_conversation_summary.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ReprocessConversation {
    /// The conversation's id.
    pub conversation_id: String,
    /// The language spoken, where it was not recognised rightly.
    #[serde(default)]
    #[schemars(length(max = 64))]
    pub language_code: Option<String>,
    /// The app that is to summarise it; there are none yet.
    #[serde(default)]
    pub app_id: Option<String>,
}

/// Make one conversation of several; they are replaced by it. Use this for parts of one talk; to keep several together
/// as they are, use move_conversations.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct MergeConversations {
    /// The conversations' ids.
    #[schemars(length(min = 2, max = 100))]
    pub conversation_ids: Vec<String>,
    /// Whether the new conversation is understood anew; else the titles and overviews are joined.
    #[serde(default = "yes")]
    pub reprocess: bool,
}

fn yes() -> bool {
    true
}

/// A merge that has begun.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MergeStarted {
    /// Always `merging`.
    pub status: String,
    /// A sentence for people.
    pub message: String,
    /// What may be unexpected.
    pub warning: Option<String>,
    /// The conversations that are merged.
    pub conversation_ids: Vec<String>,
    /// The id that the new conversation will have; follow it by its finalization.
    pub conversation_id: String,
}

/// Try a prompt on a conversation: the language model answers it from the transcript. Use this to judge a prompt; to
/// ask about what was said, use ask.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct TestPrompt {
    /// The conversation's id.
    pub conversation_id: String,
    /// What the model is to do.
    #[schemars(length(min = 1, max = 20_000))]
    pub prompt: String,
}

/// What the model answered.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PromptTested {
    /// Its answer.
    pub summary: String,
}
