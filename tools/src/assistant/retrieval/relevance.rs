//! How well passages of different kinds fit a question, on one scale.

use language::stemming::terms;
use std::collections::HashSet;

use super::{Kind, Passage};

/// How much of a passage's rank its words decide: search scores say little across kinds, as the best of each kind is the
/// best of its own, however little it has to do with the question.
const BY_WORDS: f32 = 0.35;

/// What being of the time that the question names adds.
const WITHIN: f32 = 0.3;

/// How much each kind counts: what was said and what is known are answers, a summary is a hint at one.
fn weight(kind: Kind) -> f32 {
    match kind {
        Kind::Segment | Kind::File => 1.0,
        Kind::Memory => 0.95,
        Kind::ActionItem | Kind::Goal => 0.7,
        Kind::Summary | Kind::Day => 0.6,
        Kind::Live => 0.3,
    }
}

/// Gives passages comparable scores and puts the best first.
pub(super) fn rank(query: &str, passages: &mut [Passage]) {
    let best = |kind: Kind| {
        let scores = passages.iter().filter(|passage| passage.kind == kind).map(|passage| passage.score);
        scores.fold(f32::MIN_POSITIVE, f32::max)
    };
    let bests: Vec<f32> = passages.iter().map(|passage| best(passage.kind)).collect();
    let asked = telling(query);
    for (passage, best) in passages.iter_mut().zip(bests) {
        let fit = (1.0 - BY_WORDS) * passage.score / best + BY_WORDS * share(&asked, passage);
        passage.score = weight(passage.kind) * fit + if passage.within { WITHIN } else { 0.0 };
    }
    passages.sort_by(|one, other| other.score.total_cmp(&one.score));
}

/// The share of the question's telling words that a passage has, with who says it and what is said around it; 0 for a
/// question that has none.
pub(crate) fn coverage(query: &str, passage: &Passage) -> f32 {
    share(&telling(query), passage)
}

fn share(asked: &HashSet<String>, passage: &Passage) -> f32 {
    if asked.is_empty() {
        return 0.0;
    }
    let citation = &passage.citation;
    let mut text = citation.quote.clone();
    let around = passage.around.iter().flat_map(|line| [&line.speaker, &line.text]);
    for more in citation.speaker.iter().chain(&citation.title).chain(around) {
        text.push(' ');
        text.push_str(more);
    }
    let has = telling(&text);
    asked.intersection(&has).count() as f32 / asked.len() as f32
}

fn telling(text: &str) -> HashSet<String> {
    terms(text).into_iter().collect()
}
