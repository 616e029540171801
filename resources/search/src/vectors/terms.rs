//! Terms: stemmed words without stop words, weighted as BM25 weights them.

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use rust_stemmers::{Algorithm, Stemmer};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

/// BM25's `k1`: how soon repeating a term stops to matter.
const K1: f32 = 1.2;

/// BM25's length normalisation.
struct LengthNorm {
    /// How much a long text is discounted, from 0 to 1.
    b: f32,
    /// The length that is not discounted, in terms. A constant, and not each user's mean, so that the stored weight of a
    /// record never depends on the others.
    average: f32,
}

/// Personal records are short and mostly of one idea, so a longer one is hardly less relevant: 0.1 did best over single
/// facts and over turns of a dialogue together. The length is what a memory has after stop words.
const DOCUMENT_NORM: LengthNorm = LengthNorm { b: 0.1, average: 10.0 };
/// A passage of speech with its context.
const PASSAGE_NORM: LengthNorm = LengthNorm { b: 0.3, average: 30.0 };
/// A whole transcript: a long one speaks of many things.
const TRANSCRIPT_NORM: LengthNorm = LengthNorm { b: 0.5, average: 250.0 };

/// Terms and their weights, in ascending order of the terms: a sparse vector.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Terms {
    /// The terms, as hashes; each occurs once.
    pub(super) indices: Vec<u32>,
    /// The weight of each term.
    pub(super) values: Vec<f32>,
}

/// The terms of a document, weighted by how often each occurs: BM25 without the idf.
pub(super) fn weigh_document(text: &str) -> Terms {
    weigh([(text, 1.0)], DOCUMENT_NORM)
}

/// The terms of a passage of speech and of its context, whose occurrences count for less.
pub(super) fn weigh_passage<'a>(text: &'a str, context: impl IntoIterator<Item = (&'a str, f32)>) -> Terms {
    weigh(std::iter::once((text, 1.0)).chain(context), PASSAGE_NORM)
}

/// The terms of a whole transcript.
pub(super) fn weigh_transcript(text: &str) -> Terms {
    weigh([(text, 1.0)], TRANSCRIPT_NORM)
}

fn weigh<'a>(texts: impl IntoIterator<Item = (&'a str, f32)>, norm: LengthNorm) -> Terms {
    let mut counts = BTreeMap::<u32, f32>::new();
    for (text, share) in texts {
        for term in terms(text) {
            *counts.entry(term).or_default() += share;
        }
    }
    let length: f32 = counts.values().sum();
    let norm = K1 * (1.0 - norm.b + norm.b * length / norm.average);
    counts.into_iter().map(|(term, count)| (term, count * (K1 + 1.0) / (count + norm))).collect()
}

/// The terms of a query, each with the weight one.
pub(super) fn query_terms(text: &str) -> Terms {
    let mut distinct: Vec<u32> = terms(text).collect();
    distinct.sort_unstable();
    distinct.dedup();
    distinct.into_iter().map(|term| (term, 1.0)).collect()
}

impl Terms {
    /// The terms with their weights.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, f32)> {
        self.indices.iter().copied().zip(self.values.iter().copied())
    }

    /// The cosine similarity to other terms: 1 for the same words in the same proportions, 0 for none in common.
    pub(super) fn cosine(&self, other: &Self) -> f32 {
        let weights: BTreeMap<u32, f32> = other.iter().collect();
        let dot: f32 = self.iter().filter_map(|(term, value)| weights.get(&term).map(|weight| value * weight)).sum();
        let norm = |terms: &Self| terms.values.iter().map(|value| value * value).sum::<f32>().sqrt();
        let norms = norm(self) * norm(other);
        if norms > 0.0 { dot / norms } else { 0.0 }
    }
}

impl FromIterator<(u32, f32)> for Terms {
    fn from_iter<I: IntoIterator<Item = (u32, f32)>>(pairs: I) -> Self {
        let (indices, values) = pairs.into_iter().unzip();
        Self { indices, values }
    }
}

/// The hashed stems of the words of a text that are no stop words, in order.
fn terms(text: &str) -> impl Iterator<Item = u32> {
    let plain: String = text.nfkd().filter(|c| !is_combining_mark(*c)).collect::<String>().to_lowercase();
    let plain = plain.replace('\u{2019}', "'");
    let stemmer = Stemmer::create(Algorithm::English);
    let hashes: Vec<u32> =
        words(&plain).filter(|word| !STOP_WORDS.contains(word)).map(|word| hash(&stemmer.stem(word))).collect();
    hashes.into_iter()
}

/// The words of a text in lower case with straight apostrophes, without the possessive `'s`.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.unicode_words().map(|word| word.strip_suffix("'s").unwrap_or(word))
}

/// The index of a term in sparse vectors: a stable hash, as indexes outlive releases.
fn hash(stem: &str) -> u32 {
    let digest = Sha256::digest(stem);
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}

/// English stop words. Part of the index's format: another list would make terms that existing records do not have.
static STOP_WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "a about after all also am an and any are as at be because been before being but by can could did do does doing \
     during each for from further had has have having he her here hers him his how i if in into is it its itself just \
     me more most my no nor not of off on once only or other our out over own same she should so some such than that \
     the their them then there these they this those through to too under until up very was we were what when where \
     which while who whom whose why will with would you your yours"
        .split_whitespace()
        .collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inflections_accents_and_case_are_one_term() {
        assert_eq!(query_terms("hiking"), query_terms("Hiked"));
        assert_eq!(query_terms("café"), query_terms("CAFE"));
        assert_eq!(query_terms("Anna’s"), query_terms("anna"));
        assert_eq!(query_terms("ﬁlm"), query_terms("film"));
        assert_ne!(query_terms("Berlin"), query_terms("Bergen"));
    }

    #[test]
    fn stop_words_are_no_terms() {
        assert_eq!(query_terms("what is the, of it?"), Terms::default());
        assert_eq!(weigh_document("").indices.len(), 0);
    }

    #[test]
    fn every_script_has_terms() {
        assert_eq!(query_terms("Привет мир").indices.len(), 2);
        assert_eq!(query_terms("東京").indices.len(), 2);
    }

    #[test]
    fn repeating_a_term_saturates() {
        let weight = |text: &str| weigh_document(text).values[0];
        assert!(weight("tea tea") > weight("tea"));
        assert!(weight("tea tea tea") - weight("tea tea") < weight("tea tea") - weight("tea"));
        assert!(weight(&"tea ".repeat(200)) < K1 + 1.0);
    }

    #[test]
    fn cosine_is_one_for_the_same_and_zero_for_nothing_in_common() {
        let tea = weigh_document("green tea in the morning");
        assert!((tea.cosine(&weigh_document("in the morning green tea")) - 1.0).abs() < 1e-6);
        assert_eq!(tea.cosine(&weigh_document("a red bicycle")), 0.0);
        assert_eq!(tea.cosine(&Terms::default()), 0.0);
    }
}
