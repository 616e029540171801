//! Which passages make the answer.

use super::question::Question;
use crate::{
    processing::local::words,
    recall::{Kind, Passage},
};

/// How many passages are quoted at most.
const MOST: usize = 8;

/// The share of the best one's score that a passage needs.
const NEARLY: f32 = 0.5;

/// Two that share this part of their words say the same.
const SAME: f32 = 0.8;

/// The passages to quote, in the order of time.
pub(super) fn choose<'a>(question: &Question<'_>, passages: &'a [Passage], limit: usize) -> Vec<&'a Passage> {
    let then = question.time.is_some() && passages.iter().any(|passage| passage.within);
    let fits = |passage: &&Passage| (!then || passage.within) && shows_something(passage);
    let listed = |passage: &&Passage| !question.about_time_alone || passage.kind != Kind::Segment;
    let mut ranked: Vec<&Passage> = passages.iter().filter(fits).filter(listed).collect();
    if ranked.is_empty() {
        ranked = passages.iter().filter(fits).collect();
    }
    let least = ranked.first().map_or(0.0, |best| best.score * NEARLY);
    let mut chosen: Vec<&Passage> = Vec::new();
    for passage in ranked.into_iter().filter(|passage| passage.score >= least) {
        if chosen.len() < MOST && !chosen.iter().any(|other| says_the_same(other, passage)) {
            chosen.push(passage);
        }
    }
    keep_conversations(&mut chosen, limit);
    chosen.sort_by_key(|passage| (passage.citation.date, passage.place));
    chosen
}

fn shows_something(passage: &Passage) -> bool {
    passage.citation.quote.chars().any(char::is_alphanumeric)
}

/// Whether two passages say the same: what was drawn from a conversation is often in the words of what was said in it.
fn says_the_same(one: &Passage, other: &Passage) -> bool {
    let (first, second) = (words::terms(&one.citation.quote), words::terms(&other.citation.quote));
    let drawn = one.kind != other.kind && first.len().min(second.len()) > 2;
    one.citation.quote == other.citation.quote || drawn && words::overlap(&first, &second) >= SAME
}

/// Keeps what is of the first so many conversations, and what is of none.
fn keep_conversations(chosen: &mut Vec<&Passage>, limit: usize) {
    let mut ids: Vec<String> = Vec::new();
    chosen.retain(|passage| {
        let id = &passage.citation.id;
        let known = passage.citation.kind != "conversation" || ids.contains(id);
        if !known && ids.len() < limit {
            ids.push(id.clone());
            return true;
        }
        known
    });
}
