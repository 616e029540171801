//! From text to the weighted terms of the word index.

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use rust_stemmers::{Algorithm, Stemmer};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

/// How soon repeating a term stops to matter: BM25's k1.
const SATURATION: f32 = 1.2;
/// How much a long text is discounted: BM25's b. Personal records are short and mostly of one idea, so a longer one is
/// hardly less to the point; 0.1 did best over single facts and over turns of a dialogue together.
const LENGTH_DISCOUNT: f32 = 0.1;
/// The length that is not discounted, in terms: what a memory has after stop words. A constant, and not each user's
/// mean, so that the stored weight of a record never depends on the others.
const USUAL_LENGTH: f32 = 10.0;

/// Terms and their weights, in ascending order of the terms: a sparse vector.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Terms {
    /// The terms, as hashes; each occurs once.
    pub(super) indices: Vec<u32>,
    /// The weight of each term.
    pub(super) values: Vec<f32>,
}

/// How much a text is discounted for its length.
struct Discount {
    share: f32,
    usual: f32,
}

const OF_DOCUMENT: Discount = Discount { share: LENGTH_DISCOUNT, usual: USUAL_LENGTH };
/// A stretch of speech with what is said around it.
const OF_PASSAGE: Discount = Discount { share: 0.3, usual: 30.0 };
/// All of a conversation: a long one speaks of many things.
const OF_WHOLE: Discount = Discount { share: 0.5, usual: 250.0 };

/// The terms of a document, weighted by how often each occurs: BM25 without the rarity of the terms.
pub(super) fn document(text: &str) -> Terms {
    weigh([(text, 1.0)], OF_DOCUMENT)
}

/// The terms of a stretch of speech, with those said around it, whose occurrences count for less.
pub(super) fn passage<'a>(text: &'a str, around: impl IntoIterator<Item = (&'a str, f32)>) -> Terms {
    weigh(std::iter::once((text, 1.0)).chain(around), OF_PASSAGE)
}

/// The terms of all that was said in a conversation.
pub(super) fn whole(text: &str) -> Terms {
    weigh([(text, 1.0)], OF_WHOLE)
}

fn weigh<'a>(texts: impl IntoIterator<Item = (&'a str, f32)>, discount: Discount) -> Terms {
    let mut counts = BTreeMap::<u32, f32>::new();
    for (text, share) in texts {
        for term in terms(text) {
            *counts.entry(term).or_default() += share;
        }
    }
    let length: f32 = counts.values().sum();
    let norm = SATURATION * (1.0 - discount.share + discount.share * length / discount.usual);
    counts.into_iter().map(|(term, count)| (term, count * (SATURATION + 1.0) / (count + norm))).collect()
}

/// The terms of a query, each with the weight one.
pub(super) fn query(text: &str) -> Terms {
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

    /// The cosine of the angle to other terms: 1 for the same words in the same measure, 0 for none in common.
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

/// The hashed stems of the words of a text that mean something, in order.
fn terms(text: &str) -> impl Iterator<Item = u32> {
    let plain: String = text.nfkd().filter(|c| !is_combining_mark(*c)).collect::<String>().to_lowercase();
    let plain = plain.replace('\u{2019}', "'");
    let stemmer = Stemmer::create(Algorithm::English);
    let hashes: Vec<u32> = plain
        .unicode_words()
        .map(|word| word.strip_suffix("'s").unwrap_or(word))
        .filter(|word| !STOP_WORDS.contains(word))
        .map(|word| hash(&stemmer.stem(word)))
        .collect();
    hashes.into_iter()
}

/// A term's place in the index: a stable hash, as indexes outlive releases.
fn hash(stem: &str) -> u32 {
    let digest = Sha256::digest(stem);
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}

/// English words that say nothing about what a text is about.
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
        assert_eq!(query("hiking"), query("Hiked"));
        assert_eq!(query("café"), query("CAFE"));
        assert_eq!(query("Anna’s"), query("anna"));
        assert_eq!(query("ﬁlm"), query("film"));
        assert_ne!(query("Berlin"), query("Bergen"));
    }

    #[test]
    fn stop_words_are_no_terms() {
        assert_eq!(query("what is the, of it?"), Terms::default());
        assert_eq!(document("").indices.len(), 0);
    }

    #[test]
    fn every_script_has_terms() {
        assert_eq!(query("Привет мир").indices.len(), 2);
        assert_eq!(query("東京").indices.len(), 2);
    }

    #[test]
    fn repeating_a_term_saturates() {
        let weight = |text: &str| document(text).values[0];
        assert!(weight("tea tea") > weight("tea"));
        assert!(weight("tea tea tea") - weight("tea tea") < weight("tea tea") - weight("tea"));
        assert!(weight(&"tea ".repeat(200)) < SATURATION + 1.0);
    }

    #[test]
    fn cosine_is_one_for_the_same_and_zero_for_nothing_in_common() {
        let tea = document("green tea in the morning");
        assert!((tea.cosine(&document("in the morning green tea")) - 1.0).abs() < 1e-6);
        assert_eq!(tea.cosine(&document("a red bicycle")), 0.0);
        assert_eq!(tea.cosine(&Terms::default()), 0.0);
    }
}
