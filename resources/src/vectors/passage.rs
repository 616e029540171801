//! Finding what was said: stretches of speech, each with what is said around it and the whole that it is a part of.
//!
//! The engine proposes stretches by words and by meaning; then every piece of evidence for each of them is put together:
//! the words around it, those of its whole, its meaning, the meaning of its single words, who says it, when, and whether
//! it asks or answers. Scores are divided by the best one and added with fixed weights: few, and round, as finer ones
//! won nothing on dialogues that they were not fitted to.

use std::collections::{HashMap, HashSet};

use unicode_segmentation::UnicodeSegmentation;
use uuid::Uuid;

use super::engine::{Found, Leg, Note, Scope};
use super::fusion::Candidates;
use super::marks::{Marks, Sought};
use super::statistics::{Counter, Tenant};
use super::{Document, Hit, Kind, Vectors, words};
use crate::Result;
use crate::embedder::Meaning;

/// What the index keeps of a stretch of speech beside its text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Passage {
    /// What it can be filtered by, such as `speaker:1`.
    pub labels: Vec<String>,
    /// The texts around it, each with the share that its words have.
    pub around: Vec<(String, f32)>,
    /// The id of the whole that it is a part of.
    pub whole: String,
    /// The name of who says it.
    pub speaker: String,
    /// Whether it asks, or answers, something.
    pub turn: Turn,
    /// The words that it is made of, as the embedding model reads them; none before it has been read.
    pub marks: Marks,
    /// Tells this state of the passage from every other; empty to have it indexed anew.
    pub digest: String,
}

/// A stretch of speech as the index sees it.
#[derive(Clone, Debug)]
pub struct Said {
    /// Its text, with whoever says it, and where it belongs.
    pub document: Document,
    /// What else is kept of it.
    pub passage: Passage,
}

/// How a stretch of speech takes part in the talk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turn(u8);

impl Turn {
    const ASKS: u8 = 1;
    const ANSWERS: u8 = 2;

    /// The turn of a text that comes after another.
    pub fn between(before: Option<&str>, text: &str) -> Self {
        let asks = |text: &str| text.trim_end().ends_with(['?', '？', '؟']);
        let (asking, answering) = (asks(text), before.is_some_and(asks));
        Self(if asking { Self::ASKS } else { 0 } | if answering { Self::ANSWERS } else { 0 })
    }

    pub(super) fn code(self) -> i64 {
        self.0.into()
    }

    pub(super) fn of_code(code: i64) -> Self {
        Self(code.clamp(0, 3) as u8)
    }

    fn weight(self) -> f32 {
        let share = |flag, weight| if self.0 & flag == 0 { 0.0 } else { weight };
        share(Self::ASKS, ASKS) + share(Self::ANSWERS, ANSWERS)
    }
}

/// A stretch of time that a query speaks of, in Unix seconds, both ends included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Likely {
    /// Its beginning.
    pub from: i64,
    /// Its end.
    pub to: i64,
    /// From 0 to 1: how strongly it speaks for what was said then.
    pub weight: f32,
}

/// What to look for in what was said.
#[derive(Clone, Copy, Debug)]
pub struct PassageQuery<'a> {
    /// The user whose records are searched; nothing of another user's is ever found.
    pub user: &'a str,
    /// The words searched for.
    pub text: &'a str,
    /// What the text means; without it only words count.
    pub meaning: Option<&'a Meaning>,
    /// The labels that a passage must all have.
    pub labels: &'a [String],
    /// The earliest moment, inclusive, in Unix seconds.
    pub after: Option<i64>,
    /// The latest moment, inclusive, in Unix seconds.
    pub before: Option<i64>,
    /// The times that the text speaks of.
    pub likely: &'a [Likely],
    /// The greatest number of hits.
    pub limit: usize,
}

/// How many passages each leg proposes.
const PROPOSED: usize = 200;
/// How many more each leg proposes from the times that a query speaks of.
const PROPOSED_THEN: usize = 100;

const WORDS: f32 = 2.5;
const WHOLE: f32 = 2.3;
const DENSE: f32 = 2.0;
const MARKS: f32 = 6.5;
/// What words and meaning weigh more where the single words' meanings are not known.
const WORDS_FOR_MARKS: f32 = 2.5;
const DENSE_FOR_MARKS: f32 = 2.5;
const SPEAKER: f32 = 1.0;
const TIME: f32 = 10.0;
const ASKS: f32 = -0.9;
const ANSWERS: f32 = 1.0;
/// The weight of a query's words that are no terms, beside the rarity of those that are.
const COMMON: f32 = 1.0;

