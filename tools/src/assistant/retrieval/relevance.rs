//! Scores passages of different kinds on one scale.

use language::stemming::terms;
use std::collections::HashSet;

use super::{Passage, PassageKind};

/// The weight of term coverage. Search scores are not comparable across kinds: the best result of each kind has a high
/// score, even if it is irrelevant.
const COVERAGE_WEIGHT: f32 = 0.35;

/// The bonus of passages within the time range of the question.
const TIME_RANGE_BONUS: f32 = 0.3;

/// The weight of each kind: segments and memories contain answers, summaries only hint at them.
fn weight(kind: PassageKind) -> f32 {
    match kind {
        PassageKind::Segment | PassageKind::File => 1.0,
        PassageKind::Memory => 0.95,
        PassageKind::ActionItem | PassageKind::Goal => 0.7,
        PassageKind::Summary | PassageKind::DailySummary => 0.6,
        PassageKind::Live => 0.3,
    }
}

/// Makes the scores of passages comparable, and sorts them, best first.
pub(super) fn rank(query: &str, passages: &mut [Passage]) {
    let best = |kind: PassageKind| {
        let scores = passages.iter().filter(|passage| passage.kind == kind).map(|passage| passage.score);
        scores.fold(f32::MIN_POSITIVE, f32::max)
    };
    let bests: Vec<f32> = passages.iter().map(|passage| best(passage.kind)).collect();
    let asked = distinct_terms(query);
    for (passage, best) in passages.iter_mut().zip(bests) {
        let fit = (1.0 - COVERAGE_WEIGHT) * passage.score / best + COVERAGE_WEIGHT * covered_share(&asked, passage);
        passage.score = weight(passage.kind) * fit + if passage.in_time_range { TIME_RANGE_BONUS } else { 0.0 };
    }
    passages.sort_by(|one, other| other.score.total_cmp(&one.score));
}

/// The share of the question's terms that a passage contains, including its speaker, title and neighbours; 0 for a
/// question without terms.
pub(crate) fn coverage(query: &str, passage: &Passage) -> f32 {
    covered_share(&distinct_terms(query), passage)
}

fn covered_share(asked: &HashSet<String>, passage: &Passage) -> f32 {
    if asked.is_empty() {
        return 0.0;
    }
    let citation = &passage.citation;
    let mut text = citation.quote.clone();
    let around = passage.neighbours.iter().flat_map(|line| [&line.speaker, &line.text]);
    for more in citation.speaker.iter().chain(&citation.title).chain(around) {
        text.push(' ');
        text.push_str(more);
    }
    let has = distinct_terms(&text);
    asked.intersection(&has).count() as f32 / asked.len() as f32
}

fn distinct_terms(text: &str) -> HashSet<String> {
    terms(text).into_iter().collect()
}
