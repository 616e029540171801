//! Claude's export: conversations as lists of messages.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    item::Thing,
    omi,
    speech::{Said, Speech, Voice},
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

/// A conversation. One with a summary is done; any other is to be understood here.
pub(super) fn conversation(row: Value) -> Result<Thing, String> {
    let chat: Chat = omi::typed(row)?;
    let began = chat.created_at;
    let speech = Speech {
        id: chat.uuid,
        title: chat.name,
        overview: chat.summary,
        began,
        updated: chat.updated_at,
        source: "external_integration",
        origin: json!({ "imported_from": "claude" }),
        said: chat.chat_messages.into_iter().filter_map(|message| message.said(began)).collect(),
    };
    speech.into_item()
}

impl ChatMessage {
    fn said(self, began: DateTime<Utc>) -> Option<Said> {
        let voice = match self.sender.as_str() {
            "human" => Voice::User,
            _ => Voice::Named("Claude".into()),
        };
        let parts: Vec<&str> = self.content.iter().filter_map(|part| part["text"].as_str()).collect();
        let text = if self.text.trim().is_empty() { parts.join("\n") } else { self.text };
        let text = text.trim().to_owned();
        let start = self.created_at.map(|time| (time - began).as_seconds_f64());
        (!text.is_empty()).then_some(Said { id: self.uuid, voice, text, start, end: None })
    }
}
