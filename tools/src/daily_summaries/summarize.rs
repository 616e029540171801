//! Writes a daily summary: by the language model, or from the titles of the day's conversations.

use std::cmp::Reverse;

use resources::LanguageModel;
use schemars::JsonSchema;
use schemas::{
    action_item::{ActionItem, ActionItemPriority},
    conversation::{Conversation, Processor},
    daily_summary::*,
};
use serde::Deserialize;
use serde_json::json;

use super::day::{Day, duration};

const INSTRUCTIONS: &str = include_str!("daily_summary.md");

/// The maximum number of highlights, and of entries in each other list.
const MAX_HIGHLIGHTS: usize = 4;
const MAX_ENTRIES: usize = 3;

/// How many conversations are in the prompt, and how much of each overview, in characters.
const MAX_PROMPT_CONVERSATIONS: usize = 60;
const MAX_PROMPT_OVERVIEW: usize = 800;

/// How many titles are in an overview without a language model.
const MAX_TITLES: usize = 12;

/// The emoji of a day for which none was chosen.
const DEFAULT_EMOJI: &str = "📅";

/// The model's summary of a day.
#[derive(Deserialize, JsonSchema)]
struct ModelSummary {
    /// The day in at most ten answer.
    #[schemars(length(min = 1, max = 200))]
    headline: String,
    /// The day in two to four sentences.
    #[schemars(length(min = 1))]
    overview: String,
    /// One emoji for the day.
    day_emoji: String,
    /// What mattered most, at most four.
    highlights: Vec<Highlight>,
    /// Questions that stayed open, at most three.
    unresolved_questions: Vec<SummaryEntry>,
    /// What was decided, at most three.
    decisions_made: Vec<SummaryEntry>,
    /// What was learnt, at most three.
    knowledge_nuggets: Vec<SummaryEntry>,
}

/// Something that mattered.
#[derive(Deserialize, JsonSchema)]
struct Highlight {
    /// What it was about, in a few answer.
    topic: String,
    /// One emoji for it.
    emoji: String,
    /// What was said about it, in a sentence or two.
    summary: String,
    /// The numbers of the conversations that it came up in.
    conversations: Vec<usize>,
}

/// Something worth a line.
#[derive(Deserialize, JsonSchema)]
struct SummaryEntry {
    /// What it is, in a sentence.
    text: String,
    /// The number of the conversation that it came up in.
    conversation: usize,
}

/// Summarizes a day: by the model; without one, or when it fails, from the titles.
pub(super) async fn summarize(model: Option<&LanguageModel>, day: Day) -> DailySummary {
    let by_rules = summarize_by_rules(&day);
    let Some(model) = model else { return by_rules };
    match model.ask::<ModelSummary>(INSTRUCTIONS, &describe(&day)).await {
        Ok(answer) => with_model_summary(by_rules, answer, &day),
        Err(error) => {
            tracing::warn!("a day is summarized without the language model: {error}");
            by_rules
        }
    }
}

/// The prompt about a day.
fn describe(day: &Day) -> String {
    let conversation = |(index, conversation): (usize, &Conversation)| {
        let structured = &conversation.structured;
        json!({
            "number": index + 1,
            "time": day.start_time(conversation),
            "minutes": duration(conversation).num_minutes(),
            "title": structured.title,
            "category": structured.category,
            "overview": structured.overview.chars().take(MAX_PROMPT_OVERVIEW).collect::<String>(),
        })
    };
    let item = |item: &ActionItem| json!({ "description": item.description, "completed": item.completed });
    let conversations: Vec<_> =
        day.conversations.iter().take(MAX_PROMPT_CONVERSATIONS).enumerate().map(conversation).collect();
    json!({
        "date": day.date,
        "weekday": day.date.format("%A").to_string(),
        "language": day.language,
        "conversations": conversations,
        "action_items": day.action_items.iter().map(item).collect::<Vec<_>>(),
    })
    .to_string()
}

