//! Which sentences tell most of what a conversation is about.

use std::collections::{HashMap, HashSet};

use super::{sentences::Sentence, words};

/// How many words say in short what it is about.
const KEYWORDS: usize = 16;

/// How telling each sentence is, and what it means.
#[derive(Debug)]
pub(super) struct Outline {
    scores: Vec<f32>,
    terms: Vec<Vec<String>>,
    weights: HashMap<String, f32>,
    candidates: Vec<usize>,
    vectors: HashMap<usize, Vec<f32>>,
    centre: Option<Vec<f32>>,
}

impl Outline {
    /// By words: a sentence is telling when it has many words that come up again, or that are names.
    pub(super) fn of(sentences: &[Sentence]) -> Self {
        let terms: Vec<Vec<String>> = sentences.iter().map(|sentence| unique(words::terms(&sentence.text))).collect();
        let mut counts: HashMap<String, f32> = HashMap::new();
        terms.iter().flatten().for_each(|term| *counts.entry(term.clone()).or_default() += 1.0);
        let names: HashSet<String> = sentences.iter().flat_map(|sentence| words::cores(&sentence.speaker)).collect();
        let weights: HashMap<String, f32> = counts
            .into_iter()
            // The names of those who speak say nothing of what they speak about.
            .filter(|(term, _)| !names.iter().any(|name| name.starts_with(term.as_str())))
            .map(|(term, count)| (term, 0.5 + count.ln_1p()))
            .collect();
        let mut outline =
            Self { scores: Vec::new(), terms, weights, candidates: Vec::new(), vectors: HashMap::new(), centre: None };
        let last = sentences.len().max(2) - 1;
        let scored = sentences.iter().enumerate().map(|(at, sentence)| {
            let place = 1.0 - 0.15 * at as f32 / last as f32;
            outline.words_score(at) * place * manner(sentence) * (1.0 + 0.1 * names_in(&sentence.text).min(3) as f32)
        });
        outline.scores = scored.collect();
        outline.normalize();
        outline
    }

    fn words_score(&self, at: usize) -> f32 {
        let known: Vec<f32> = self.terms[at].iter().filter_map(|term| self.weights.get(term)).copied().collect();
        known.iter().sum::<f32>() / (4.0 + known.len() as f32).sqrt()
    }

    fn normalize(&mut self) {
        let most = self.scores.iter().copied().fold(f32::EPSILON, f32::max);
        self.scores.iter_mut().for_each(|score| *score /= most);
    }

    /// The `count` most telling sentences, in the order said; they are what [`weigh`](Self::weigh) is about.
    pub(super) fn candidates(&mut self, count: usize) -> Vec<usize> {
        let mut best = self.ranked();
        best.truncate(count);
        best.sort_unstable();
        self.candidates.clone_from(&best);
        best
    }

    /// The words that come up most, as they were said: what it is about, in short.
    pub(super) fn keywords(&self, sentences: &[Sentence]) -> String {
        let mut seen = HashSet::new();
        let mut words: Vec<(f32, String)> = Vec::new();
        for word in sentences.iter().flat_map(|sentence| words::cores(&sentence.text)) {
            let Some(term) = words::terms(&word).pop() else { continue };
            let Some(weight) = self.weights.get(&term) else { continue };
            if seen.insert(term) {
                words.push((*weight, word));
            }
        }
        words.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        words.truncate(KEYWORDS);
        words.into_iter().map(|(_, word)| word).collect::<Vec<_>>().join(", ")
    }

    /// Adds what the candidates mean: the nearer to the middle of all, the more telling.
    pub(super) fn weigh(&mut self, vectors: Vec<Vec<f32>>) {
        let mut centre = vec![0.0; vectors.first().map_or(0, Vec::len)];
        for (at, vector) in self.candidates.iter().zip(&vectors) {
            centre.iter_mut().zip(vector).for_each(|(sum, value)| *sum += value * self.scores[*at].max(0.1));
        }
        let length = dot(&centre, &centre).sqrt().max(f32::EPSILON);
        centre.iter_mut().for_each(|value| *value /= length);
        let near: Vec<f32> = vectors.iter().map(|vector| dot(vector, &centre).max(0.0)).collect();
        let most = near.iter().copied().fold(f32::EPSILON, f32::max);
        for (at, near) in self.candidates.iter().zip(near) {
            // Others stay behind all candidates.
            self.scores[*at] = 1.0 + self.scores[*at] + near / most;
        }
        self.normalize();
        self.vectors = self.candidates.iter().copied().zip(vectors).collect();
        self.centre = Some(centre);
    }

    /// What all of it means.
    pub(super) fn meaning(&self) -> Option<&[f32]> {
        self.centre.as_deref()
    }

    /// All sentences, the most telling first.
    pub(super) fn ranked(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.scores.len()).collect();
        order.sort_by(|a, b| self.scores[*b].total_cmp(&self.scores[*a]).then(a.cmp(b)));
        order
    }

    /// How telling a sentence is, from 0 to 1.
    pub(super) fn score(&self, at: usize) -> f32 {
        self.scores[at]
    }

    /// How telling a part of a sentence is, by its words.
    pub(super) fn weight(&self, text: &str) -> f32 {
        unique(words::terms(text)).iter().filter_map(|term| self.weights.get(term)).sum()
    }

    /// How much two sentences say the same, from 0 to 1.
    pub(super) fn likeness(&self, one: usize, other: usize) -> f32 {
        let words = words::overlap(&self.terms[one], &self.terms[other]);
        match (self.vectors.get(&one), self.vectors.get(&other)) {
            (Some(one), Some(other)) => words.max(dot(one, other)),
            _ => words,
        }
    }
}

/// Questions, and sentences too short or too long to stand alone, tell less.
fn manner(sentence: &Sentence) -> f32 {
    let count = sentence.text.split_whitespace().count();
    let length = match count {
        0..=3 => 0.3,
        4..=5 => 0.7,
        6..=28 => 1.0,
        _ => 0.8,
    };
    let first = words::cores(&sentence.text).into_iter().next().unwrap_or_default();
    let other = if first.starts_with("you") { 0.6 } else { 1.0 };
    length * other * if sentence.asks() { 0.5 } else { 1.0 }
}

/// How many words within a sentence are names, by their capital.
fn names_in(text: &str) -> usize {
    let inner = text.split_whitespace().skip(1);
    let name = |word: &&str| word.starts_with(char::is_uppercase) && !words::is_common(&words::core(word));
    inner.filter(name).count()
}

fn unique(mut terms: Vec<String>) -> Vec<String> {
    terms.sort_unstable();
    terms.dedup();
    terms
}

/// The cosine of two vectors of length 1.
pub(super) fn dot(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}