impl Vectors {
    /// Find the passages that answer a query best, best first.
    pub async fn search_passages(&self, query: &PassageQuery<'_>) -> Result<Vec<Hit>> {
        let tenant = Tenant::new(query.user, Kind::Segment);
        let scope =
            Scope { labels: query.labels.to_vec(), after: query.after, before: query.before, ..Scope::of(&tenant) };
        let counter = self.statistics.counter(&self.engine, &tenant).await?;
        let words = counter.weigh(&words::query(query.text));
        let mut legs = Vec::with_capacity(2);
        if !words.indices.is_empty() {
            legs.push(Leg::Words(words));
        }
        if let Some(meaning) = query.meaning {
            legs.push(Leg::Dense(meaning.vector.clone()));
        }
        let found = self.proposed(&scope, legs, query).await?;
        let sought = query.meaning.and_then(|meaning| sought(query.text, meaning, &counter));
        let notes = self.engine.notes_of(found.points(), sought).await?;
        let wholes = self.wholes(query, &notes).await?;
        Ok(rank(query, found, notes, &wholes))
    }

    /// The passages of one whole that the index holds, with their digests.
    pub async fn digests(&self, user: &str, label: &str) -> Result<HashMap<String, String>> {
        let tenant = Tenant::new(user, Kind::Segment);
        let scope = Scope { labels: vec![label.to_owned()], ..Scope::of(&tenant) };
        self.engine.digests(&scope).await
    }

    async fn proposed(&self, scope: &Scope, legs: Vec<Leg>, query: &PassageQuery<'_>) -> Result<Candidates> {
        let mut candidates = Candidates::default();
        let mut silent = Vec::new();
        let found = self.engine.search(scope, legs.clone(), PROPOSED.max(query.limit)).await?;
        for (leg, found) in legs.iter().zip(found) {
            if found.len() >= PROPOSED {
                silent.push(leg.clone());
            }
            candidates.add(leg, found);
        }
        if !silent.is_empty() {
            for then in narrowed(scope, query.likely) {
                let found = self.engine.search(&then, legs.clone(), PROPOSED_THEN).await?;
                legs.iter().zip(found).for_each(|(leg, found)| candidates.add(leg, found));
            }
        }
        for leg in silent {
            let scope = Scope { only: candidates.unscored(&leg), ..scope.clone() };
            if !scope.only.is_empty() {
                let scored = self.engine.search(&scope, vec![leg.clone()], scope.only.len()).await?;
                candidates.add(&leg, scored.into_iter().flatten().collect());
            }
        }
        Ok(candidates)
    }

    /// How well the words of each whole answer, by its id.
    async fn wholes(&self, query: &PassageQuery<'_>, notes: &[Note]) -> Result<HashMap<String, f32>> {
        let tenant = Tenant::new(query.user, Kind::Transcript);
        let counter = self.statistics.counter(&self.engine, &tenant).await?;
        let words = counter.weigh(&words::query(query.text));
        let ids: HashSet<&str> = notes.iter().map(|note| note.whole.as_str()).collect();
        if ids.is_empty() || words.indices.is_empty() {
            return Ok(HashMap::new());
        }
        let points: HashMap<Uuid, &str> = ids.iter().map(|id| (tenant.point(id), *id)).collect();
        let scope = Scope { only: points.keys().copied().collect(), ..Scope::of(&tenant) };
        let found = self.engine.search(&scope, vec![Leg::Words(words)], ids.len()).await?;
        let score = |found: Found| Some(((*points.get(&found.point)?).to_owned(), found.score));
        Ok(found.into_iter().flatten().filter_map(score).collect())
    }
}

/// The times that are narrow enough to look there for more.
fn narrowed(scope: &Scope, likely: &[Likely]) -> Vec<Scope> {
    const FEW: usize = 4;
    let wide: Vec<&Likely> = likely.iter().filter(|likely| likely.weight >= 0.5).collect();
    if wide.len() > FEW {
        return Vec::new();
    }
    let within = |likely: &&Likely| Scope {
        after: Some(scope.after.map_or(likely.from, |after| after.max(likely.from))),
        before: Some(scope.before.map_or(likely.to, |before| before.min(likely.to))),
        ..scope.clone()
    };
    wide.iter().map(within).collect()
}