/// The summary with the model's texts. References to unknown conversations are dropped.
fn with_model_summary(by_rules: DailySummary, answer: ModelSummary, day: &Day) -> DailySummary {
    let id_of = |number: usize| day.conversations.get(number.checked_sub(1)?).map(|found| found.id.clone());
    let highlight = |Highlight { topic, emoji, summary, conversations }| DayHighlight {
        topic,
        emoji,
        summary,
        conversation_ids: conversations.into_iter().filter_map(id_of).collect(),
    };
    let entries = |entries: Vec<SummaryEntry>| {
        entries.into_iter().take(MAX_ENTRIES).map(|SummaryEntry { text, conversation }| (text, id_of(conversation)))
    };
    let question = |(question, conversation_id)| DayQuestion { question, conversation_id };
    let decision = |(decision, conversation_id)| DayDecision { decision, conversation_id };
    let insight = |(insight, conversation_id)| DayInsight { insight, conversation_id };
    let emoji = answer.day_emoji.trim();
    DailySummary {
        headline: answer.headline,
        overview: answer.overview,
        day_emoji: if emoji.is_empty() { DEFAULT_EMOJI.into() } else { emoji.into() },
        highlights: answer.highlights.into_iter().take(MAX_HIGHLIGHTS).map(highlight).collect(),
        unresolved_questions: entries(answer.unresolved_questions).map(question).collect(),
        decisions_made: entries(answer.decisions_made).map(decision).collect(),
        knowledge_nuggets: entries(answer.knowledge_nuggets).map(insight).collect(),
        processor: Processor::Model,
        ..by_rules
    }
}

/// The summary made from the titles and numbers of the day.
fn summarize_by_rules(day: &Day) -> DailySummary {
    let mut longest: Vec<&Conversation> = day.conversations.iter().collect();
    longest.sort_by_key(|conversation| Reverse(duration(conversation)));
    let seconds: i64 = day.conversations.iter().map(|conversation| duration(conversation).num_seconds()).sum();
    let minutes = (seconds + 30) / 60;
    DailySummary {
        id: resources::new_id(),
        date: day.date,
        created_at: resources::now().naive_utc(),
        headline: headline(longest[0], day.conversations.len()),
        overview: overview(day, minutes),
        day_emoji: DEFAULT_EMOJI.into(),
        stats: DayStats {
            total_conversations: day.conversations.len(),
            total_duration_minutes: minutes,
            action_items_count: day.action_items.len(),
        },
        highlights: longest.into_iter().take(MAX_HIGHLIGHTS).map(highlight).collect(),
        action_items: day.action_items.iter().map(action_item).collect(),
        unresolved_questions: Vec::new(),
        decisions_made: Vec::new(),
        knowledge_nuggets: Vec::new(),
        locations: day.conversations.iter().filter_map(|conversation| location(day, conversation)).collect(),
        processor: Processor::Local,
    }
}

fn headline(longest: &Conversation, count: usize) -> String {
    let title = title(longest);
    match count {
        1 => title.to_owned(),
        2 => format!("{title}, and another conversation"),
        more => format!("{title}, and {} more conversations", more - 1),
    }
}

fn overview(day: &Day, minutes: i64) -> String {
    let titles: Vec<&str> = day.conversations.iter().take(MAX_TITLES).map(title).collect();
    let (titles, count) = (titles.join("; "), day.conversations.len());
    let conversations = if count == 1 { "1 conversation".to_owned() } else { format!("{count} conversations") };
    let long = match minutes {
        0 => String::new(),
        1 => " of 1 minute".into(),
        minutes => format!(" of {minutes} minutes{}", if count == 1 { "" } else { " in all" }),
    };
    let more = if count > MAX_TITLES { format!("; and {} more", count - MAX_TITLES) } else { String::new() };
    format!("{conversations}{long}: {titles}{more}.")
}

fn highlight(conversation: &Conversation) -> DayHighlight {
    DayHighlight {
        topic: title(conversation).to_owned(),
        emoji: conversation.structured.emoji.clone(),
        summary: conversation.structured.overview.clone(),
        conversation_ids: vec![conversation.id.clone()],
    }
}

fn action_item(item: &ActionItem) -> DayActionItem {
    DayActionItem {
        description: item.description.clone(),
        priority: if item.completed { ActionItemPriority::Medium } else { ActionItemPriority::High },
        completed: item.completed,
        source_conversation_id: item.conversation_id.clone(),
    }
}

fn location(day: &Day, conversation: &Conversation) -> Option<DayLocation> {
    let place = conversation.geolocation.as_ref()?;
    Some(DayLocation {
        latitude: place.latitude,
        longitude: place.longitude,
        address: place.address.clone(),
        conversation_id: conversation.id.clone(),
        time: day.start_time(conversation),
    })
}

fn title(conversation: &Conversation) -> &str {
    match conversation.structured.title.trim() {
        "" => "Untitled conversation",
        title => title.trim_end_matches('.'),
    }
}
