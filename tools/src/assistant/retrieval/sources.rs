//! The sources of passages: one search for each kind, subject to the caller's permissions.

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
    memory::{Memory, TagsMatch},
};

use super::{Passage, PassageKind, Query, TranscriptLine, coverage};
use crate::{Context, Result, calendar, daily_summaries, transcripts};

/// How many results of each kind are retrieved.
const MAX_SEGMENTS: usize = 14;
const MAX_MEMORIES: usize = 8;
const MAX_SUMMARIES: usize = 4;
const MAX_ACTION_ITEMS: usize = 5;
const MAX_GOALS: usize = 4;
const MAX_DAILY_SUMMARIES: usize = 4;
const MAX_FILE_PASSAGES: usize = 8;

/// How many of the newest daily summaries are matched by their terms.
const MAX_SCANNED_SUMMARIES: u32 = 100;

/// The share of the question's terms that a result needs which is matched by its terms alone.
const MIN_COVERAGE: f32 = 0.33;

/// How many segments and conversations of the question's time range are retrieved.
const MAX_SEGMENTS_IN_RANGE: usize = 8;
const MAX_CONVERSATIONS_IN_RANGE: u32 = 8;

/// The longest time range that is searched separately.
const MAX_SEPARATE_RANGE: TimeDelta = TimeDelta::days(32);

/// How many segments of the conversation that the user is looking at are retrieved.
const MAX_SEGMENTS_IN_CONVERSATION: usize = 10;

/// How many of the latest segments of the conversation in progress are retrieved.
const MAX_LATEST_SEGMENTS: usize = 24;

/// How many segments get their neighbours.
const MAX_WITH_NEIGHBOURS: usize = 10;

/// Transcript segments.
pub(super) async fn segments(context: &Context, query: &Query<'_>) -> Result<Vec<Passage>> {
    let search = TranscriptSearch {
        query: query.text,
        time_hint: query.time_range.clone(),
        after: query.bounds.as_ref().map(|bounds| bounds.start),
        before: query.bounds.as_ref().map(|bounds| bounds.end),
        limit: MAX_SEGMENTS,
        ..TranscriptSearch::default()
    };
    search_segments(context, search).await
}

/// Transcript segments within the question's time range.
pub(super) async fn segments_in_range(context: &Context, query: &Query<'_>) -> Result<Vec<Passage>> {
    let Some(range) = query.time_range.as_ref().filter(|range| range.end - range.start <= MAX_SEPARATE_RANGE) else {
        return Ok(Vec::new());
    };
    let search = TranscriptSearch {
        query: query.text,
        after: Some(range.start),
        before: Some(range.end),
        limit: MAX_SEGMENTS_IN_RANGE,
        ..TranscriptSearch::default()
    };
    search_segments(context, search).await
}

/// Transcript segments of the conversation that the user is looking at.
pub(super) async fn segments_in_conversation(context: &Context, query: &Query<'_>) -> Result<Vec<Passage>> {
    let Some(conversation) = query.conversation else { return Ok(Vec::new()) };
    let search = TranscriptSearch {
        query: query.text,
        conversation: Some(conversation),
        limit: MAX_SEGMENTS_IN_CONVERSATION,
        ..TranscriptSearch::default()
    };
    let mut passages = search_segments(context, search).await?;
    let shown = context.conversations().get(conversation).await?.filter(|_| may_call(context, "get_conversations"));
    passages.extend(shown.map(|conversation| summary(&conversation, 1.0)));
    Ok(passages)
}

/// Summaries of the conversations within the question's time range.
pub(super) async fn conversations_in_range(context: &Context, query: &Query<'_>) -> Result<Vec<Passage>> {
    let range = query.time_range.as_ref().filter(|range| range.end - range.start <= MAX_SEPARATE_RANGE);
    let Some(range) = range.filter(|_| may_call(context, "get_conversations")) else { return Ok(Vec::new()) };
    let selection = Selection {
        discarded: Some(false),
        start: Some(range.start),
        end: Some(range.end - TimeDelta::microseconds(1)),
        limit: MAX_CONVERSATIONS_IN_RANGE,
        ..Selection::default()
    };
    let conversations = context.conversations().list(&selection).await?;
    Ok(conversations.iter().filter(|row| has_summary(row)).map(|row| summary(row, 0.5)).collect())
}

