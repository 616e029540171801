//! What of the model's answer makes sense.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    Error, Result,
    processing::understanding::{FactKind, FoundActionItem, FoundEvent, FoundMemory, Material, Understanding},
};

/// The longest texts, in characters.
const TITLE: usize = 80;
const OVERVIEW: usize = 2000;
const DESCRIPTION: usize = 300;
const MEMORY: usize = 300;

/// The most of each.
const ACTION_ITEMS: usize = 20;
const EVENTS: usize = 10;
const MEMORIES: usize = 4;
const INTERESTING: usize = 2;

/// How long before a conversation something may have been due, and how long after it anything is still a plan.
const BEFORE: TimeDelta = TimeDelta::days(1);
const AFTER: TimeDelta = TimeDelta::days(5 * 366);

/// What models like to put around a title.
const ORNAMENT: &[char] = &[' ', '"', '“', '”', '„', '*', '#'];

/// The longest appointment, in minutes.
const LONGEST: u32 = 14 * 24 * 60;

/// An answer without what cannot be so: segments and folders that are not there, dates out of all reason, facts about
/// nobody in particular.
///
/// # Errors
/// [`Error::Unavailable`] when it says nothing of a conversation that it does not put aside.
pub(super) fn sensible(answer: Understanding, material: &Material<'_>) -> Result<Understanding> {
    let discard = answer.discard;
    let title = answer.title.trim_start_matches(ORNAMENT).trim_end_matches('.').trim_end_matches(ORNAMENT);
    let title = shortened(title.trim_end_matches('.'), TITLE);
    let overview = shortened(&answer.overview, OVERVIEW);
    if !discard && (title.is_empty() || overview.is_empty()) {
        return Err(Error::Unavailable("the language model gave no title or no overview".into()));
    }
    let mut items: Vec<FoundActionItem> =
        answer.action_items.into_iter().filter_map(|item| action_item(item, material)).collect();
    keep_first(&mut items, |item| &item.description);
    items.truncate(ACTION_ITEMS);
    let mut events: Vec<FoundEvent> = answer.events.into_iter().filter_map(|found| event(found, material)).collect();
    events.truncate(EVENTS);
    Ok(Understanding {
        discard,
        title,
        overview,
        emoji: emoji(&answer.emoji),
        category: answer.category,
        action_items: items,
        events,
        memories: memories(answer.memories, material),
        folder_id: answer.folder_id.filter(|id| material.folders.iter().any(|folder| folder.id == *id)),
    })
}

fn action_item(item: FoundActionItem, material: &Material<'_>) -> Option<FoundActionItem> {
    let description = shortened(&item.description, DESCRIPTION);
    let is_known = |open: &String| open.trim().to_lowercase() == description.to_lowercase();
    if description.is_empty() || material.open_items.iter().any(is_known) {
        return None;
    }
    Some(FoundActionItem {
        description,
        due_at: item.due_at.filter(|due_at| is_plausible(*due_at, material)),
        segment_ids: segment_ids(&item.segment_ids, material),
    })
}

fn event(event: FoundEvent, material: &Material<'_>) -> Option<FoundEvent> {
    let title = shortened(&event.title, TITLE);
    if title.is_empty() || !is_plausible(event.start, material) {
        return None;
    }
    Some(FoundEvent {
        title,
        description: shortened(&event.description, DESCRIPTION),
        start: event.start,
        duration_minutes: if event.duration_minutes == 0 { 30 } else { event.duration_minutes.min(LONGEST) },
    })
}

fn memories(found: Vec<FoundMemory>, material: &Material<'_>) -> Vec<FoundMemory> {
    let read = |memory: FoundMemory| FoundMemory {
        content: memory.content.split_whitespace().collect::<Vec<_>>().join(" "),
        kind: memory.kind,
        segment_ids: segment_ids(&memory.segment_ids, material),
    };
    let fits = |memory: &FoundMemory| {
        (1..=MEMORY).contains(&memory.content.chars().count()) && !names_a_number(&memory.content)
    };
    let mut memories: Vec<FoundMemory> = found.into_iter().map(read).filter(fits).collect();
    keep_first(&mut memories, |memory| &memory.content);
    let mut interesting = 0;
    memories.retain(|memory| {
        interesting += usize::from(memory.kind == FactKind::Interesting);
        memory.kind == FactKind::System || interesting <= INTERESTING
    });
    memories.truncate(MEMORIES);
    memories
}

/// Whether it speaks of a voice that has no name: "Speaker 1", "SPEAKER_00".
fn names_a_number(content: &str) -> bool {
    let content = content.to_lowercase();
    content.match_indices("speaker").any(|(place, word)| {
        let behind = content[place + word.len()..].trim_start_matches([' ', '_', '#', '-']);
        behind.starts_with(|sign: char| sign.is_ascii_digit())
    })
}

/// The ids of the segments that these numbers stand for; some models give ids instead, or brackets with the numbers.
fn segment_ids(numbers: &[String], material: &Material<'_>) -> Vec<String> {
    let mut ids: Vec<String> = Vec::with_capacity(numbers.len());
    for number in numbers {
        let number = number.trim().trim_matches(['[', ']']);
        let place = number.parse().ok().and_then(|number: usize| material.segments.get(number.checked_sub(1)?));
        let found = place.or_else(|| material.segments.iter().find(|segment| segment.id == number));
        ids.extend(found.map(|segment| segment.id.clone()).filter(|id| !ids.contains(id)));
    }
    ids
}

fn is_plausible(time: DateTime<Utc>, material: &Material<'_>) -> bool {
    (material.started_at - BEFORE..material.finished_at + AFTER).contains(&time)
}

/// A text of at most so many characters, cut between words.
fn shortened(text: &str, most: usize) -> String {
    let text = text.trim();
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let head: String = text.chars().take(most - 1).collect();
    let head = head.rsplit_once(char::is_whitespace).map_or(&*head, |(head, _)| head);
    format!("{}…", head.trim_end())
}

/// One emoji; a brain where the model gave words, or many.
fn emoji(given: &str) -> String {
    let given = given.trim();
    let is_one = (1..=8).contains(&given.chars().count()) && given.chars().all(|sign| !sign.is_ascii());
    if is_one { given.to_owned() } else { "🧠".into() }
}

/// Keeps the first of those with the same text, letter case apart.
fn keep_first<T>(all: &mut Vec<T>, text: impl Fn(&T) -> &String) {
    let mut seen = HashSet::new();
    all.retain(|one| seen.insert(text(one).to_lowercase()));
}
