//! Listing and reading conversations.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::*;

/// List the user's conversations, newest first: titles and overviews. Use this for what happened lately or within some
/// days; to find those about something, use search_conversations.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct GetConversations {
    /// Only those from this time on, or this day.
    #[serde(default)]
    pub start_date: Option<DateTime<Utc>>,
    /// Only those up to this time, or the end of this day.
    #[serde(default)]
    pub end_date: Option<DateTime<Utc>>,
    /// Only these categories; empty means all.
    #[serde(default)]
    #[schemars(length(max = 50))]
    pub categories: Vec<ConversationCategory>,
    /// Only those with one of these statuses; empty means those that are done or being processed.
    #[serde(default)]
    #[schemars(length(max = 50))]
    pub statuses: Vec<ConversationStatus>,
    /// Only from these devices and apps; empty means all.
    #[serde(default)]
    #[schemars(length(max = 50))]
    pub sources: Vec<ConversationSource>,
    /// Only those in the folder with this id.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub folder_id: Option<String>,
    /// Only those that are (true) or are not (false) starred.
    #[serde(default)]
    pub starred: Option<bool>,
    /// Whether those that were judged not worth keeping in view come too.
    #[serde(default)]
    pub include_discarded: bool,
    /// Whether each comes with its transcript.
    #[serde(default)]
    pub include_transcript: bool,
    /// How many to return.
    #[serde(default = "page_of_conversations")]
    #[schemars(range(min = 1, max = 100))]
    pub limit: u32,
    /// How many to skip.
    #[serde(default)]
    #[schemars(range(max = 100_000))]
    pub offset: u32,
    /// The next_cursor of the previous page, with the same filters.
    #[serde(default)]
    pub cursor: Option<String>,
}

fn page_of_conversations() -> u32 {
    20
}

/// A page of conversations.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Conversations {
    /// Newest first.
    pub conversations: Vec<Conversation>,
    /// The number of items in this page.
    pub returned_count: usize,
    /// Whether more follow.
    pub has_more: bool,
    /// The offset of this page.
    pub offset: u32,
    /// The cursor of the next page; left out on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Count the user's conversations. Use this for how many there were; for which they were, use get_conversations.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct CountConversations {
    /// Only conversations at or after this time; a date alone means its beginning.
    #[serde(default)]
    pub start_date: Option<DateTime<Utc>>,
    /// Only conversations at or before this time; a date alone means its end.
    #[serde(default)]
    pub end_date: Option<DateTime<Utc>>,
    /// Only those with one of these statuses; empty means those that are done or being processed.
    #[serde(default)]
    #[schemars(length(max = 50))]
    pub statuses: Vec<ConversationStatus>,
    /// Only from these devices and apps; empty means all.
    #[serde(default)]
    #[schemars(length(max = 50))]
    pub sources: Vec<ConversationSource>,
    /// Only those in the folder with this id.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub folder_id: Option<String>,
    /// Only those that are (true) or are not (false) starred.
    #[serde(default)]
    pub starred: Option<bool>,
    /// Whether those that were judged not worth keeping in view count too.
    #[serde(default)]
    pub include_discarded: bool,
}

/// How many conversations there are.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConversationCount {
    /// All of them.
    pub count: u64,
    /// The devices and apps that they came from.
    pub sources: Vec<String>,
    /// How many came from each of them.
    pub by_source: std::collections::BTreeMap<String, u64>,
}

/// Get a conversation by its id, with its transcript. Use this to read what was said, once you know in which one; for
/// one passage, use fetch.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct GetConversation {
    /// The conversation's id.
    #[schemars(example = &"0b7a6f6e-54a5-4c8a-8d0e-6f1f4b1f8a11")]
    pub conversation_id: String,
    /// Whether it comes with its transcript.
    #[serde(default = "yes")]
    pub include_transcript: bool,
    /// How many segments of the transcript to return at most, from its beginning.
    #[serde(default = "all_segments")]
    #[schemars(range(min = 1, max = 100_000))]
    pub max_segments: usize,
    /// How many characters of the transcript to return at most.
    #[serde(default = "all_characters")]
    #[schemars(range(min = 1, max = 10_000_000))]
    pub max_chars: usize,
}

fn yes() -> bool {
    true
}

/// Assistants read long results in parts.
fn all_segments() -> usize {
    100_000
}

fn all_characters() -> usize {
    10_000_000
}

/// One conversation.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OneConversation {
    /// The conversation.
    pub conversation: Conversation,
    /// Whether the transcript goes on behind what is returned.
    pub truncated: bool,
}

