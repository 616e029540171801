//! Where passages come from: one search for each kind, of which the caller sees what they may.

use std::collections::HashMap;

use chrono::{DateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use futures::future::OptionFuture;
use resources::{
    chat_files::FileHit,
    conversations::Selection,
    daily_summaries::Selection as Days,
    memories::Search,
    transcripts::{TranscriptHit, TranscriptSearch},
};
use schemas::{
    action_item::ActionItem,
    chat::Citation,
    conversation::{Conversation, ConversationStatus},
    daily_summary::DailySummary,
    goal::Goal,
    memory::Memory,
};

use super::{Kind, Line, Passage, Wanted, coverage};
use crate::{Context, Result};

/// How many of each kind are looked at.
const SEGMENTS: usize = 14;
const MEMORIES: usize = 8;
const SUMMARIES: usize = 4;
const ACTION_ITEMS: usize = 5;
const GOALS: usize = 4;
const DAYS: usize = 4;
const FILES: usize = 8;

/// How many of the newest daily summaries are looked through.
const NEWEST_DAYS: u32 = 100;

/// The share of the question's telling words that must stand in what is found by its words alone.
const ENOUGH: f32 = 0.33;

/// How many segments, and how many conversations, of the time that the question names.
const SEGMENTS_THEN: usize = 8;
const CONVERSATIONS_THEN: u32 = 8;

/// The longest stretch of time that is searched by itself.
const NARROW: TimeDelta = TimeDelta::days(32);

/// How many segments of the conversation that the user is looking at.
const SEGMENTS_HERE: usize = 10;

/// How much of the conversation in progress is shown, in segments.
const LATEST: usize = 24;

/// How many segments are shown with what was said around them.
const WITH_NEIGHBOURS: usize = 10;

/// What was said that fits.
pub(super) async fn said(context: &Context, wanted: &Wanted<'_>) -> Result<Vec<Passage>> {
    let search = TranscriptSearch {
        query: wanted.query,
        likely: wanted.range.clone(),
        after: wanted.only.as_ref().map(|only| only.start),
        before: wanted.only.as_ref().map(|only| only.end),
        limit: SEGMENTS,
        ..TranscriptSearch::default()
    };
    search_segments(context, search).await
}

/// What was said that fits, of the time that the question names.
pub(super) async fn said_then(context: &Context, wanted: &Wanted<'_>) -> Result<Vec<Passage>> {
    let Some(range) = wanted.range.as_ref().filter(|range| range.end - range.start <= NARROW) else {
        return Ok(Vec::new());
    };
    let search = TranscriptSearch {
        query: wanted.query,
        after: Some(range.start),
        before: Some(range.end),
        limit: SEGMENTS_THEN,
        ..TranscriptSearch::default()
    };
    search_segments(context, search).await
}

/// What was said that fits, in the conversation that the user is looking at.
pub(super) async fn said_here(context: &Context, wanted: &Wanted<'_>) -> Result<Vec<Passage>> {
    let Some(conversation) = wanted.conversation else { return Ok(Vec::new()) };
    let search = TranscriptSearch {
        query: wanted.query,
        conversation: Some(conversation),
        limit: SEGMENTS_HERE,
        ..TranscriptSearch::default()
    };
    let mut passages = search_segments(context, search).await?;
    let shown = context.conversations().get(conversation).await?.filter(|_| may(context, "get_conversations"));
    passages.extend(shown.map(|conversation| summary(&conversation, 1.0)));
    Ok(passages)
}

/// The conversations of the time that the question names.
pub(super) async fn held_then(context: &Context, wanted: &Wanted<'_>) -> Result<Vec<Passage>> {
    let range = wanted.range.as_ref().filter(|range| range.end - range.start <= NARROW);
    let Some(range) = range.filter(|_| may(context, "get_conversations")) else { return Ok(Vec::new()) };
    let selection = Selection {
        discarded: Some(false),
        start: Some(range.start),
        end: Some(range.end - TimeDelta::microseconds(1)),
        limit: CONVERSATIONS_THEN,
        ..Selection::default()
    };
    let held = context.conversations().list(&selection).await?;
    Ok(held.iter().filter(|held| has_summary(held)).map(|held| summary(held, 0.5)).collect())
}

/// Memories that fit.
pub(super) async fn memories(context: &Context, wanted: &Wanted<'_>) -> Result<Vec<Passage>> {
    if !may(context, "search_memories") {
        return Ok(Vec::new());
    }
    let search = Search { query: wanted.query, categories: &[], after: None, before: None, limit: MEMORIES };
    let mut found = context.memories().search(&search).await?;
    if let Some(shown) = wanted.memory {
        found.extend(context.memories().get(shown).await?.map(|memory| (memory, 1.0)));
    }
    Ok(found.into_iter().map(|(memory, score)| Passage::new(Kind::Memory, cite_memory(&memory), score)).collect())
}

/// Conversations whose summaries fit.
pub(super) async fn summaries(context: &Context, wanted: &Wanted<'_>) -> Result<Vec<Passage>> {
    if !may(context, "search_conversations") {
        return Ok(Vec::new());
    }
    let found = context.transcripts().search_summaries(wanted.query, SUMMARIES).await?;
    let scores: HashMap<String, f32> = found.into_iter().collect();
    let ids: Vec<String> = scores.keys().cloned().collect();
    let rows = context.conversations().get_many(&ids).await?;
    let score = |row: &Conversation| scores.get(&row.id).copied().unwrap_or_default();
    Ok(rows.iter().filter(|row| has_summary(row)).map(|row| summary(row, score(row))).collect())
}

/// Action items that fit.
pub(super) async fn action_items(context: &Context, wanted: &Wanted<'_>) -> Result<Vec<Passage>> {
    if !may(context, "search_action_items") {
        return Ok(Vec::new());
    }
    let mut found = context.action_items().search(wanted.query, ACTION_ITEMS).await?;
    if let Some(shown) = wanted.action_item {
        found.extend(context.action_items().get(shown).await?.map(|item| (item, 1.0)));
    }
    let passage = |(item, score): (ActionItem, f32)| Passage {
        note: Some(state_of(&item)),
        ..Passage::new(Kind::ActionItem, cite_action_item(&item), score)
    };
    Ok(found.into_iter().map(passage).collect())
}

/// Goals that have words of the question: they are too few to be indexed.
pub(super) async fn goals(context: &Context, wanted: &Wanted<'_>) -> Result<Vec<Passage>> {
    if !may(context, "get_goals") {
        return Ok(Vec::new());
    }
    let goals = context.goals().all().await?;
    let passages = goals.iter().map(|goal| Passage::new(Kind::Goal, cite_goal(goal), 0.0));
    Ok(by_words(wanted.query, passages, GOALS))
}

/// What the days came to that the question names, and those of the newest that have words of it.
pub(super) async fn days(context: &Context, wanted: &Wanted<'_>) -> Result<Vec<Passage>> {
    if !may(context, "get_daily_summaries") {
        return Ok(Vec::new());
    }
    let zone = context.time_zone().await?;
    let passage = |summary: &DailySummary| Passage::new(Kind::Day, cite_day(summary, &zone), 0.5);
    let newest = context.daily_summaries().list(&Days { limit: NEWEST_DAYS, ..Days::default() }).await?;
    let mut found = by_words(wanted.query, newest.iter().map(passage), DAYS);
    if let Some(range) = wanted.range.as_ref().filter(|range| range.end - range.start <= NARROW) {
        let day = |time: DateTime<Utc>| Some(time.with_timezone(&zone).date_naive());
        let (start, end) = (day(range.start), day(range.end - TimeDelta::microseconds(1)));
        let named = Days { start, end, offset: 0, limit: DAYS as u32 };
        found.extend(context.daily_summaries().list(&named).await?.iter().map(passage));
    }
    Ok(found)
}

/// What files say that fits, whichever chat they belong to.
pub(super) async fn files(context: &Context, wanted: &Wanted<'_>) -> Result<Vec<Passage>> {
    if !may(context, "search_files") {
        return Ok(Vec::new());
    }
    let hits = context.resources.chat_files(&context.caller.user).search(wanted.query, &[], FILES).await?;
    let passage = |hit: FileHit| {
        let (score, place) = (hit.score, hit.place);
        let citation = Citation {
            kind: "file".into(),
            id: hit.file_id,
            segment: Some(place.to_string()),
            title: Some(hit.name),
            speaker: None,
            quote: hit.text,
            date: hit.uploaded_at,
        };
        Passage { place: place.into(), ..Passage::new(Kind::File, citation, score) }
    };
    Ok(hits.into_iter().map(passage).collect())
}

/// The end of what is being said just now.
pub(super) async fn in_progress(context: &Context) -> Result<Vec<Passage>> {
    if !may(context, "get_conversations") {
        return Ok(Vec::new());
    }
    let newest = context.conversations().newest(ConversationStatus::InProgress).await?;
    let transcript = newest.as_ref().map(|conversation| async {
        let id = &conversation.id;
        context.conversations().transcript(id).await
    });
    let segments = OptionFuture::from(transcript).await.transpose()?.unwrap_or_default();
    let Some(conversation) = newest else { return Ok(Vec::new()) };
    let began = conversation.started_at.unwrap_or(conversation.created_at);
    let skipped = segments.len().saturating_sub(LATEST);
    let passage = |(place, segment): (usize, schemas::conversation::TranscriptSegment)| {
        let citation = Citation {
            kind: "conversation".into(),
            id: conversation.id.clone(),
            segment: Some(segment.id),
            title: Some("In progress".into()),
            speaker: Some(segment.speaker_name),
            quote: segment.text,
            date: began + TimeDelta::milliseconds((segment.start * 1e3) as i64),
        };
        Passage { place: place as i64, ..Passage::new(Kind::Live, citation, 1.0) }
    };
    Ok(segments.into_iter().enumerate().skip(skipped).map(passage).collect())
}

/// Adds to the best segments what was said right before and after them.
pub(super) async fn add_neighbours(context: &Context, passages: &mut [Passage]) -> Result<()> {
    let best = passages.iter_mut().filter(|passage| passage.kind == Kind::Segment).take(WITH_NEIGHBOURS);
    let mut best: Vec<&mut Passage> = best.collect();
    let near =
        |passage: &&mut Passage| [passage.place - 1, passage.place + 1].map(|at| (passage.citation.id.clone(), at));
    let mut places: Vec<(String, i64)> = best.iter().flat_map(near).filter(|(_, place)| *place >= 0).collect();
    places.sort_unstable();
    places.dedup();
    if places.is_empty() {
        return Ok(());
    }
    let said = context.transcripts().said_at(&places).await?;
    for passage in &mut best {
        let near = said
            .iter()
            .filter(|hit| hit.conversation_id == passage.citation.id && (hit.place - passage.place).abs() == 1);
        passage.around = near.map(line).collect();
        passage.around.sort_by_key(|line| line.place);
    }
    Ok(())
}

/// How a memory is cited.
pub(crate) fn cite_memory(memory: &Memory) -> Citation {
    written("memory", &memory.id, &memory.content, memory.created_at)
}

/// How an action item is cited.
pub(crate) fn cite_action_item(item: &ActionItem) -> Citation {
    written("action_item", &item.id, &item.description, item.created_at)
}

/// How a goal is cited: with why it is one, and by what it is known to be reached.
fn cite_goal(goal: &Goal) -> Citation {
    let more = [&goal.desired_outcome, &goal.why_it_matters].into_iter().flatten();
    let lines: Vec<&str> =
        [&goal.title].into_iter().chain(more).chain(&goal.success_criteria).map(String::as_str).collect();
    written("goal", &goal.id, &lines.join(". "), goal.created_at)
}

/// How what a day came to is cited: at its noon, so that it is of that day wherever the user lives.
fn cite_day(summary: &DailySummary, zone: &Tz) -> Citation {
    let noon = summary.date.and_time(NaiveTime::MIN) + TimeDelta::hours(12);
    let date = zone.from_local_datetime(&noon).earliest().map_or_else(|| noon.and_utc(), |noon| noon.to_utc());
    let highlights = summary.highlights.iter().map(|highlight| format!("{}: {}", highlight.topic, highlight.summary));
    let decisions = summary.decisions_made.iter().map(|row| row.decision.clone());
    let insights = summary.knowledge_nuggets.iter().map(|row| row.insight.clone());
    let questions = summary.unresolved_questions.iter().map(|row| row.question.clone());
    let all =
        [summary.overview.clone()].into_iter().chain(highlights).chain(decisions).chain(insights).chain(questions);
    let quote = all.collect::<Vec<_>>().join(" ");
    let title = Some(summary.headline.clone());
    Citation { title, ..written("daily_summary", &summary.id, &quote, date) }
}

/// Those of the passages that have enough of the question's words, at most so many, best first.
fn by_words(query: &str, passages: impl Iterator<Item = Passage>, most: usize) -> Vec<Passage> {
    let scored = passages.map(|passage| Passage { score: coverage(query, &passage), ..passage });
    let mut fitting: Vec<Passage> = scored.filter(|passage| passage.score >= ENOUGH).collect();
    fitting.sort_by(|one, other| other.score.total_cmp(&one.score));
    fitting.truncate(most);
    fitting
}

fn written(kind: &str, id: &str, quote: &str, date: DateTime<Utc>) -> Citation {
    let (kind, id, quote) = (kind.to_owned(), id.to_owned(), quote.to_owned());
    Citation { kind, id, segment: None, title: None, speaker: None, quote, date }
}

async fn search_segments(context: &Context, search: TranscriptSearch<'_>) -> Result<Vec<Passage>> {
    if !may(context, "search_transcripts") {
        return Ok(Vec::new());
    }
    let hits = context.transcripts().search(&search).await?;
    let passage = |hit: TranscriptHit| {
        let (score, place) = (hit.score, hit.place);
        let citation = Citation {
            kind: "conversation".into(),
            id: hit.conversation_id,
            segment: Some(hit.segment_id),
            title: Some(hit.conversation_title).filter(|title| !title.is_empty()),
            speaker: Some(hit.speaker_name),
            quote: hit.text,
            date: hit.spoken_at,
        };
        Passage { place, ..Passage::new(Kind::Segment, citation, score) }
    };
    Ok(hits.into_iter().map(passage).collect())
}

fn summary(conversation: &Conversation, score: f32) -> Passage {
    let structured = &conversation.structured;
    let citation = Citation {
        kind: "conversation".into(),
        id: conversation.id.clone(),
        segment: None,
        title: Some(structured.title.clone()),
        speaker: None,
        quote: structured.overview.clone(),
        date: conversation.started_at.unwrap_or(conversation.created_at),
    };
    Passage::new(Kind::Summary, citation, score)
}

fn has_summary(conversation: &Conversation) -> bool {
    !(conversation.structured.title.is_empty() && conversation.structured.overview.is_empty())
}

fn state_of(item: &ActionItem) -> String {
    let day = |time: DateTime<Utc>| time.format("%-d %B %Y").to_string();
    match (item.completed, item.due_at) {
        (true, _) => "done".into(),
        (false, Some(due)) => format!("open, due {}", day(due)),
        (false, None) => "open".into(),
    }
}

fn line(hit: &TranscriptHit) -> Line {
    Line { place: hit.place, speaker: hit.speaker_name.clone(), text: hit.text.clone(), at: hit.spoken_at }
}

/// Whether the caller may read what this tool reads.
fn may(context: &Context, tool: &str) -> bool {
    crate::find(tool).is_some_and(|tool| tool.permits(context).is_ok())
}
