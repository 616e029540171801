//! ChatGPT's export: each conversation is a tree of messages, of which one path was shown last.

use chrono::{DateTime, Utc};
use resources::memories::id_of;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    item::ImportItem,
    omi,
    utterances::{SourceConversation, Speaker, Utterance},
};

#[derive(Deserialize)]
struct Tree {
    #[serde(alias = "conversation_id")]
    id: Option<String>,
    title: Option<String>,
    create_time: Option<f64>,
    update_time: Option<f64>,
    current_node: Option<String>,
    mapping: Map<String, Value>,
}

/// Parses a conversation, without tool messages and hidden messages.
pub(super) fn conversation(mut row: Value) -> Result<ImportItem, String> {
    // Both names of the id may be present.
    if row.get("id").is_some_and(Value::is_string)
        && let Value::Object(fields) = &mut row
    {
        fields.shift_remove("conversation_id");
    }
    let tree: Tree = omi::parse(row)?;
    let path = tree.path();
    let began = tree.create_time.or_else(|| path.iter().find_map(|message| message["create_time"].as_f64()));
    let began = began.ok_or("it has no date")?;
    let time = |seconds: f64| DateTime::<Utc>::from_timestamp_micros((seconds * 1e6) as i64);
    let utterances: Vec<Utterance> = path.iter().filter_map(|message| utterance(message, began)).collect();
    let conversation = SourceConversation {
        id: tree.id.clone().unwrap_or_else(|| id_of(&format!("chatgpt\n{began}\n{:?}", tree.title))),
        title: tree.title.unwrap_or_default(),
        overview: String::new(),
        began: time(began).ok_or("its date is out of range")?,
        updated: tree.update_time.and_then(time),
        source: "external_integration",
        origin: json!({ "imported_from": "chatgpt" }),
        utterances,
    };
    conversation.into_item()
}

impl Tree {
    /// The messages from the first one to the last one shown.
    fn path(&self) -> Vec<&Value> {
        let mut path = Vec::new();
        let mut at = self.current_node.as_deref().filter(|id| self.mapping.contains_key(*id)).or_else(|| self.last());
        // The bound ends a cycle.
        while let Some(node) = at.and_then(|id| self.mapping.get(id)).filter(|_| path.len() < self.mapping.len()) {
            path.push(&node["message"]);
            at = node["parent"].as_str();
        }
        path.reverse();
        path
    }

    /// The newest leaf.
    fn last(&self) -> Option<&str> {
        let is_leaf = |node: &Value| node["children"].as_array().is_none_or(Vec::is_empty);
        let time = |node: &Value| node["message"]["create_time"].as_f64().unwrap_or_default();
        let leaves = self.mapping.iter().filter(|(_, node)| is_leaf(node));
        leaves.max_by(|(_, a), (_, b)| time(a).total_cmp(&time(b))).map(|(id, _)| id.as_str())
    }
}

fn utterance(message: &Value, began: f64) -> Option<Utterance> {
    let speaker = match message["author"]["role"].as_str()? {
        "user" => Speaker::User,
        "assistant" => Speaker::Named("ChatGPT".into()),
        _ => return None,
    };
    if message["metadata"]["is_visually_hidden_from_conversation"] == true {
        return None;
    }
    let content = &message["content"];
    let parts = content["parts"].as_array().into_iter().flatten();
    let text: Vec<&str> = parts.filter_map(|part| part.as_str().or_else(|| part["text"].as_str())).collect();
    let text = text.join("\n").trim().to_owned();
    let start = message["create_time"].as_f64().map(|time| time - began);
    let id = message["id"].as_str().map(str::to_owned);
    (!text.is_empty()).then_some(Utterance { id, speaker, text, start, end: None })
}
