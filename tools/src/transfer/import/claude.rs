//! Claude's export: conversations as lists of messages.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    item::ImportItem,
    omi,
    utterances::{SourceConversation, Speaker, Utterance},
};

#[derive(Deserialize)]
struct Chat {
    uuid: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    summary: String,
    created_at: DateTime<Utc>,
    updated_at: Option<DateTime<Utc>>,
    chat_messages: Vec<ChatMessage>,
}

#[derive(Deserialize)]
struct ChatMessage {
    uuid: Option<String>,
    sender: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    content: Vec<Value>,
    created_at: Option<DateTime<Utc>>,
}

/// Parses a conversation. One without a summary will be processed by this server.
pub(super) fn conversation(row: Value) -> Result<ImportItem, String> {
    let chat: Chat = omi::parse(row)?;
    let began = chat.created_at;
    let conversation = SourceConversation {
        id: chat.uuid,
        title: chat.name,
        overview: chat.summary,
        began,
        updated: chat.updated_at,
        source: "external_integration",
        origin: json!({ "imported_from": "claude" }),
        utterances: chat.chat_messages.into_iter().filter_map(|message| message.into_utterance(began)).collect(),
    };
    conversation.into_item()
}

impl ChatMessage {
    fn into_utterance(self, began: DateTime<Utc>) -> Option<Utterance> {
        let speaker = match self.sender.as_str() {
            "human" => Speaker::User,
            _ => Speaker::Named("Claude".into()),
        };
        let parts: Vec<&str> = self.content.iter().filter_map(|part| part["text"].as_str()).collect();
        let text = if self.text.trim().is_empty() { parts.join("\n") } else { self.text };
        let text = text.trim().to_owned();
        let start = self.created_at.map(|time| (time - began).as_seconds_f64());
        (!text.is_empty()).then_some(Utterance { id: self.uuid, speaker, text, start, end: None })
    }
}
