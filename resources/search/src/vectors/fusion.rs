//! Score fusion: one ranking out of lexical and dense scores.
//!
//! The scores of each sub-query are divided by its best one and then added with a weight. Reciprocal rank fusion loses
//! more than it gains when one sub-query is weak; and which one is weak depends on the query, not only on the data. So
//! the weight follows the margin of each sub-query's best record over the next ones.

use uuid::Uuid;

use super::candidates::{Candidates, Scores};

/// How many runners-up the best record is compared with.
const RUNNERS_UP: usize = 9;
/// Cosines lie closer together than sums of word weights: half the margin counts as much in the dense scores.
const DENSE_MARGIN_FACTOR: f32 = 2.0;
/// The minimum weight of either sub-query.
const MIN_WEIGHT: f32 = 0.1;

/// Ranks the candidates and keeps the best `limit`, with those of the same score as the last of them.
pub(super) fn fuse(candidates: Candidates, limit: usize) -> Vec<(Uuid, f32)> {
    let (points, scores): (Vec<Uuid>, Vec<Scores>) = candidates.into_scores().into_iter().unzip();
    let lexical = normalize(scores.iter().map(|scores| Some(scores.lexical.unwrap_or_default())));
    let dense = normalize(scores.iter().map(|scores| scores.dense));
    let weight = lexical_weight(margin(&lexical), margin(&dense));
    let score = |(lexical, dense): (Option<f32>, Option<f32>)| {
        let lexical = lexical.unwrap_or_default();
        // A record without an embedding is judged by its words alone.
        weight * lexical + (1.0 - weight) * dense.unwrap_or(lexical)
    };
    let scores = lexical.into_iter().zip(dense).map(score);
    let mut hits: Vec<(Uuid, f32)> = points.into_iter().zip(scores).collect();
    hits.sort_by(|(a, a_score), (b, b_score)| b_score.total_cmp(a_score).then_with(|| a.cmp(b)));
    // Equal scores are ordered by the records' ids, which are not known here.
    let last = hits.get(limit.saturating_sub(1)).map(|(_, score)| *score);
    hits.truncate(last.map_or(hits.len(), |last| hits.partition_point(|(_, score)| *score >= last)));
    hits
}

/// Divides scores by the best one; negative scores count as 0.
pub(super) fn normalize(scores: impl Iterator<Item = Option<f32>>) -> Vec<Option<f32>> {
    let scores: Vec<Option<f32>> = scores.map(|score| score.map(|score| score.max(0.0))).collect();
    let best = scores.iter().flatten().copied().fold(0.0, f32::max);
    let share = |score: f32| if best > 0.0 { score / best } else { 0.0 };
    scores.into_iter().map(|score| score.map(share)).collect()
}

/// The distance of the best of normalised scores to the mean of the next ones; none if nothing was found.
fn margin(scores: &[Option<f32>]) -> Option<f32> {
    let mut scores: Vec<f32> = scores.iter().flatten().copied().collect();
    scores.sort_by(|a, b| b.total_cmp(a));
    if scores.first().is_none_or(|best| *best <= 0.0) {
        return None;
    }
    let next = &scores[1..scores.len().min(RUNNERS_UP + 1)];
    Some(if next.is_empty() { 0.0 } else { 1.0 - next.iter().sum::<f32>() / next.len() as f32 })
}

/// The weight of the lexical scores, from 0 to 1; the dense ones have the rest.
fn lexical_weight(lexical: Option<f32>, dense: Option<f32>) -> f32 {
    match (lexical, dense) {
        (Some(lexical), Some(dense)) => {
            (0.5 + 0.5 * (lexical - DENSE_MARGIN_FACTOR * dense)).clamp(MIN_WEIGHT, 1.0 - MIN_WEIGHT)
        }
        (Some(_), None) => 1.0,
        (None, _) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::point::{ScoredPoint, SubQuery};
    use crate::vectors::terms::Terms;

    fn found(scores: &[(u128, f32)]) -> Vec<ScoredPoint> {
        scores.iter().map(|(n, score)| ScoredPoint { point: Uuid::from_u128(*n), score: *score }).collect()
    }

    fn fused(lexical: &[(u128, f32)], dense: &[(u128, f32)]) -> Vec<(u128, f32)> {
        let mut candidates = Candidates::default();
        candidates.add(&SubQuery::Lexical(Terms::default()), found(lexical));
        candidates.add(&SubQuery::Dense(Vec::new()), found(dense));
        fuse(candidates, 10).into_iter().map(|(point, score)| (point.as_u128(), score)).collect()
    }

    #[test]
    fn one_sub_query_alone_keeps_its_order() {
        for hits in [fused(&[(1, 4.0), (2, 8.0), (3, 2.0)], &[]), fused(&[], &[(1, 0.2), (2, 0.4), (3, 0.1)])] {
            let points: Vec<_> = hits.iter().map(|(point, _)| *point).collect();
            assert_eq!(points, [2, 1, 3]);
            assert_eq!(hits[0].1, 1.0);
        }
    }

    #[test]
    fn the_larger_margin_decides() {
        let close = [(1, 0.50), (2, 0.49), (3, 0.48)];
        assert_eq!(fused(&[(3, 9.0), (2, 1.0), (1, 1.0)], &close)[0].0, 3);
        assert_eq!(fused(&[(3, 9.0), (2, 8.9), (1, 8.8)], &[(1, 0.8), (2, 0.2), (3, 0.1)])[0].0, 1);
    }

    #[test]
    fn records_without_embedding_are_judged_by_their_words() {
        assert_eq!(fused(&[(1, 3.0)], &[(2, 0.1)])[0].0, 1);
    }

    #[test]
    fn scores_stay_between_zero_and_one() {
        for (_, score) in fused(&[(1, 12.0), (2, 0.5)], &[(2, 0.9), (3, -0.3)]) {
            assert!((0.0..=1.0).contains(&score), "{score}");
        }
        assert!(fused(&[], &[]).is_empty());
    }
}
