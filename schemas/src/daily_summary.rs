//! Daily summaries: what a day came to.

use chrono::{NaiveDate, NaiveDateTime};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{action_item::ActionItemPriority, conversation::Processor};

/// What a day of the user's came to, drawn from its conversations and action items.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DailySummary {
    /// Identifies the summary; a day can have several.
    #[schemars(example = &"3f0b6c1e-8d0a-4c53-9d8e-1f1a5d0c7b11")]
    pub id: String,
    /// The day, in the user's time zone.
    #[schemars(example = &"2026-05-08")]
    pub date: NaiveDate,
    /// When it was written: UTC, though without a mark that says so.
    #[schemars(example = &"2026-05-08T20:00:00.123456")]
    pub created_at: NaiveDateTime,
    /// The day in a few words.
    #[schemars(example = &"Planning Oslo, and a long call with Ana")]
    pub headline: String,
    /// The day in a few sentences.
    pub overview: String,
    /// One emoji for the day.
    #[schemars(example = &"📅")]
    pub day_emoji: String,
    /// The day in numbers.
    pub stats: DayStats,
    /// What mattered most, at most four.
    pub highlights: Vec<DayHighlight>,
    /// What was written down or done that day.
    pub action_items: Vec<DayActionItem>,
    /// Questions that stayed open, at most three.
    pub unresolved_questions: Vec<DayQuestion>,
    /// What was decided, at most three.
    pub decisions_made: Vec<DayDecision>,
    /// What was learnt, at most three.
    pub knowledge_nuggets: Vec<DayInsight>,
    /// Where the conversations were.
    pub locations: Vec<DayLocation>,
    /// What wrote it: `model` is the configured language model, `local` the rules that work without one.
    pub processor: Processor,
}

/// A day in numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DayStats {
    /// How many conversations there were, without those judged not worth keeping.
    pub total_conversations: usize,
    /// How long they took together, in minutes.
    pub total_duration_minutes: i64,
    /// How many action items were written down or done.
    pub action_items_count: usize,
}

/// Something that mattered that day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DayHighlight {
    /// What it was about, in a few words.
    pub topic: String,
    /// One emoji for it.
    pub emoji: String,
    /// What was said about it, in a sentence or two.
    pub summary: String,
    /// The conversations that it came up in.
    pub conversation_ids: Vec<String>,
}

/// Something to do that was written down or done that day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DayActionItem {
    /// What to do.
    pub description: String,
    /// `high` while it is open, else `medium`.
    pub priority: ActionItemPriority,
    /// Whether it is done.
    pub completed: bool,
    /// The conversation that it came from.
    pub source_conversation_id: Option<String>,
}

/// A question that stayed open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DayQuestion {
    /// The question.
    pub question: String,
    /// The conversation that it came up in.
    pub conversation_id: Option<String>,
}

/// Something that was decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DayDecision {
    /// What was decided.
    pub decision: String,
    /// The conversation in which it was.
    pub conversation_id: Option<String>,
}

/// Something that was learnt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DayInsight {
    /// What was learnt.
    pub insight: String,
    /// The conversation in which it was.
    pub conversation_id: Option<String>,
}

/// Where a conversation was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DayLocation {
    /// Latitude in degrees.
    pub latitude: f64,
    /// Longitude in degrees.
    pub longitude: f64,
    /// The address.
    pub address: Option<String>,
    /// The conversation.
    pub conversation_id: String,
    /// When it began, in the user's time zone.
    #[schemars(example = &"14:05")]
    pub time: String,
}

/// List the user's daily summaries, newest day first. Use this for what days came to; for the conversations of a day,
/// use get_conversations.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetDailySummaries {
    /// Only days from this one on, as yyyy-mm-dd.
    #[serde(default)]
    #[schemars(example = &"2026-05-01")]
    pub start_date: Option<String>,
    /// Only days up to this one, as yyyy-mm-dd.
    #[serde(default)]
    #[schemars(example = &"2026-05-31")]
    pub end_date: Option<String>,
    /// How many to return.
    #[serde(default = "a_month")]
    #[schemars(range(min = 1, max = 100))]
    pub limit: u32,
    /// How many to skip.
    #[serde(default)]
    #[schemars(range(max = 100_000))]
    pub offset: u32,
    /// The next_cursor of the previous page, with the same filters; not together with offset.
    #[serde(default)]
    pub cursor: Option<String>,
}

fn a_month() -> u32 {
    30
}

/// Daily summaries.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DailySummaries {
    /// Newest day first.
    pub daily_summaries: Vec<DailySummary>,
    /// The cursor of the next page; left out on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Get one daily summary by its id. Use this once its id is known; to find a day's, use get_daily_summaries.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetDailySummary {
    /// The summary's id.
    #[schemars(example = &"3f0b6c1e-8d0a-4c53-9d8e-1f1a5d0c7b11")]
    pub summary_id: String,
}

/// One daily summary.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OneDailySummary {
    /// The summary.
    pub daily_summary: DailySummary,
}

/// Delete a daily summary. Its conversations and action items stay.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct DeleteDailySummary {
    /// The summary's id.
    #[schemars(example = &"3f0b6c1e-8d0a-4c53-9d8e-1f1a5d0c7b11")]
    pub summary_id: String,
}

/// Write the summary of a day now, from its conversations and action items; one more, if the day has one already. Use
/// this only when the user asks for one; for those that there are, use get_daily_summaries.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct MakeDailySummary {
    /// The day in the user's time zone, as yyyy-mm-dd; without it, today, or yesterday before noon.
    #[serde(default)]
    #[schemars(example = &"2026-05-08")]
    pub date: Option<String>,
}

/// What came of writing a daily summary.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DailySummaryMade {
    /// Always `ok`.
    pub status: String,
    /// A sentence for people.
    pub message: String,
    /// The summary's id.
    #[schemars(example = &"3f0b6c1e-8d0a-4c53-9d8e-1f1a5d0c7b11")]
    pub summary_id: String,
    /// How many conversations it was drawn from.
    pub conversations_count: usize,
}

/// Get whether and at which hour daily summaries are written. For the summaries themselves, use get_daily_summaries.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetDailySummarySettings {}

/// Whether and when daily summaries are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DailySummarySettings {
    /// Whether each day with conversations gets a summary.
    pub enabled: bool,
    /// At which hour, in the user's time zone.
    pub hour: u32,
}

/// Set whether and at which hour daily summaries are written.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SetDailySummarySettings {
    /// Whether each day with conversations gets a summary.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// At which hour, 0 to 23, in the user's time zone.
    #[serde(default)]
    #[schemars(example = 22)]
    pub hour: Option<i64>,
}
