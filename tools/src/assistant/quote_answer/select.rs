//! Selects the passages to quote.

use super::question::ParsedQuestion;
use crate::assistant::retrieval::{Passage, PassageKind, coverage};
use language::stemming::{overlap, terms};

/// The minimum and maximum number of quoted passages.
const MIN_PASSAGES: usize = 3;
const MAX_PASSAGES: usize = 8;

/// The share of the best score that a passage needs beyond the minimum number.
const MIN_RELATIVE_SCORE: f32 = 0.75;

/// The bonus of passages by a speaker whom the question is about.
const SPEAKER_BONUS: f32 = 0.1;

/// The share of the question's terms that passages other than transcripts and files need: the best result of each kind
/// has a high score, even if it is irrelevant.
const MIN_COVERAGE: f32 = 0.5;

/// Passages whose terms overlap by at least this share are duplicates.
const DUPLICATE_OVERLAP: f32 = 0.8;

/// The passages to quote, best first.
pub(super) fn select_passages<'a>(
    question: &ParsedQuestion<'_>,
    passages: &'a [Passage],
    limit: usize,
) -> Vec<&'a Passage> {
    let has_time_range = question.time.is_some() && passages.iter().any(|passage| passage.in_time_range);
    let mut ranked: Vec<(f32, &Passage)> = passages
        .iter()
        .filter(|passage| {
            (!has_time_range || passage.in_time_range) && passage.citation.quote.chars().any(char::is_alphanumeric)
        })
        .map(|passage| (score(question, passage), passage))
        .collect();
    let is_overview = |(_, passage): &(f32, &Passage)| {
        matches!(passage.kind, PassageKind::Summary | PassageKind::ActionItem | PassageKind::Live)
    };
    if question.is_about_time_only && ranked.iter().any(is_overview) {
        // Conversations of that time, rather than segments that resemble the question.
        ranked.retain(is_overview);
        ranked.iter_mut().for_each(|(score, _)| *score = 1.0);
    } else {
        drop_irrelevant(question, &mut ranked);
    }
    ranked.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let needed = ranked.first().map_or(0.0, |(best, _)| best * MIN_RELATIVE_SCORE);
    let mut selected: Vec<&Passage> = Vec::new();
    for (score, passage) in ranked {
        let wanted = selected.len() < MIN_PASSAGES || selected.len() < MAX_PASSAGES && score >= needed;
        if wanted && !selected.iter().any(|other| is_duplicate(other, passage)) {
            selected.push(passage);
        }
    }
    limit_conversations(&mut selected, limit);
    selected
}

fn score(question: &ParsedQuestion<'_>, passage: &Passage) -> f32 {
    let asked = passage.citation.speaker.as_deref().is_some_and(|speaker| question.is_about(speaker));
    passage.score + if asked { SPEAKER_BONUS } else { 0.0 }
}

/// Removes passages other than transcripts and files that share too few terms with the question, unless nothing else is
/// left; and passages without any shared term when another one contains all terms.
fn drop_irrelevant(question: &ParsedQuestion<'_>, ranked: &mut Vec<(f32, &Passage)>) {
    let is_whole = ranked.iter().any(|(_, passage)| coverage(&question.topic, passage) >= 1.0);
    let stays = |passage: &Passage| {
        let covered = coverage(&question.topic, passage);
        match passage.kind {
            PassageKind::Segment | PassageKind::File => !is_whole || covered > 0.0,
            _ => covered >= MIN_COVERAGE,
        }
    };
    if ranked.iter().any(|(_, passage)| stays(passage)) {
        ranked.retain(|(_, passage)| stays(passage));
    }
}

/// Whether two passages say the same: what was extracted from a conversation often repeats its words.
fn is_duplicate(one: &Passage, other: &Passage) -> bool {
    let (first, second) = (terms(&one.citation.quote), terms(&other.citation.quote));
    let drawn = one.kind != other.kind && first.len().min(second.len()) > 2;
    one.citation.quote == other.citation.quote || drawn && overlap(&first, &second) >= DUPLICATE_OVERLAP
}

/// Keeps the passages of the first `limit` conversations, and those that belong to no conversation.
fn limit_conversations(selected: &mut Vec<&Passage>, limit: usize) {
    let mut ids: Vec<String> = Vec::new();
    selected.retain(|passage| {
        let id = &passage.citation.id;
        let known = passage.citation.kind != "conversation" || ids.contains(id);
        if !known && ids.len() < limit {
            ids.push(id.clone());
            return true;
        }
        known
    });
}
