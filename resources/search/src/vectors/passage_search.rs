//! Passage search: speech segments, ranked with their context and their transcript.
//!
//! The engine proposes passages by words and by embedding; then every feature of each of them is combined: the words
//! around it, those of its transcript, its embedding, its token signatures, its speaker, its time, and whether it asks or
//! answers. Scores are divided by the best one and added with fixed weights: few, and round, as finer ones won nothing on
//! dialogues that they were not fitted to.

use std::collections::{HashMap, HashSet};

use unicode_segmentation::UnicodeSegmentation;
use uuid::Uuid;

use super::candidates::{Candidates, Scores};
use super::document::{Hit, Kind};
use super::engine::Engine;
use super::fusion::normalize;
use super::passage::DialogueAct;
use super::point::{PassagePayload, Scope, ScoredPoint, SubQuery, Tenant};
use super::statistics::{Statistics, TenantStatistics};
use super::terms;
use super::token_signatures::QuerySignatures;
use crate::Result;
use crate::embedder::{Embedding, TokenEmbedding};

/// A range of time that a query speaks of, in Unix seconds, both ends inclusive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeHint {
    /// Its beginning.
    pub from: i64,
    /// Its end.
    pub to: i64,
    /// From 0 to 1: how strongly it speaks for what was said then.
    pub weight: f32,
}

/// A search among passages.
#[derive(Clone, Copy, Debug)]
pub struct PassageQuery<'a> {
    /// The user whose records are searched; nothing of another user's is ever found.
    pub user: &'a str,
    /// The words searched for.
    pub text: &'a str,
    /// The embedding of the text; without it only words count.
    pub embedding: Option<&'a Embedding>,
    /// The labels that a passage must all have.
    pub labels: &'a [String],
    /// The earliest time, inclusive, in Unix seconds.
    pub after: Option<i64>,
    /// The latest time, inclusive, in Unix seconds.
    pub before: Option<i64>,
    /// The times that the text speaks of.
    pub time_hints: &'a [TimeHint],
    /// The maximum number of hits.
    pub limit: usize,
}

/// The minimum number of passages that each sub-query proposes.
const MIN_CANDIDATES: usize = 200;
/// How many more each sub-query proposes from the times that a query speaks of.
const CANDIDATES_PER_TIME_HINT: usize = 100;
/// With more times than this, none is searched on its own.
const MAX_SEARCHED_TIME_HINTS: usize = 4;
/// The minimum weight of a time that is searched on its own.
const MIN_SEARCHED_TIME_WEIGHT: f32 = 0.5;

const LEXICAL_WEIGHT: f32 = 2.5;
const PARENT_WEIGHT: f32 = 2.3;
const DENSE_WEIGHT: f32 = 2.0;
const SIGNATURE_WEIGHT: f32 = 6.5;
/// What words and embedding weigh more where there are no token signatures.
const LEXICAL_WEIGHT_FOR_SIGNATURES: f32 = 2.5;
const DENSE_WEIGHT_FOR_SIGNATURES: f32 = 2.5;
const SPEAKER_WEIGHT: f32 = 1.0;
const TIME_WEIGHT: f32 = 10.0;
const QUESTION_WEIGHT: f32 = -0.9;
const ANSWER_WEIGHT: f32 = 1.0;
/// The weight of a query's tokens that are no terms, beside the rarity of those that are.
const DEFAULT_TOKEN_WEIGHT: f32 = 1.0;

/// Finds the passages that answer a query best, best first.
pub(super) async fn search(engine: &Engine, statistics: &Statistics, query: &PassageQuery<'_>) -> Result<Vec<Hit>> {
    let tenant = Tenant::new(query.user, Kind::Segment);
    let scope = Scope { labels: query.labels.to_vec(), after: query.after, before: query.before, ..Scope::of(&tenant) };
    let frequencies = statistics.of(engine, &tenant).await?;
    let words = frequencies.weigh(&terms::query_terms(query.text));
    let mut sub_queries = Vec::with_capacity(2);
    if !words.indices.is_empty() {
        sub_queries.push(SubQuery::Lexical(words));
    }
    if let Some(embedding) = query.embedding {
        sub_queries.push(SubQuery::Dense(embedding.vector.clone()));
    }
    let hints = hinted_scopes(&scope, query.time_hints);
    let limit = MIN_CANDIDATES.max(query.limit);
    let candidates = Candidates::collect(engine, &scope, sub_queries, limit, &hints).await?;
    let signatures = query.embedding.and_then(|embedding| query_signatures(query.text, embedding, &frequencies));
    let passages = engine.passages(candidates.points(), signatures).await?;
    let parents = parent_scores(engine, statistics, query, &passages).await?;
    Ok(rank(query, candidates.into_scores(), passages, &parents))
}

/// The lexical score of each parent, by its id.
async fn parent_scores(
    engine: &Engine,
    statistics: &Statistics,
    query: &PassageQuery<'_>,
    passages: &[PassagePayload],
) -> Result<HashMap<String, f32>> {
    let tenant = Tenant::new(query.user, Kind::Transcript);
    let words = statistics.of(engine, &tenant).await?.weigh(&terms::query_terms(query.text));
    let ids: HashSet<&str> = passages.iter().map(|passage| passage.parent.as_str()).collect();
    if ids.is_empty() || words.indices.is_empty() {
        return Ok(HashMap::new());
    }
    let points: HashMap<Uuid, &str> = ids.iter().map(|id| (tenant.point(id), *id)).collect();
    let scope = Scope { points: points.keys().copied().collect(), ..Scope::of(&tenant) };
    let found = engine.search(&scope, vec![SubQuery::Lexical(words)], ids.len()).await?;
    let score = |found: ScoredPoint| Some(((*points.get(&found.point)?).to_owned(), found.score));
    Ok(found.into_iter().flatten().filter_map(score).collect())
}

