//! One ranking out of two: by words and by meaning.
//!
//! Each leg's scores are divided by its best one and then added with a weight. Adding ranks instead loses more than it
//! gains when one leg is weak; and which leg is weak depends on the question, not only on the data. So the weight
//! follows how clearly each leg tells its best record from the next ones.

use std::collections::HashMap;

use uuid::Uuid;

use super::engine::{Found, Leg};

/// How many records a leg's best one is compared with.
const RIVALS: usize = 9;
/// Cosines lie closer together than sums of word weights: a leg of meaning is as clear as one of words at half of
/// the distance.
const DENSE_CLEARNESS: f32 = 2.0;
/// Neither leg is ever silenced.
const LEAST_WEIGHT: f32 = 0.1;

/// A record that at least one leg proposed, with its score in each that has scored it.
#[derive(Default)]
struct Candidate {
    words: Option<f32>,
    dense: Option<f32>,
}

/// The records proposed by the legs of one search.
#[derive(Default)]
pub(super) struct Candidates(HashMap<Uuid, Candidate>);

impl Candidates {
    /// Take in what a leg found.
    pub(super) fn add(&mut self, leg: &Leg, found: Vec<Found>) {
        for one in found {
            let candidate = self.0.entry(one.point).or_default();
            match leg {
                Leg::Words(_) => candidate.words = Some(one.score),
                Leg::Dense(_) => candidate.dense = Some(one.score),
            }
        }
    }

    /// The records that a leg has not scored.
    pub(super) fn unscored(&self, leg: &Leg) -> Vec<Uuid> {
        self.0.iter().filter(|(_, candidate)| candidate.score(leg).is_none()).map(|(point, _)| *point).collect()
    }

    /// The records that were found.
    pub(super) fn points(&self) -> Vec<Uuid> {
        self.0.keys().copied().collect()
    }

    /// What each record scored by words and by meaning.
    pub(super) fn into_scores(self) -> HashMap<Uuid, (Option<f32>, Option<f32>)> {
        self.0.into_iter().map(|(point, candidate)| (point, (candidate.words, candidate.dense))).collect()
    }

    /// Rank the records and keep the best `limit`, with those that score the same as the last of them.
    pub(super) fn fuse(self, limit: usize) -> Vec<(Uuid, f32)> {
        let (points, candidates): (Vec<Uuid>, Vec<Candidate>) = self.0.into_iter().unzip();
        let words = normalise(candidates.iter().map(|candidate| Some(candidate.words.unwrap_or_default())));
        let dense = normalise(candidates.iter().map(|candidate| candidate.dense));
        let weight = word_weight(clearness(&words), clearness(&dense));
        let score = |(words, dense): (Option<f32>, Option<f32>)| {
            let words = words.unwrap_or_default();
            // A record that has yet to be embedded is judged by its words alone.
            weight * words + (1.0 - weight) * dense.unwrap_or(words)
        };
        let scores = words.into_iter().zip(dense).map(score);
        let mut hits: Vec<(Uuid, f32)> = points.into_iter().zip(scores).collect();
        hits.sort_by(|(a, a_score), (b, b_score)| b_score.total_cmp(a_score).then_with(|| a.cmp(b)));
        // Which of those that score the same come first is for their names to say.
        let last = hits.get(limit.saturating_sub(1)).map(|(_, score)| *score);
        hits.truncate(last.map_or(hits.len(), |last| hits.partition_point(|(_, score)| *score >= last)));
        hits
    }
}

impl Candidate {
    fn score(&self, leg: &Leg) -> Option<f32> {
        match leg {
            Leg::Words(_) => self.words,
            Leg::Dense(_) => self.dense,
        }
    }
}

