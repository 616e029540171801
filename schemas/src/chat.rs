//! Chat: asking one's memory.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who said a message: `human` is the user, `ai` the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum Sender {
    Ai,
    Human,
}

/// Ask the memory a question; the answer comes as a stream.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct SendMessage {
    /// The question.
    #[schemars(length(min = 1, max = 20_000))]
    pub text: String,
    /// Files that go with it.
    #[serde(default)]
    pub file_ids: Vec<String>,
}

/// A message of a chat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    /// Identifies the message.
    pub id: String,
    /// What was said, without citation markers.
    pub text: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// By whom.
    pub sender: Sender,
    /// Always `text` so far.
    #[serde(rename = "type")]
    pub kind: String,
    /// The app that was asked; null is Recollect itself.
    pub app_id: Option<String>,
    /// The same under its older name.
    pub plugin_id: Option<String>,
    /// Whether an integration sent it.
    pub from_external_integration: bool,
    /// The conversations cited.
    pub memories_id: Vec<String>,
    /// The conversations cited, with what an app shows of them.
    pub memories: Vec<CitedConversation>,
    /// Whether the user reported it.
    pub reported: bool,
    /// Why the user reported it.
    pub report_reason: Option<String>,
    /// Files that go with it.
    pub files_id: Vec<String>,
    /// The user's rating: 1, -1 or none.
    pub rating: Option<i32>,
    /// What the answer rests on, in the order of its markers.
    pub citations: Vec<Citation>,
}

/// A conversation as the app shows it under an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CitedConversation {
    /// The conversation's id.
    pub id: String,
    /// Its title and emoji.
    pub structured: CitedTitle,
    /// When it was.
    pub created_at: DateTime<Utc>,
}

/// What a conversation is called.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CitedTitle {
    /// The title.
    pub title: String,
    /// The emoji.
    pub emoji: String,
}

/// Something stored that an answer rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Citation {
    /// What it is: `memory`.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// What it says.
    pub quote: String,
    /// When it was written.
    pub date: DateTime<Utc>,
}

/// The stored answer, as the last frame of the stream carries it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResponseMessage {
    /// The message.
    #[serde(flatten)]
    pub message: Message,
    /// Whether the app may ask the user for a rating.
    pub ask_for_nps: bool,
}
