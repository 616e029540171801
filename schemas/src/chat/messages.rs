//! Messages as they are read, cleared, rated and shared.

use chrono::{DateTime, Utc};
use schemars::{JsonSchema, Schema, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

use super::{Message, Sender};

/// List the messages of the user's chat with Recollect, or with an app, newest first. Use this for what was asked and
/// answered here; for what was said aloud, use get_conversations.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct GetChatMessages {
    /// How many messages to return.
    #[serde(default = "fifty")]
    #[schemars(range(min = 1, max = 200))]
    pub limit: u32,
    /// How many of the newest messages to skip.
    #[serde(default)]
    #[schemars(range(max = 1_000_000))]
    pub offset: u32,
    /// The next_cursor of the previous page, of the same chat; not together with offset.
    #[serde(default)]
    pub cursor: Option<String>,
    /// The app that the user chats with; null is Recollect itself.
    #[serde(default, deserialize_with = "app")]
    #[schemars(length(max = 200))]
    pub app_id: Option<String>,
    /// What is done about a chat without messages: the app that shows it gets a first one.
    #[serde(default)]
    #[schemars(skip)]
    pub when_empty: WhenEmpty,
}

/// What is done about a chat without messages: it is left so, or Recollect greets the user.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum")]
pub enum WhenEmpty {
    #[default]
    Leave,
    Greet,
}

/// Messages of a chat.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChatMessages {
    /// The messages, newest first.
    pub messages: Vec<Message>,
    /// The cursor of the next page; left out on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Delete all messages of the user's chat with Recollect, or with an app, and begin it anew with a greeting.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ClearChat {
    /// The app that the user chats with; null is Recollect itself.
    #[serde(default, deserialize_with = "app")]
    #[schemars(length(max = 200))]
    pub app_id: Option<String>,
}

/// Greet the user in their chat with Recollect, or with an app.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct CreateInitialMessage {
    /// The app that the user chats with; null is Recollect itself.
    #[serde(default, deserialize_with = "app")]
    #[schemars(length(max = 200))]
    pub app_id: Option<String>,
}

/// A message of a chat.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OneMessage {
    /// The message.
    pub message: Message,
}

/// Report an answer as wrong or harmful.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ReportMessage {
    /// The answer's id.
    pub message_id: String,
}

/// Rate an answer, or take its rating back.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct RateMessage {
    /// The answer's id.
    pub message_id: String,
    /// 1 for a good answer, -1 for a bad one, null for none.
    #[schemars(schema_with = "rating")]
    pub rating: Option<i32>,
}

/// Share messages by a link. Everyone with the link sees their texts as they are now, and when they were said. Ask the user
/// first.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ShareMessages {
    /// The ids of the messages, in the order in which they are to be read.
    #[schemars(length(min = 1, max = 100))]
    pub message_ids: Vec<String>,
    /// When the link ends; without it, it works until it is revoked.
    #[serde(default)]
    #[schemars(example = &"2031-05-15T09:00:00Z")]
    pub expires_at: Option<DateTime<Utc>>,
}

/// List the links to messages of the user's that are in use.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetMessageLinks {}

/// Revoke a link to messages at once.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct RevokeMessageLink {
    /// The link's id, as get_message_links lists it.
    pub link_id: String,
}

/// See the messages behind a link. Use this for a link from someone else; for the user's own, use get_chat_messages.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetSharedMessages {
    /// The token of the link.
    #[schemars(example = &"0f5a2f7c9f0b4c83a9d0c1d2e3f40516")]
    #[schemars(length(max = 256))]
    pub token: String,
}

/// A message as those see it who have the link.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SharedMessage {
    /// Identifies the message.
    pub id: String,
    /// What was said.
    pub text: String,
    /// By whom.
    pub sender: Sender,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// The messages behind a link.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SharedMessages {
    /// Who shares them.
    pub sender_name: String,
    /// The messages as they were when they were shared, in that order; deleted ones are left out.
    pub messages: Vec<SharedMessage>,
    /// How many there are.
    pub count: usize,
}

/// Clients write nothing, or the word `null`, where no app is meant.
fn app<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.filter(|id| !id.is_empty() && id != "null"))
}

/// A rating has to be given, even where it is null.
fn rating(_: &mut schemars::SchemaGenerator) -> Schema {
    json_schema!({ "type": ["integer", "null"], "enum": [1, -1, null] })
}

fn fifty() -> u32 {
    50
}