/// Divide scores by the best; a score that speaks against a record counts as none.
fn normalise(scores: impl Iterator<Item = Option<f32>>) -> Vec<Option<f32>> {
    let scores: Vec<Option<f32>> = scores.map(|score| score.map(|score| score.max(0.0))).collect();
    let best = scores.iter().flatten().copied().fold(0.0, f32::max);
    let share = |score: f32| if best > 0.0 { score / best } else { 0.0 };
    scores.into_iter().map(|score| score.map(share)).collect()
}

/// How far the best of a leg's normalised scores stands out from the next ones; none for a leg that found nothing.
fn clearness(scores: &[Option<f32>]) -> Option<f32> {
    let mut scores: Vec<f32> = scores.iter().flatten().copied().collect();
    scores.sort_by(|a, b| b.total_cmp(a));
    if scores.first().is_none_or(|best| *best <= 0.0) {
        return None;
    }
    let rivals = &scores[1..scores.len().min(RIVALS + 1)];
    Some(if rivals.is_empty() { 0.0 } else { 1.0 - rivals.iter().sum::<f32>() / rivals.len() as f32 })
}

/// How much words count against meaning, from 0 to 1.
fn word_weight(words: Option<f32>, dense: Option<f32>) -> f32 {
    match (words, dense) {
        (Some(words), Some(dense)) => {
            (0.5 + 0.5 * (words - DENSE_CLEARNESS * dense)).clamp(LEAST_WEIGHT, 1.0 - LEAST_WEIGHT)
        }
        (Some(_), None) => 1.0,
        (None, _) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::Terms;

    fn found(scores: &[(u128, f32)]) -> Vec<Found> {
        scores.iter().map(|(n, score)| Found { point: Uuid::from_u128(*n), score: *score }).collect()
    }

    fn fuse(words: &[(u128, f32)], dense: &[(u128, f32)]) -> Vec<(u128, f32)> {
        let mut candidates = Candidates::default();
        candidates.add(&Leg::Words(Terms::default()), found(words));
        candidates.add(&Leg::Dense(Vec::new()), found(dense));
        candidates.fuse(10).into_iter().map(|(point, score)| (point.as_u128(), score)).collect()
    }

    #[test]
    fn one_leg_alone_keeps_its_order() {
        for hits in [fuse(&[(1, 4.0), (2, 8.0), (3, 2.0)], &[]), fuse(&[], &[(1, 0.2), (2, 0.4), (3, 0.1)])] {
            let points: Vec<_> = hits.iter().map(|(point, _)| *point).collect();
            assert_eq!(points, [2, 1, 3]);
            assert_eq!(hits[0].1, 1.0);
        }
    }

    #[test]
    fn the_clearer_leg_decides() {
        let close = [(1, 0.50), (2, 0.49), (3, 0.48)];
        assert_eq!(fuse(&[(3, 9.0), (2, 1.0), (1, 1.0)], &close)[0].0, 3);
        assert_eq!(fuse(&[(3, 9.0), (2, 8.9), (1, 8.8)], &[(1, 0.8), (2, 0.2), (3, 0.1)])[0].0, 1);
    }

    #[test]
    fn what_is_not_embedded_yet_is_judged_by_its_words() {
        assert_eq!(fuse(&[(1, 3.0)], &[(2, 0.1)])[0].0, 1);
    }

    #[test]
    fn scores_stay_between_zero_and_one() {
        for (_, score) in fuse(&[(1, 12.0), (2, 0.5)], &[(2, 0.9), (3, -0.3)]) {
            assert!((0.0..=1.0).contains(&score), "{score}");
        }
        assert!(fuse(&[], &[]).is_empty());
    }

    #[test]
    fn what_a_leg_has_not_scored_is_known() {
        let mut candidates = Candidates::default();
        let (words, dense) = (Leg::Words(Terms::default()), Leg::Dense(Vec::new()));
        candidates.add(&words, found(&[(1, 1.0)]));
        candidates.add(&dense, found(&[(1, 0.3), (2, 0.2)]));
        assert_eq!(candidates.unscored(&words), [Uuid::from_u128(2)]);
        assert!(candidates.unscored(&dense).is_empty());
    }
}