/// Memories.
pub(super) async fn memories(context: &Context, query: &Query<'_>) -> Result<Vec<Passage>> {
    if !may_call(context, "search_memories") {
        return Ok(Vec::new());
    }
    let search = Search {
        query: query.text,
        categories: &[],
        tags: &[],
        tags_match: TagsMatch::All,
        after: None,
        before: None,
        limit: MAX_MEMORIES,
    };
    let mut found = context.memories().search(&search).await?;
    if let Some(shown) = query.memory {
        found.extend(context.memories().get(shown).await?.map(|memory| (memory, 1.0)));
    }
    Ok(found
        .into_iter()
        .map(|(memory, score)| Passage::new(PassageKind::Memory, cite_memory(&memory), score))
        .collect())
}

/// Summaries of conversations.
pub(super) async fn summaries(context: &Context, query: &Query<'_>) -> Result<Vec<Passage>> {
    if !may_call(context, "search_conversations") {
        return Ok(Vec::new());
    }
    let found = transcripts::transcripts(context).search_summaries(query.text, MAX_SUMMARIES).await?;
    let scores: HashMap<String, f32> = found.into_iter().collect();
    let ids: Vec<String> = scores.keys().cloned().collect();
    let rows = context.conversations().get_many(&ids).await?;
    let score = |row: &Conversation| scores.get(&row.id).copied().unwrap_or_default();
    Ok(rows.iter().filter(|row| has_summary(row)).map(|row| summary(row, score(row))).collect())
}

/// Action items.
pub(super) async fn action_items(context: &Context, query: &Query<'_>) -> Result<Vec<Passage>> {
    if !may_call(context, "search_action_items") {
        return Ok(Vec::new());
    }
    let mut found = context.action_items().search(query.text, MAX_ACTION_ITEMS).await?;
    if let Some(shown) = query.action_item {
        found.extend(context.action_items().get(shown).await?.map(|item| (item, 1.0)));
    }
    let passage = |(item, score): (ActionItem, f32)| Passage {
        note: Some(state_of(&item)),
        ..Passage::new(PassageKind::ActionItem, cite_action_item(&item), score)
    };
    Ok(found.into_iter().map(passage).collect())
}

/// Goals that share terms with the question; they are too few to be indexed.
pub(super) async fn goals(context: &Context, query: &Query<'_>) -> Result<Vec<Passage>> {
    if !may_call(context, "get_goals") {
        return Ok(Vec::new());
    }
    let goals = context.goals().all().await?;
    let passages = goals.iter().map(|goal| Passage::new(PassageKind::Goal, cite_goal(goal), 0.0));
    Ok(match_terms(query.text, passages, MAX_GOALS))
}

/// Daily summaries within the question's time range, and the newest ones that share terms with the question.
pub(super) async fn daily_summaries(context: &Context, query: &Query<'_>) -> Result<Vec<Passage>> {
    if !may_call(context, "get_daily_summaries") {
        return Ok(Vec::new());
    }
    let zone = calendar::user_time_zone(context).await?;
    let passage =
        |summary: &DailySummary| Passage::new(PassageKind::DailySummary, cite_daily_summary(summary, &zone), 0.5);
    let newest = daily_summaries::daily_summaries(context)
        .list(&Days { limit: MAX_SCANNED_SUMMARIES, ..Days::default() })
        .await?;
    let mut found = match_terms(query.text, newest.iter().map(passage), MAX_DAILY_SUMMARIES);
    if let Some(range) = query.time_range.as_ref().filter(|range| range.end - range.start <= MAX_SEPARATE_RANGE) {
        let day = |time: DateTime<Utc>| Some(time.with_timezone(&zone).date_naive());
        let (start, end) = (day(range.start), day(range.end - TimeDelta::microseconds(1)));
        let named = Days { start, end, limit: MAX_DAILY_SUMMARIES as u32, ..Days::default() };
        found.extend(daily_summaries::daily_summaries(context).list(&named).await?.iter().map(passage));
    }
    Ok(found)
}

/// Passages of files, of all chats.
pub(super) async fn files(context: &Context, query: &Query<'_>) -> Result<Vec<Passage>> {
    if !may_call(context, "search_files") {
        return Ok(Vec::new());
    }
    let hits = context.resources.chat_files(&context.caller.user).search(query.text, &[], MAX_FILE_PASSAGES).await?;
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
        Passage { position: place.into(), ..Passage::new(PassageKind::File, citation, score) }
    };
    Ok(hits.into_iter().map(passage).collect())
}