/// The times of a query that are searched on their own, each with the number of candidates taken from it.
fn hinted_scopes(scope: &Scope, hints: &[TimeHint]) -> Vec<(Scope, usize)> {
    let searched: Vec<&TimeHint> = hints.iter().filter(|hint| hint.weight >= MIN_SEARCHED_TIME_WEIGHT).collect();
    if searched.len() > MAX_SEARCHED_TIME_HINTS {
        return Vec::new();
    }
    let within = |hint: &&TimeHint| {
        let after = Some(scope.after.map_or(hint.from, |after| after.max(hint.from)));
        let before = Some(scope.before.map_or(hint.to, |before| before.min(hint.to)));
        (Scope { after, before, ..scope.clone() }, CANDIDATES_PER_TIME_HINT)
    };
    searched.iter().map(within).collect()
}

/// The tokens of a query, each with the rarity of its term.
fn query_signatures(text: &str, embedding: &Embedding, statistics: &TenantStatistics) -> Option<QuerySignatures> {
    let spans: Vec<(usize, usize, f32)> = text
        .unicode_word_indices()
        .map(|(start, word)| {
            let idf = statistics.weigh(&terms::query_terms(word)).values.into_iter().fold(0.0, f32::max);
            (start, start + word.len(), if idf > 0.0 { idf } else { DEFAULT_TOKEN_WEIGHT })
        })
        .collect();
    let weight = |token: &TokenEmbedding| {
        let within = spans.iter().find(|(start, end, _)| token.start < *end && *start < token.end);
        within.map_or(DEFAULT_TOKEN_WEIGHT, |(.., weight)| *weight)
    };
    let tokens = &embedding.tokens;
    (!tokens.is_empty()).then(|| QuerySignatures::of(tokens.iter().map(|token| (token, weight(token)))))
}

/// Combines all features of the passages into one score each.
fn rank(
    query: &PassageQuery<'_>,
    scores: HashMap<Uuid, Scores>,
    passages: Vec<PassagePayload>,
    parents: &HashMap<String, f32>,
) -> Vec<Hit> {
    let speaker = named_speaker(query.text, &passages);
    let of = |passage: &PassagePayload| scores.get(&passage.point).copied().unwrap_or_default();
    let lexical = normalize(passages.iter().map(|passage| Some(of(passage).lexical.unwrap_or_default())));
    let dense = normalize(passages.iter().map(|passage| of(passage).dense));
    let parent =
        normalize(passages.iter().map(|passage| Some(parents.get(&passage.parent).copied().unwrap_or_default())));
    let similarity = normalize(passages.iter().map(|passage| passage.similarity));
    let max_time = if query.time_hints.is_empty() { 0.0 } else { TIME_WEIGHT };
    let max_score =
        LEXICAL_WEIGHT + PARENT_WEIGHT + DENSE_WEIGHT + SIGNATURE_WEIGHT + ANSWER_WEIGHT + SPEAKER_WEIGHT + max_time;
    let mut hits: Vec<Hit> = Vec::with_capacity(passages.len());
    for (index, passage) in passages.into_iter().enumerate() {
        let lexical = lexical[index].unwrap_or_default();
        // A passage without an embedding is judged by its words alone.
        let dense = if query.embedding.is_some() { dense[index].unwrap_or(lexical) } else { lexical };
        let mut score =
            LEXICAL_WEIGHT * lexical + PARENT_WEIGHT * parent[index].unwrap_or_default() + DENSE_WEIGHT * dense;
        score += match similarity[index] {
            Some(similarity) => SIGNATURE_WEIGHT * similarity,
            None => LEXICAL_WEIGHT_FOR_SIGNATURES * lexical + DENSE_WEIGHT_FOR_SIGNATURES * dense,
        };
        score += act_score(passage.act);
        score += if speaker.as_deref() == Some(passage.speaker.as_str()) { SPEAKER_WEIGHT } else { 0.0 };
        score += TIME_WEIGHT * time_score(query.time_hints, passage.at);
        hits.push(Hit { id: passage.record, score: (score / max_score).clamp(0.0, 1.0) });
    }
    hits.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.id.cmp(&b.id)));
    hits.truncate(query.limit);
    hits
}

fn act_score(act: DialogueAct) -> f32 {
    let question = if act.is_question() { QUESTION_WEIGHT } else { 0.0 };
    let answer = if act.is_answer() { ANSWER_WEIGHT } else { 0.0 };
    question + answer
}

fn time_score(hints: &[TimeHint], at: i64) -> f32 {
    hints.iter().filter(|hint| (hint.from..=hint.to).contains(&at)).map(|hint| hint.weight).fold(0.0, f32::max)
}

/// The speaker that a query names, if it names exactly one.
fn named_speaker(text: &str, passages: &[PassagePayload]) -> Option<String> {
    let lowercase = |text: &str| -> HashSet<String> {
        let text = text.to_lowercase().replace('\u{2019}', "'");
        terms::words(&text).map(str::to_owned).collect()
    };
    let words = lowercase(text);
    let speakers: HashSet<&str> = passages.iter().map(|passage| passage.speaker.as_str()).collect();
    let mut named = speakers.into_iter().filter(|name| !lowercase(name).is_disjoint(&words));
    let first = named.next()?;
    named.next().is_none().then(|| first.to_owned())
}