/// Get several conversations by their ids, with their transcripts. Use this for some that belong together; for one, use
/// get_conversation_by_id.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct GetConversationsByIds {
    /// The conversations' ids.
    #[schemars(length(min = 1, max = 20))]
    pub conversation_ids: Vec<String>,
    /// How many segments of each transcript to return at most, from its beginning.
    #[serde(default = "all_segments")]
    #[schemars(range(min = 1, max = 100_000))]
    pub max_segments: usize,
    /// How many characters of each transcript to return at most.
    #[serde(default = "all_characters")]
    #[schemars(range(min = 1, max = 10_000_000))]
    pub max_chars: usize,
}

/// Several conversations.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SomeConversations {
    /// Those that are there, in the order asked for.
    pub conversations: Vec<FoundById>,
    /// The ids of those that are not.
    pub not_found: Vec<String>,
    /// Whether any transcript goes on behind what is returned.
    pub truncated: bool,
}

/// A conversation that was asked for by its id.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FoundById {
    /// Its id.
    pub id: String,
    /// The conversation.
    pub conversation: Conversation,
    /// Whether its transcript goes on behind what is returned.
    pub truncated: bool,
}

/// List the pictures taken during a conversation. Use this for what was seen; for what was said, use
/// get_conversation_by_id.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetConversationPhotos {
    /// The conversation's id.
    pub conversation_id: String,
}

/// The pictures taken during a conversation.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConversationPhotos {
    /// Oldest first.
    pub photos: Vec<ConversationPhoto>,
}

/// Get the transcript of a conversation by each speech recogniser. Use this to compare recognisers; to read what was
/// said, use get_conversation_by_id.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetConversationTranscripts {
    /// The conversation's id.
    pub conversation_id: String,
}

/// The transcripts of a conversation, by recogniser.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConversationTranscripts {
    /// The segments, by the recogniser's name; the best-known recognisers are always there, with an empty list where they
    /// transcribed nothing.
    pub transcripts: std::collections::BTreeMap<String, Vec<TranscriptSegment>>,
}

/// Say whether the sound of a conversation was kept. Use this before you speak of playing it; for what was said, use
/// get_conversation_by_id.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetConversationRecording {
    /// The conversation's id.
    pub conversation_id: String,
}

/// Whether the sound of a conversation was kept.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConversationRecording {
    /// Whether it was.
    pub has_recording: bool,
}

/// List the apps that could summarise a conversation. Use this for another kind of summary; for the one that is there,
/// use get_conversation_by_id.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetSuggestedApps {
    /// The conversation's id.
    pub conversation_id: String,
}

/// The apps that could summarise a conversation.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SuggestedApps {
    /// The apps; there are none yet.
    pub suggested_apps: Vec<serde_json::Value>,
    /// The conversation.
    pub conversation_id: String,
}

/// Read a conversation that its user has shared by a link. Use this for a link from another user; for the user's own, use
/// get_conversation_by_id.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetSharedConversation {
    /// The token of a link, or the id of a conversation that is shared or public.
    pub conversation_id: String,
}

/// A conversation that its user has shared: title, overview, category, times, transcript with names, and photos. All other
/// fields are empty.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SharedConversation {
    /// The conversation; its id is what the link names.
    #[serde(flatten)]
    pub conversation: Conversation,
    /// Who speaks in it.
    pub people: Vec<SharedPerson>,
}

/// Share a conversation by a link. Everyone with the link sees its title, overview, transcript and photos, until the link
/// ends or is revoked, or the conversation is set to private. Use this rather than set_conversation_visibility, and ask the
/// user first.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ShareConversation {
    /// The conversation's id.
    pub conversation_id: String,
    /// When the link ends; without it, it works until it is revoked.
    #[serde(default)]
    #[schemars(example = &"2031-05-15T09:00:00Z")]
    pub expires_at: Option<DateTime<Utc>>,
}

/// List the links to conversations of the user's that are in use. Use this to see what is shared by links; which
/// conversations are shared by their ids, get_conversations says in `visibility`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetConversationLinks {}

/// Revoke a link to a conversation at once. Use this for one link; to end all sharing of a conversation, use
/// set_conversation_visibility with `private`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct RevokeConversationLink {
    /// The link's id, as get_conversation_links lists it.
    pub link_id: String,
}

/// A person who speaks in a shared conversation.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SharedPerson {
    /// The person's number in this transcript, which is none of their ids.
    pub id: String,
    /// Their name.
    pub name: String,
}

/// List the conversations that users have made public, newest first. Use this for what others show; for the user's own,
/// use get_conversations.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetPublicConversations {
    /// How many to skip.
    #[serde(default)]
    #[schemars(range(max = 100_000))]
    pub offset: u32,
    /// How many to return.
    #[serde(default = "many_public")]
    #[schemars(range(min = 1, max = 1000))]
    pub limit: u32,
}

fn many_public() -> u32 {
    1000
}

/// The conversations that users have made public, as get_shared_conversation shows them.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PublicConversations {
    /// Newest first, without transcripts.
    pub conversations: Vec<Conversation>,
}
