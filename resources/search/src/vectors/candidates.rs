//! The candidates of a hybrid search: the points that at least one sub-query found, with their scores in each.

use std::collections::HashMap;

use uuid::Uuid;

use super::engine::Engine;
use super::point::{Scope, ScoredPoint, SubQuery};
use crate::Result;

/// The scores of one candidate.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Scores {
    /// By words.
    pub(super) lexical: Option<f32>,
    /// By embedding.
    pub(super) dense: Option<f32>,
}

/// The points found by the sub-queries of one search.
#[derive(Default)]
pub(super) struct Candidates(HashMap<Uuid, Scores>);

impl Candidates {
    /// Runs the sub-queries of a search, each for `limit` points, and scores each candidate in all of them: a point that
    /// the other sub-query did not return is not one that it has no score for. Where a sub-query found more than `limit`
    /// points, the scopes of `hints` are searched as well, each for its own number of points.
    pub(super) async fn collect(
        engine: &Engine,
        scope: &Scope,
        sub_queries: Vec<SubQuery>,
        limit: usize,
        hints: &[(Scope, usize)],
    ) -> Result<Self> {
        let mut candidates = Self::default();
        let mut truncated = Vec::new();
        let found = engine.search(scope, sub_queries.clone(), limit).await?;
        for (sub_query, found) in sub_queries.iter().zip(found) {
            // A sub-query that found less than it was asked for has no score for any other point.
            if found.len() >= limit {
                truncated.push(sub_query.clone());
            }
            candidates.add(sub_query, found);
        }
        if !truncated.is_empty() {
            for (hint, limit) in hints {
                let found = engine.search(hint, sub_queries.clone(), *limit).await?;
                sub_queries.iter().zip(found).for_each(|(sub_query, found)| candidates.add(sub_query, found));
            }
        }
        for sub_query in truncated {
            let scope = Scope { points: candidates.unscored(&sub_query), ..scope.clone() };
            if !scope.points.is_empty() {
                let scored = engine.search(&scope, vec![sub_query.clone()], scope.points.len()).await?;
                candidates.add(&sub_query, scored.into_iter().flatten().collect());
            }
        }
        Ok(candidates)
    }

    /// Adds the results of a sub-query.
    pub(super) fn add(&mut self, sub_query: &SubQuery, found: Vec<ScoredPoint>) {
        for one in found {
            let scores = self.0.entry(one.point).or_default();
            match sub_query {
                SubQuery::Lexical(_) => scores.lexical = Some(one.score),
                SubQuery::Dense(_) => scores.dense = Some(one.score),
            }
        }
    }

    /// The candidates that a sub-query has not scored.
    fn unscored(&self, sub_query: &SubQuery) -> Vec<Uuid> {
        let score = |scores: &Scores| match sub_query {
            SubQuery::Lexical(_) => scores.lexical,
            SubQuery::Dense(_) => scores.dense,
        };
        self.0.iter().filter(|(_, scores)| score(scores).is_none()).map(|(point, _)| *point).collect()
    }

    /// The candidates' points.
    pub(super) fn points(&self) -> Vec<Uuid> {
        self.0.keys().copied().collect()
    }

    /// The scores of each candidate.
    pub(super) fn into_scores(self) -> HashMap<Uuid, Scores> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::terms::Terms;

    #[test]
    fn unscored_candidates_are_known() {
        let found = |scores: &[(u128, f32)]| -> Vec<ScoredPoint> {
            scores.iter().map(|(n, score)| ScoredPoint { point: Uuid::from_u128(*n), score: *score }).collect()
        };
        let mut candidates = Candidates::default();
        let (lexical, dense) = (SubQuery::Lexical(Terms::default()), SubQuery::Dense(Vec::new()));
        candidates.add(&lexical, found(&[(1, 1.0)]));
        candidates.add(&dense, found(&[(1, 0.3), (2, 0.2)]));
        assert_eq!(candidates.unscored(&lexical), [Uuid::from_u128(2)]);
        assert!(candidates.unscored(&dense).is_empty());
    }
}
