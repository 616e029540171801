//! The words of a daily summary: by the language model, or from the day's titles alone.

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

/// The most highlights, and the most of each of the shorter lists.
const HIGHLIGHTS: usize = 4;
const ENTRIES: usize = 3;

/// How many conversations the model is told of, and how much of each overview, in characters.
const TOLD: usize = 60;
const OVERVIEW: usize = 800;

/// How many titles stand in an overview that is made without a model.
const TITLES: usize = 12;

/// The emoji of a day that nobody chose one for.
const EMOJI: &str = "📅";

/// A day, summed up.
#[derive(Deserialize, JsonSchema)]
struct Told {
    /// The day in at most ten words.
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
    unresolved_questions: Vec<Entry>,
    /// What was decided, at most three.
    decisions_made: Vec<Entry>,
    /// What was learnt, at most three.
    knowledge_nuggets: Vec<Entry>,
}

/// Something that mattered.
#[derive(Deserialize, JsonSchema)]
struct Highlight {
    /// What it was about, in a few words.
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
struct Entry {
    /// What it is, in a sentence.
    text: String,
    /// The number of the conversation that it came up in.
    conversation: usize,
}

/// What a day came to: in the model's words, or without a model, or when it fails, in those of the titles.
pub(super) async fn sum_up(model: Option<&LanguageModel>, day: Day) -> DailySummary {
    let plain = plainly(&day);
    let Some(model) = model else { return plain };
    match model.ask::<Told>(INSTRUCTIONS, &told(&day)).await {
        Ok(words) => with_words(plain, words, &day),
        Err(error) => {
            tracing::warn!("a day is summed up by rules alone: {error}");
            plain
        }
    }
}

/// What the model is told of the day.
fn told(day: &Day) -> String {
    let conversation = |(index, conversation): (usize, &Conversation)| {
        let made = &conversation.structured;
        json!({
            "number": index + 1,
            "time": day.clock(conversation),
            "minutes": duration(conversation).num_minutes(),
            "title": made.title,
            "category": made.category,
            "overview": made.overview.chars().take(OVERVIEW).collect::<String>(),
        })
    };
    let item = |item: &ActionItem| json!({ "description": item.description, "completed": item.completed });
    json!({
        "date": day.date,
        "weekday": day.date.format("%A").to_string(),
        "language": day.language,
        "conversations": day.conversations.iter().take(TOLD).enumerate().map(conversation).collect::<Vec<_>>(),
        "action_items": day.action_items.iter().map(item).collect::<Vec<_>>(),
    })
    .to_string()
}

/// The summary in the model's words. Conversations that it makes up are left out.
fn with_words(plain: DailySummary, words: Told, day: &Day) -> DailySummary {
    let id_of = |number: usize| day.conversations.get(number.checked_sub(1)?).map(|found| found.id.clone());
    let highlight = |Highlight { topic, emoji, summary, conversations }| DayHighlight {
        topic,
        emoji,
        summary,
        conversation_ids: conversations.into_iter().filter_map(id_of).collect(),
    };
    let entries = |entries: Vec<Entry>| {
        entries.into_iter().take(ENTRIES).map(|Entry { text, conversation }| (text, id_of(conversation)))
    };
    let question = |(question, conversation_id)| DayQuestion { question, conversation_id };
    let decision = |(decision, conversation_id)| DayDecision { decision, conversation_id };
    let insight = |(insight, conversation_id)| DayInsight { insight, conversation_id };
    let emoji = words.day_emoji.trim();
    DailySummary {
        headline: words.headline,
        overview: words.overview,
        day_emoji: if emoji.is_empty() { EMOJI.into() } else { emoji.into() },
        highlights: words.highlights.into_iter().take(HIGHLIGHTS).map(highlight).collect(),
        unresolved_questions: entries(words.unresolved_questions).map(question).collect(),
        decisions_made: entries(words.decisions_made).map(decision).collect(),
        knowledge_nuggets: entries(words.knowledge_nuggets).map(insight).collect(),
        processor: Processor::Model,
        ..plain
    }
}

/// The summary as the titles and numbers of the day give it.
fn plainly(day: &Day) -> DailySummary {
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
        day_emoji: EMOJI.into(),
        stats: DayStats {
            total_conversations: day.conversations.len(),
            total_duration_minutes: minutes,
            action_items_count: day.action_items.len(),
        },
        highlights: longest.into_iter().take(HIGHLIGHTS).map(highlight).collect(),
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
    let titles: Vec<&str> = day.conversations.iter().take(TITLES).map(title).collect();
    let (titles, count) = (titles.join("; "), day.conversations.len());
    let conversations = if count == 1 { "1 conversation".to_owned() } else { format!("{count} conversations") };
    let long = match minutes {
        0 => String::new(),
        1 => " of 1 minute".into(),
        minutes => format!(" of {minutes} minutes{}", if count == 1 { "" } else { " in all" }),
    };
    let more = if count > TITLES { format!("; and {} more", count - TITLES) } else { String::new() };
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
        time: day.clock(conversation),
    })
}

fn title(conversation: &Conversation) -> &str {
    match conversation.structured.title.trim() {
        "" => "Untitled conversation",
        title => title.trim_end_matches('.'),
    }
}
