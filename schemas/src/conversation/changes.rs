//! Changing and deleting conversations.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::*;

/// Change the title of a conversation, or whether it is listed. Use this for its title; for its overview, use
/// edit_conversation_summary.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct EditConversation {
    /// The conversation's id.
    pub conversation_id: String,
    /// The new title.
    #[serde(default)]
    #[schemars(length(min = 1, max = 500))]
    pub title: Option<String>,
    /// Whether it is hidden from lists.
    #[serde(default)]
    pub discarded: Option<bool>,
}

/// A conversation that was changed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangedConversation {
    /// Always true.
    pub success: bool,
    /// The conversation as it is now.
    pub conversation: Conversation,
}

/// Set who may see a conversation: everyone who knows its id for `shared`, everyone for `public`. `private` also revokes its
/// links. Use this only when the user asks for it; for a link that can be revoked and expires, use share_conversation.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SetConversationVisibility {
    /// The conversation's id.
    pub conversation_id: String,
    /// Who may see it.
    pub visibility: ConversationVisibility,
}

/// Star a conversation, or take its star away. Use this for what matters most; to file it, use move_conversation.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct StarConversation {
    /// The conversation's id.
    pub conversation_id: String,
    /// Whether it has a star.
    pub starred: bool,
}

/// Mark appointments of a conversation as being, or not being, in the user's calendar.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct MarkConversationEvents {
    /// The conversation's id.
    pub conversation_id: String,
    /// The places of the appointments in the conversation's list, counted from 0.
    #[schemars(length(max = 1000))]
    pub events_idx: Vec<usize>,
    /// For each of them, whether it is in the calendar.
    #[schemars(length(max = 1000))]
    pub values: Vec<bool>,
}

/// Correct what was said in one segment of a transcript. Use this for what was misheard; for who said it, use
/// assign_segments.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct CorrectSegment {
    /// The conversation's id.
    pub conversation_id: String,
    /// The segment's id.
    pub segment_id: String,
    /// What was said.
    #[schemars(length(min = 1, max = 10_000))]
    pub text: String,
}

/// Write the summary of a conversation by hand: that of an app, or the overview. Use this to correct its words; to have
/// it written anew, use reprocess_conversation.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct EditConversationSummary {
    /// The conversation's id.
    pub conversation_id: String,
    /// The app whose summary it is; null is the overview.
    #[serde(default)]
    pub app_id: Option<String>,
    /// The summary.
    #[schemars(length(min = 1, max = 10_000))]
    pub content: String,
}

/// How a speaker is identified: as the user, or as a person with an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum AssignType {
    IsUser,
    PersonId,
}

/// Say who said some segments of a transcript: one by its place, all of a speaker, or several by their ids. Use this
/// for single segments too; for a whole speaker, assign_speaker is simpler.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AssignSegments {
    /// The conversation's id.
    pub conversation_id: String,
    /// The segment's place in the transcript, counted from 0.
    #[serde(default)]
    pub segment_idx: Option<usize>,
    /// The speaker's number.
    #[serde(default)]
    pub speaker_id: Option<i64>,
    /// The segments' ids.
    #[serde(default)]
    #[schemars(length(max = 100_000))]
    pub segment_ids: Option<Vec<String>>,
    /// What `value` says.
    pub assign_type: AssignType,
    /// For `is_user` whether the user said it (`true`, `false`), for `person_id` the person's id; `null` means nobody.
    #[serde(default)]
    #[schemars(length(max = 256))]
    pub value: Option<String>,
    /// Whether the voice may be learnt from it; none are learnt yet.
    #[serde(default = "yes")]
    pub use_for_speech_training: bool,
}

fn yes() -> bool {
    true
}

/// Say who a speaker in a conversation is: the user, or a person (see get_people and create_person). Give the speaker's
/// number, the ids of segments, or both. Use this for who spoke; for what a person is called, use rename_person.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AssignSpeaker {
    /// The conversation's id.
    pub conversation_id: String,
    /// `user`, or the id of a person.
    #[schemars(length(min = 1, max = 256))]
    pub assignee: String,
    /// The speaker's number in the transcript.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub speaker_id: Option<i64>,
    /// The segments' ids.
    #[serde(default)]
    #[schemars(length(min = 1, max = 100_000))]
    pub segment_ids: Option<Vec<String>>,
    /// Whether the voice may be learnt from it; none are learnt yet.
    #[serde(default)]
    pub use_for_speech_training: bool,
}

/// A speaker who is known now.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SpeakerAssigned {
    /// Always true.
    pub success: bool,
    /// The conversation.
    pub conversation_id: String,
    /// Who it is.
    pub assignee: String,
    /// How many segments they said.
    pub updated_segment_count: usize,
    /// Whether the voice may be learnt from it.
    pub use_for_speech_training: bool,
}

/// Delete a conversation with everything drawn from it: transcript, photos, action items and memories. Use this only
/// when the user asks for it; to put it out of view, use edit_conversation.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct DeleteConversation {
    /// The conversation's id.
    pub conversation_id: String,
}
