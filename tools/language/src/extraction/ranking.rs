//! Ranks sentences by how much they say about the subject of a conversation.

use std::collections::{HashMap, HashSet};

use crate::{
    sentences::Sentence,
    stemming::{overlap, terms},
    stop_words::is_stop_word,
    words,
};

/// How many keywords describe a conversation.
const MAX_KEYWORDS: usize = 16;

/// The scores of the sentences of a conversation, by their terms and, once known, by their vectors.
#[derive(Debug)]
pub struct SentenceRanking {
    scores: Vec<f32>,
    terms: Vec<Vec<String>>,
    weights: HashMap<String, f32>,
    candidates: Vec<usize>,
    vectors: HashMap<usize, Vec<f32>>,
    centroid: Option<Vec<f32>>,
}

impl SentenceRanking {
    /// Ranks by terms: a sentence scores high when its terms come up repeatedly, or are names.
    pub fn new(sentences: &[Sentence]) -> Self {
        let terms: Vec<Vec<String>> = sentences.iter().map(|sentence| unique(terms(&sentence.text))).collect();
        let mut counts: HashMap<String, f32> = HashMap::new();
        terms.iter().flatten().for_each(|term| *counts.entry(term.clone()).or_default() += 1.0);
        let names: HashSet<String> = sentences.iter().flat_map(|sentence| words::tokenize(&sentence.speaker)).collect();
        let weights: HashMap<String, f32> = counts
            .into_iter()
            // The names of the speakers say nothing about the subject.
            .filter(|(term, _)| !names.iter().any(|name| name.starts_with(term.as_str())))
            .map(|(term, count)| (term, 0.5 + count.ln_1p()))
            .collect();
        let mut ranking = Self {
            scores: Vec::new(),
            terms,
            weights,
            candidates: Vec::new(),
            vectors: HashMap::new(),
            centroid: None,
        };
        let last = sentences.len().max(2) - 1;
        let scored = sentences.iter().enumerate().map(|(at, sentence)| {
            let place = 1.0 - 0.15 * at as f32 / last as f32;
            ranking.term_score(at)
                * place
                * form_weight(sentence)
                * (1.0 + 0.1 * names_in(&sentence.text).min(3) as f32)
        });
        ranking.scores = scored.collect();
        ranking.normalize();
        ranking
    }

    fn term_score(&self, at: usize) -> f32 {
        let known: Vec<f32> = self.terms[at].iter().filter_map(|term| self.weights.get(term)).copied().collect();
        known.iter().sum::<f32>() / (4.0 + known.len() as f32).sqrt()
    }

    fn normalize(&mut self) {
        let max = self.scores.iter().copied().fold(f32::EPSILON, f32::max);
        self.scores.iter_mut().for_each(|score| *score /= max);
    }

    /// The `count` highest-ranked sentences, in the order said; [`add_vectors`](Self::add_vectors) takes their vectors.
    pub fn candidates(&mut self, count: usize) -> Vec<usize> {
        let mut best = self.ranked();
        best.truncate(count);
        best.sort_unstable();
        self.candidates.clone_from(&best);
        best
    }

    /// The most frequent words, as they were said.
    pub fn keywords(&self, sentences: &[Sentence]) -> String {
        let mut seen = HashSet::new();
        let mut words: Vec<(f32, String)> = Vec::new();
        for word in sentences.iter().flat_map(|sentence| words::tokenize(&sentence.text)) {
            let Some(term) = terms(&word).pop() else { continue };
            let Some(weight) = self.weights.get(&term) else { continue };
            if seen.insert(term) {
                words.push((*weight, word));
            }
        }
        words.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        words.truncate(MAX_KEYWORDS);
        words.into_iter().map(|(_, word)| word).collect::<Vec<_>>().join(", ")
    }

    /// Raises the scores of the candidates, the more the nearer their vectors are to the centroid.
    pub fn add_vectors(&mut self, vectors: Vec<Vec<f32>>) {
        let mut centroid = vec![0.0; vectors.first().map_or(0, Vec::len)];
        for (at, vector) in self.candidates.iter().zip(&vectors) {
            centroid.iter_mut().zip(vector).for_each(|(sum, value)| *sum += value * self.scores[*at].max(0.1));
        }
        let length = dot(&centroid, &centroid).sqrt().max(f32::EPSILON);
        centroid.iter_mut().for_each(|value| *value /= length);
        let closeness: Vec<f32> = vectors.iter().map(|vector| dot(vector, &centroid).max(0.0)).collect();
        let max = closeness.iter().copied().fold(f32::EPSILON, f32::max);
        for (at, near) in self.candidates.iter().zip(closeness) {
            // All other sentences stay behind the candidates.
            self.scores[*at] = 1.0 + self.scores[*at] + near / max;
        }
        self.normalize();
        self.vectors = self.candidates.iter().copied().zip(vectors).collect();
        self.centroid = Some(centroid);
    }

    /// The centroid of the candidates' vectors, of length 1.
    pub fn centroid(&self) -> Option<&[f32]> {
        self.centroid.as_deref()
    }

    /// The indexes of all sentences, best first.
    pub fn ranked(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.scores.len()).collect();
        order.sort_by(|a, b| self.scores[*b].total_cmp(&self.scores[*a]).then(a.cmp(b)));
        order
    }

    /// The score of a sentence, from 0 to 1.
    pub fn score(&self, at: usize) -> f32 {
        self.scores[at]
    }

    /// The sum of the weights of the distinct terms of a text.
    pub fn term_weight(&self, text: &str) -> f32 {
        unique(terms(text)).iter().filter_map(|term| self.weights.get(term)).sum()
    }

    /// How similar two sentences are, from 0 to 1.
    pub fn similarity(&self, one: usize, other: usize) -> f32 {
        let words = overlap(&self.terms[one], &self.terms[other]);
        match (self.vectors.get(&one), self.vectors.get(&other)) {
            (Some(one), Some(other)) => words.max(dot(one, other)),
            _ => words,
        }
    }
}

/// Lower for questions, and for sentences that are too short or too long.
fn form_weight(sentence: &Sentence) -> f32 {
    let count = sentence.text.split_whitespace().count();
    let length = match count {
        0..=3 => 0.3,
        4..=5 => 0.7,
        6..=28 => 1.0,
        _ => 0.8,
    };
    let first = words::tokenize(&sentence.text).into_iter().next().unwrap_or_default();
    let other = if first.starts_with("you") { 0.6 } else { 1.0 };
    length * other * if sentence.is_question() { 0.5 } else { 1.0 }
}

/// The number of capitalized names within a sentence.
fn names_in(text: &str) -> usize {
    let inner = text.split_whitespace().skip(1);
    let name = |word: &&str| word.starts_with(char::is_uppercase) && !is_stop_word(&words::normalize(word));
    inner.filter(name).count()
}

fn unique(mut terms: Vec<String>) -> Vec<String> {
    terms.sort_unstable();
    terms.dedup();
    terms
}

/// The cosine of two vectors of length 1.
pub fn dot(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}
