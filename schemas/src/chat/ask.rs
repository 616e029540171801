//! Questions.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Ask the memory a question; the answer comes as a stream.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct SendMessage {
    /// The question.
    #[schemars(length(min = 1, max = 20_000))]
    pub text: String,
    /// Files that go with it.
    #[serde(default)]
    #[schemars(length(max = 20))]
    pub file_ids: Vec<String>,
    /// What the user is looking at while they ask.
    #[serde(default)]
    pub context: Option<PageContext>,
}

/// What the user is looking at while they ask.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PageContext {
    /// What it is: `conversation`, `task` (an action item), `memory` or `recap` (a day's summary).
    #[serde(rename = "type")]
    #[schemars(length(max = 64))]
    pub kind: String,
    /// Its id.
    #[serde(default)]
    pub id: Option<String>,
    /// Its name.
    #[serde(default)]
    #[schemars(length(max = 1024))]
    pub title: Option<String>,
    /// When what it shows begins: nothing earlier is looked at.
    #[serde(default)]
    pub start_date: Option<DateTime<Utc>>,
    /// When what it shows ends: nothing later is looked at.
    #[serde(default)]
    pub end_date: Option<DateTime<Utc>>,
}

/// Ask the user's memory a question and get an answer with its sources. Use this for one quick answer; where you want to
/// judge for yourself, search and fetch.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct Ask {
    /// The question.
    #[schemars(length(min = 1, max = 1000))]
    pub question: String,
    /// How many sources are named at most.
    #[serde(default = "five")]
    #[schemars(range(min = 1, max = 10))]
    pub limit: u32,
    /// The IANA time zone of the question's dates; the user's own by default, else UTC.
    #[serde(default)]
    #[schemars(example = &"Europe/Oslo")]
    #[schemars(length(max = 64))]
    pub timezone: Option<String>,
}

fn five() -> u32 {
    5
}

/// An answer out of the user's memory.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct Asked {
    /// The answer, without citation markers.
    pub answer: String,
    /// The conversations that the answer rests on, in the order of its markers.
    pub sources: Vec<AnswerSource>,
    /// Everything that the answer rests on, in the order of its markers.
    pub citations: Vec<super::Citation>,
}

/// A conversation that an answer rests on.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct AnswerSource {
    /// The conversation's id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// When it was.
    pub created_at: Option<DateTime<Utc>>,
}