/// The words of a query as the model reads them, each with the rarity of its term.
fn sought(text: &str, meaning: &Meaning, counter: &Counter) -> Option<Sought> {
    let spans: Vec<(usize, usize, f32)> = text
        .unicode_word_indices()
        .map(|(start, word)| {
            let rarity = counter.weigh(&words::query(word)).values.into_iter().fold(0.0, f32::max);
            (start, start + word.len(), if rarity > 0.0 { rarity } else { COMMON })
        })
        .collect();
    let weight = |token: &crate::embedder::Token| {
        let within = spans.iter().find(|(start, end, _)| token.start < *end && *start < token.end);
        within.map_or(COMMON, |(.., weight)| *weight)
    };
    (!meaning.tokens.is_empty()).then(|| Sought::of(meaning.tokens.iter().map(|token| (token, weight(token)))))
}

/// Put all evidence together.
fn rank(query: &PassageQuery<'_>, found: Candidates, notes: Vec<Note>, wholes: &HashMap<String, f32>) -> Vec<Hit> {
    let named = named(query.text, &notes);
    let scores = found.into_scores();
    let dense = query.meaning.is_some();
    let of = |note: &Note| scores.get(&note.point).copied().unwrap_or_default();
    let words = shares(notes.iter().map(|note| Some(of(note).0.unwrap_or_default())));
    let meanings = shares(notes.iter().map(|note| of(note).1));
    let whole = shares(notes.iter().map(|note| Some(wholes.get(&note.whole).copied().unwrap_or_default())));
    let marks = shares(notes.iter().map(|note| note.likeness));
    let mut hits: Vec<Hit> = Vec::with_capacity(notes.len());
    for (place, note) in notes.into_iter().enumerate() {
        let by_words = words[place].unwrap_or_default();
        // What has yet to be read is judged by its words alone.
        let by_meaning = if dense { meanings[place].unwrap_or(by_words) } else { by_words };
        let mut score = WORDS * by_words + WHOLE * whole[place].unwrap_or_default() + DENSE * by_meaning;
        score += match marks[place] {
            Some(likeness) => MARKS * likeness,
            None => WORDS_FOR_MARKS * by_words + DENSE_FOR_MARKS * by_meaning,
        };
        score += note.turn.weight();
        score += if named.as_deref() == Some(note.speaker.as_str()) { SPEAKER } else { 0.0 };
        score += TIME * likely(query.likely, note.at);
        let most = WORDS + WHOLE + DENSE + MARKS + ANSWERS + SPEAKER + if query.likely.is_empty() { 0.0 } else { TIME };
        hits.push(Hit { id: note.record, score: (score / most).clamp(0.0, 1.0) });
    }
    hits.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.id.cmp(&b.id)));
    hits.truncate(query.limit);
    hits
}

/// Divide scores by the best.
fn shares(scores: impl Iterator<Item = Option<f32>>) -> Vec<Option<f32>> {
    let scores: Vec<Option<f32>> = scores.map(|score| score.map(|score| score.max(0.0))).collect();
    let best = scores.iter().flatten().copied().fold(f32::MIN_POSITIVE, f32::max);
    scores.into_iter().map(|score| score.map(|score| score / best)).collect()
}

fn likely(times: &[Likely], at: i64) -> f32 {
    times.iter().filter(|time| (time.from..=time.to).contains(&at)).map(|time| time.weight).fold(0.0, f32::max)
}

/// The speaker that a query names, if it names just one.
fn named(text: &str, notes: &[Note]) -> Option<String> {
    let plain = |text: &str| -> Vec<String> {
        text.to_lowercase()
            .replace('\u{2019}', "'")
            .unicode_words()
            .map(|word| word.strip_suffix("'s").unwrap_or(word).to_owned())
            .collect()
    };
    let words: HashSet<String> = plain(text).into_iter().collect();
    let speakers: HashSet<&str> = notes.iter().map(|note| note.speaker.as_str()).collect();
    let mut named = speakers.into_iter().filter(|name| plain(name).iter().any(|word| words.contains(word)));
    let first = named.next()?;
    named.next().is_none().then(|| first.to_owned())
}
