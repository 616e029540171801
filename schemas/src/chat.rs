//! Chat: asking one's memory.

mod ask;
mod files;
mod messages;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use ask::*;
pub use files::*;
pub use messages::*;

use crate::chart::Chart;

/// Who said a message: `human` is the user, `ai` the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum Sender {
    Ai,
    Human,
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
    /// The ids of the files that go with it.
    pub files_id: Vec<String>,
    /// The files that go with it.
    #[serde(default)]
    #[schemars(!default)]
    pub files: Vec<ChatFile>,
    /// The chat session that it belongs to: one for each user and app.
    #[serde(default)]
    pub chat_session_id: Option<String>,
    /// The user's rating: 1, -1 or none.
    pub rating: Option<i32>,
    /// A chart that belongs to the answer.
    #[serde(default)]
    pub chart_data: Option<Chart>,
    /// What the answer rests on, in the order of its markers.
    pub citations: Vec<Citation>,
    /// Whether the answer came to its end: `completed`, `cancelled` (the client left) or `failed` (the language model
    /// did); a question is `completed`.
    #[serde(default)]
    #[schemars(!default)]
    pub status: MessageStatus,
    /// What the answer changed in the memory, and how to take it back.
    #[serde(default)]
    #[schemars(!default)]
    pub changes: Vec<Change>,
    /// What the answer asks the user to agree to; it is done when the next message of the chat says yes.
    #[serde(default)]
    #[schemars(!default)]
    pub proposals: Vec<Proposal>,
}

impl Message {
    /// A text, said now.
    pub fn new(id: String, created_at: DateTime<Utc>, sender: Sender, text: String) -> Self {
        Self {
            id,
            text,
            created_at,
            sender,
            kind: "text".into(),
            app_id: None,
            plugin_id: None,
            from_external_integration: false,
            memories_id: Vec::new(),
            memories: Vec::new(),
            reported: false,
            report_reason: None,
            files_id: Vec::new(),
            files: Vec::new(),
            chat_session_id: None,
            rating: None,
            chart_data: None,
            citations: Vec::new(),
            status: MessageStatus::Completed,
            changes: Vec::new(),
            proposals: Vec::new(),
        }
    }
}

/// Whether an answer came to its end: `completed`, `cancelled` (the client left) or `failed` (the language model did).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum MessageStatus {
    #[default]
    Completed,
    Cancelled,
    Failed,
}

/// Something that an answer changed in the memory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// The tool that changed it, such as `create_action_item`.
    pub tool: String,
    /// What it did, in a few words for people.
    pub summary: String,
    /// The call that takes it back; null where nothing does.
    pub undo: Option<Call>,
}

/// Something that an answer would do, once the user agrees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Proposal {
    /// What it would do, in a few words for people.
    pub summary: String,
    /// The call that does it.
    #[serde(flatten)]
    pub call: Call,
}

/// A call of a tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Call {
    /// The tool's name.
    pub tool: String,
    /// Its arguments.
    pub arguments: Map<String, Value>,
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
    /// What it is: `memory`, `conversation`, `action_item` or `file`.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// The segment of the conversation, or the number of the passage of the file, that says it; null where the whole is
    /// meant.
    #[serde(default)]
    pub segment: Option<String>,
    /// What the conversation or file is called.
    #[serde(default)]
    pub title: Option<String>,
    /// Who says it.
    #[serde(default)]
    pub speaker: Option<String>,
    /// What it says.
    pub quote: String,
    /// When it was said or written.
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
