//! Validates the model's answer.

use std::{collections::HashSet, hash::Hash};

use chrono::{DateTime, TimeDelta, Utc};
use language::{
    extraction::{
        ConversationInput, ExtractedActionItem, ExtractedEvent, ExtractedMemory, Extraction, FactKind, OpenItem,
    },
    truncate::truncate_text,
};

use crate::{Error, Result};

/// The maximum lengths of texts, in characters.
const MAX_TITLE: usize = 80;
const MAX_OVERVIEW: usize = 2000;
const MAX_DESCRIPTION: usize = 300;
const MAX_MEMORY: usize = 300;
const MAX_RULE: usize = 200;

/// The maximum numbers of results.
const MAX_ACTION_ITEMS: usize = 20;
const MAX_EVENTS: usize = 10;
const MAX_MEMORIES: usize = 4;
const MAX_INTERESTING: usize = 2;

/// How long before the start of a conversation, and after its end, a date is plausible.
const MAX_BEFORE: TimeDelta = TimeDelta::days(1);
const MAX_AFTER: TimeDelta = TimeDelta::days(5 * 366);

/// Decoration that models put around titles.
const DECORATION: &[char] = &[' ', '"', '“', '”', '„', '*', '#'];

/// The maximum duration of an event, in minutes.
const MAX_DURATION: u32 = 14 * 24 * 60;

/// Removes what is invalid from an answer: unknown segments and folders, implausible dates, facts about unnamed
/// speakers.
///
/// # Errors
/// [`Error::Unavailable`] when a conversation that is not discarded has no title or no overview.
pub(super) fn validate(answer: Extraction, input: &ConversationInput<'_>) -> Result<Extraction> {
    let discard = answer.discard;
    let title = answer.title.trim_start_matches(DECORATION).trim_end_matches('.').trim_end_matches(DECORATION);
    let title = truncate_text(title.trim_end_matches('.'), MAX_TITLE);
    let overview = truncate_text(&answer.overview, MAX_OVERVIEW);
    if !discard && (title.is_empty() || overview.is_empty()) {
        return Err(Error::Unavailable("the language model gave no title or no overview".into()));
    }
    let mut items: Vec<ExtractedActionItem> =
        answer.action_items.into_iter().filter_map(|item| action_item(item, input)).collect();
    remove_duplicates(&mut items, |item| (item.description.to_lowercase(), item.due_at));
    items.truncate(MAX_ACTION_ITEMS);
    let mut events: Vec<ExtractedEvent> = answer.events.into_iter().filter_map(|found| event(found, input)).collect();
    events.truncate(MAX_EVENTS);
    Ok(Extraction {
        discard,
        title,
        overview,
        emoji: emoji(&answer.emoji),
        category: answer.category,
        action_items: items,
        events,
        memories: memories(answer.memories, input),
        folder_id: answer.folder_id.filter(|id| input.folders.iter().any(|folder| folder.id == *id)),
    })
}

fn action_item(item: ExtractedActionItem, input: &ConversationInput<'_>) -> Option<ExtractedActionItem> {
    let description = truncate_text(&item.description, MAX_DESCRIPTION);
    let due_at = item.due_at.filter(|due_at| is_plausible(*due_at, input));
    let is_known = |open: &OpenItem| {
        let dates_differ = open.due_at.zip(due_at).is_some_and(|(one, other)| one != other);
        open.description.trim().to_lowercase() == description.to_lowercase() && !dates_differ
    };
    if description.is_empty() || input.open_items.iter().any(is_known) {
        return None;
    }
    Some(ExtractedActionItem {
        description,
        due_at,
        recurrence_rule: item.recurrence_rule.filter(|rule| due_at.is_some() && is_recurrence_rule(rule)),
        segment_ids: segment_ids(&item.segment_ids, input),
    })
}

/// Whether a text has the form of a recurrence rule.
fn is_recurrence_rule(rule: &str) -> bool {
    let is_part = |part: &str| {
        part.split_once('=').is_some_and(|(name, value)| {
            name.bytes().all(|byte| byte.is_ascii_uppercase())
                && !value.is_empty()
                && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b',' | b'-' | b'+'))
        })
    };
    rule.len() <= MAX_RULE && rule.starts_with("FREQ=") && rule.split(';').all(is_part)
}

fn event(event: ExtractedEvent, input: &ConversationInput<'_>) -> Option<ExtractedEvent> {
    let title = truncate_text(&event.title, MAX_TITLE);
    if title.is_empty() || !is_plausible(event.start, input) {
        return None;
    }
    Some(ExtractedEvent {
        title,
        description: truncate_text(&event.description, MAX_DESCRIPTION),
        start: event.start,
        duration_minutes: if event.duration_minutes == 0 { 30 } else { event.duration_minutes.min(MAX_DURATION) },
    })
}

fn memories(found: Vec<ExtractedMemory>, input: &ConversationInput<'_>) -> Vec<ExtractedMemory> {
    let read = |memory: ExtractedMemory| ExtractedMemory {
        content: memory.content.split_whitespace().collect::<Vec<_>>().join(" "),
        kind: memory.kind,
        segment_ids: segment_ids(&memory.segment_ids, input),
    };
    let fits = |memory: &ExtractedMemory| {
        (1..=MAX_MEMORY).contains(&memory.content.chars().count()) && !names_unknown_speaker(&memory.content)
    };
    let mut memories: Vec<ExtractedMemory> = found.into_iter().map(read).filter(fits).collect();
    remove_duplicates(&mut memories, |memory| memory.content.to_lowercase());
    let mut interesting = 0;
    memories.retain(|memory| {
        interesting += usize::from(memory.kind == FactKind::Interesting);
        memory.kind == FactKind::System || interesting <= MAX_INTERESTING
    });
    memories.truncate(MAX_MEMORIES);
    memories
}

/// Whether a text mentions an unnamed speaker: "Speaker 1", "SPEAKER_00".
fn names_unknown_speaker(content: &str) -> bool {
    let content = content.to_lowercase();
    content.match_indices("speaker").any(|(start, word)| {
        let rest = content[start + word.len()..].trim_start_matches([' ', '_', '#', '-']);
        rest.starts_with(|sign: char| sign.is_ascii_digit())
    })
}

/// The ids of the numbered segments; some models answer with ids instead of numbers, or with numbers in brackets.
fn segment_ids(numbers: &[String], input: &ConversationInput<'_>) -> Vec<String> {
    let mut ids: Vec<String> = Vec::with_capacity(numbers.len());
    for number in numbers {
        let number = number.trim().trim_matches(['[', ']']);
        let numbered = number.parse().ok().and_then(|number: usize| input.segments.get(number.checked_sub(1)?));
        let found = numbered.or_else(|| input.segments.iter().find(|segment| segment.id == number));
        ids.extend(found.map(|segment| segment.id.clone()).filter(|id| !ids.contains(id)));
    }
    ids
}

fn is_plausible(time: DateTime<Utc>, input: &ConversationInput<'_>) -> bool {
    (input.started_at - MAX_BEFORE..input.finished_at + MAX_AFTER).contains(&time)
}

/// A single emoji; a brain when the answer is anything else.
fn emoji(given: &str) -> String {
    let given = given.trim();
    let is_one = (1..=8).contains(&given.chars().count()) && given.chars().all(|sign| !sign.is_ascii());
    if is_one { given.to_owned() } else { "🧠".into() }
}

/// Removes later items with the same key.
fn remove_duplicates<T, K: Eq + Hash>(all: &mut Vec<T>, key: impl Fn(&T) -> K) {
    let mut seen = HashSet::new();
    all.retain(|one| seen.insert(key(one)));
}