/// The latest segments of the conversation in progress.
pub(super) async fn conversation_in_progress(context: &Context) -> Result<Vec<Passage>> {
    if !may_call(context, "get_conversations") {
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
    let skipped = segments.len().saturating_sub(MAX_LATEST_SEGMENTS);
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
        Passage { position: place as i64, ..Passage::new(PassageKind::Live, citation, 1.0) }
    };
    Ok(segments.into_iter().enumerate().skip(skipped).map(passage).collect())
}

/// Adds the neighbouring lines to the best segments.
pub(super) async fn add_neighbours(context: &Context, passages: &mut [Passage]) -> Result<()> {
    let best = passages.iter_mut().filter(|passage| passage.kind == PassageKind::Segment).take(MAX_WITH_NEIGHBOURS);
    let mut best: Vec<&mut Passage> = best.collect();
    let near = |passage: &&mut Passage| {
        [passage.position - 1, passage.position + 1].map(|at| (passage.citation.id.clone(), at))
    };
    let mut places: Vec<(String, i64)> = best.iter().flat_map(near).filter(|(_, place)| *place >= 0).collect();
    places.sort_unstable();
    places.dedup();
    if places.is_empty() {
        return Ok(());
    }
    let said = transcripts::transcripts(context).segments_at(&places).await?;
    for passage in &mut best {
        let near = said
            .iter()
            .filter(|hit| hit.conversation_id == passage.citation.id && (hit.place - passage.position).abs() == 1);
        passage.neighbours = near.map(line).collect();
        passage.neighbours.sort_by_key(|line| line.position);
    }
    Ok(())
}

/// The citation of a memory.
pub(crate) fn cite_memory(memory: &Memory) -> Citation {
    cite("memory", &memory.id, &memory.content, memory.created_at)
}

/// The citation of an action item.
pub(crate) fn cite_action_item(item: &ActionItem) -> Citation {
    cite("action_item", &item.id, &item.description, item.created_at)
}

/// The citation of a goal, with its reason and its success criteria.
fn cite_goal(goal: &Goal) -> Citation {
    let more = [&goal.desired_outcome, &goal.why_it_matters].into_iter().flatten();
    let lines: Vec<&str> =
        [&goal.title].into_iter().chain(more).chain(&goal.success_criteria).map(String::as_str).collect();
    cite("goal", &goal.id, &lines.join(". "), goal.created_at)
}

/// The citation of a daily summary, dated at noon in the user's time zone.
fn cite_daily_summary(summary: &DailySummary, zone: &Tz) -> Citation {
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
    Citation { title, ..cite("daily_summary", &summary.id, &quote, date) }
}

/// At most `limit` passages that share enough terms with the question, best first.
fn match_terms(query: &str, passages: impl Iterator<Item = Passage>, limit: usize) -> Vec<Passage> {
    let scored = passages.map(|passage| Passage { score: coverage(query, &passage), ..passage });
    let mut fitting: Vec<Passage> = scored.filter(|passage| passage.score >= MIN_COVERAGE).collect();
    fitting.sort_by(|one, other| other.score.total_cmp(&one.score));
    fitting.truncate(limit);
    fitting
}

fn cite(kind: &str, id: &str, quote: &str, date: DateTime<Utc>) -> Citation {
    let (kind, id, quote) = (kind.to_owned(), id.to_owned(), quote.to_owned());
    Citation { kind, id, segment: None, title: None, speaker: None, quote, date }
}

async fn search_segments(context: &Context, search: TranscriptSearch<'_>) -> Result<Vec<Passage>> {
    if !may_call(context, "search_transcripts") {
        return Ok(Vec::new());
    }
    let hits = transcripts::transcripts(context).search(&search).await?;
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
        Passage { position: place, ..Passage::new(PassageKind::Segment, citation, score) }
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
    Passage::new(PassageKind::Summary, citation, score)
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

fn line(hit: &TranscriptHit) -> TranscriptLine {
    TranscriptLine { position: hit.place, speaker: hit.speaker_name.clone(), text: hit.text.clone(), at: hit.spoken_at }
}

/// Whether the caller may call a tool.
fn may_call(context: &Context, tool: &str) -> bool {
    crate::find(tool).is_some_and(|tool| tool.permits(context).is_ok())
}
