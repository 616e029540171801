//! What was made of a conversation.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a conversation was about, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum ConversationCategory {
    Personal,
    Education,
    Health,
    Finance,
    Legal,
    Philosophy,
    Spiritual,
    Science,
    Entrepreneurship,
    Parenting,
    Romantic,
    Travel,
    Inspiration,
    Technology,
    Business,
    Social,
    Work,
    Sports,
    Politics,
    Literature,
    History,
    Architecture,
    Music,
    Weather,
    News,
    Entertainment,
    Psychology,
    Real,
    Design,
    Family,
    Economics,
    Environment,
    #[default]
    Other,
}

/// Something to do that came up in a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConversationActionItem {
    /// What to do.
    #[schemars(example = &"Send Ana the photos")]
    pub description: String,
    /// Whether it is done.
    pub completed: bool,
    /// When it was written down.
    pub created_at: Option<DateTime<Utc>>,
    /// When it was last changed.
    pub updated_at: Option<DateTime<Utc>>,
    /// When it is due.
    pub due_at: Option<DateTime<Utc>>,
    /// When it was done.
    pub completed_at: Option<DateTime<Utc>>,
    /// The conversation it came from.
    pub conversation_id: Option<String>,
}

/// An appointment that came up in a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// What it is.
    #[schemars(example = &"Dinner with Ana")]
    pub title: String,
    /// More about it.
    #[serde(default)]
    pub description: String,
    /// When it begins.
    pub start: DateTime<Utc>,
    /// How long it takes, in minutes.
    #[serde(default = "half_an_hour")]
    pub duration: i64,
    /// Whether it is in the user's calendar.
    #[serde(default)]
    pub created: bool,
}

fn half_an_hour() -> i64 {
    30
}

/// What was made of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Structured {
    /// What it was about, in a few words.
    #[schemars(example = &"Planning the trip to Oslo")]
    pub title: String,
    /// What was said, in a few sentences.
    pub overview: String,
    /// One emoji for it.
    #[schemars(example = &"🧠")]
    pub emoji: String,
    /// What it was about, in one word.
    pub category: ConversationCategory,
    /// What to do.
    pub action_items: Vec<ConversationActionItem>,
    /// Appointments.
    pub events: Vec<Event>,
}

impl Default for Structured {
    fn default() -> Self {
        Self {
            title: String::new(),
            overview: String::new(),
            emoji: "🧠".into(),
            category: ConversationCategory::Other,
            action_items: Vec::new(),
            events: Vec::new(),
        }
    }
}
