//! Which passages make the answer.

use super::question::Question;
use crate::assistant::retrieval::{Kind, Passage, coverage};
use language::stemming::{overlap, terms};

/// How many passages are quoted: at least, where there are so many, and at most.
const LEAST: usize = 3;
const MOST: usize = 8;

/// The share of the best one's score that a passage needs beyond the least number.
const NEARLY: f32 = 0.75;

/// What it adds that somebody speaks whom the question is about.
const SPEAKS: f32 = 0.1;

/// The share of the question's words that anything but a transcript needs beside what was said: the best of each kind
/// has a good score, however little it has to do with the question.
const FITS: f32 = 0.5;

/// Two that share this part of their words say the same.
const SAME: f32 = 0.8;

/// The passages to quote, best first.
pub(super) fn choose<'a>(question: &Question<'_>, passages: &'a [Passage], limit: usize) -> Vec<&'a Passage> {
    let then = question.time.is_some() && passages.iter().any(|passage| passage.within);
    let mut ranked: Vec<(f32, &Passage)> = passages
        .iter()
        .filter(|passage| (!then || passage.within) && passage.citation.quote.chars().any(char::is_alphanumeric))
        .map(|passage| (score(question, passage), passage))
        .collect();
    let held = |(_, passage): &(f32, &Passage)| matches!(passage.kind, Kind::Summary | Kind::ActionItem | Kind::Live);
    if question.about_time_alone && ranked.iter().any(held) {
        // The conversations of that time, rather than what in them happens to be like the question.
        ranked.retain(held);
        ranked.iter_mut().for_each(|(score, _)| *score = 1.0);
    } else {
        drop_strays(question, &mut ranked);
    }
    ranked.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let needed = ranked.first().map_or(0.0, |(best, _)| best * NEARLY);
    let mut chosen: Vec<&Passage> = Vec::new();
    for (score, passage) in ranked {
        let wanted = chosen.len() < LEAST || chosen.len() < MOST && score >= needed;
        if wanted && !chosen.iter().any(|other| says_the_same(other, passage)) {
            chosen.push(passage);
        }
    }
    keep_conversations(&mut chosen, limit);
    chosen
}

fn score(question: &Question<'_>, passage: &Passage) -> f32 {
    let asked = passage.citation.speaker.as_deref().is_some_and(|speaker| question.is_about(speaker));
    passage.score + if asked { SPEAKS } else { 0.0 }
}

/// Takes out what is no transcript and shares too little with the question, as long as something else is left; and where
/// something says all that the question says, whatever says nothing of it.
fn drop_strays(question: &Question<'_>, ranked: &mut Vec<(f32, &Passage)>) {
    let is_whole = ranked.iter().any(|(_, passage)| coverage(&question.topic, passage) >= 1.0);
    let stays = |passage: &Passage| {
        let covered = coverage(&question.topic, passage);
        match passage.kind {
            Kind::Segment | Kind::File => !is_whole || covered > 0.0,
            _ => covered >= FITS,
        }
    };
    if ranked.iter().any(|(_, passage)| stays(passage)) {
        ranked.retain(|(_, passage)| stays(passage));
    }
}

/// Whether two passages say the same: what was drawn from a conversation is often in the words of what was said in it.
fn says_the_same(one: &Passage, other: &Passage) -> bool {
    let (first, second) = (terms(&one.citation.quote), terms(&other.citation.quote));
    let drawn = one.kind != other.kind && first.len().min(second.len()) > 2;
    one.citation.quote == other.citation.quote || drawn && overlap(&first, &second) >= SAME
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
