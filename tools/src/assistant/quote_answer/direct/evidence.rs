//! How many of a question's terms a passage and its sentences contain.

use language::{
    sentences::sentence_ranges,
    stemming::{lemma, lemmas, terms},
};
use std::collections::HashSet;

use super::super::question::ParsedQuestion;
use crate::assistant::retrieval::{Passage, PassageKind};

/// The share of the question's terms that a passage needs.
const MIN_COVERAGE: f32 = 0.6;

/// The weight of a term that only the neighbours contain.
const NEIGHBOUR_WEIGHT: f32 = 0.5;

/// The penalty per rank.
const RANK_PENALTY: f32 = 0.05;

/// Terms of a question that only state its kind.
const KIND_TERMS: &[&str] = &["date", "citi", "countri", "town", "state", "villag"];

/// A sentence of a passage that may contain the answer.
pub(super) struct Sentence<'a> {
    pub(super) text: &'a str,
    /// The share of the question's terms in it.
    pub(super) share: f32,
}

/// A passage that contains enough of the question's terms.
pub(super) struct Evidence<'a> {
    pub(super) passage: &'a Passage,
    pub(super) sentences: Vec<Sentence<'a>>,
    /// Its score.
    pub(super) score: f32,
}

impl<'a> Evidence<'a> {
    /// The passages that may contain the answer, in their order.
    pub(super) fn gather(question: &ParsedQuestion<'_>, selected: &[&'a Passage]) -> Vec<Self> {
        let speakers = selected.iter().filter_map(|passage| passage.citation.speaker.as_deref());
        let named: HashSet<&str> = speakers.filter(|speaker| question.is_about(speaker)).collect();
        let names: Vec<String> = named.iter().flat_map(|name| terms(name)).collect();
        let is_content = |term: &&String| !names.contains(term) && !KIND_TERMS.contains(&term.as_str());
        let asked: Vec<String> = question.terms.iter().filter(is_content).map(|term| lemma(term)).collect();
        let spoken = |passage: &&&Passage| matches!(passage.kind, PassageKind::Segment | PassageKind::Memory);
        let ranked = selected.iter().filter(spoken).enumerate();
        ranked.filter_map(|(rank, passage)| Self::of(passage, rank, &asked, &named)).collect()
    }

    fn of(passage: &'a Passage, rank: usize, asked: &[String], named: &HashSet<&str>) -> Option<Self> {
        let quote = &passage.citation.quote;
        let spoken = |name: &&&str| passage.citation.speaker.as_deref() == Some(**name) || quote.contains(**name);
        if asked.is_empty() || !named.is_empty() && !named.iter().any(|name| spoken(&name)) {
            return None;
        }
        let said: HashSet<String> = lemmas(quote).into_iter().collect();
        let neighbours = passage.neighbours.iter().map(|line| &line.text).chain(&passage.citation.title);
        let neighbours: HashSet<String> = neighbours.flat_map(|text| lemmas(text)).collect();
        let worth = |term: &String| match (said.contains(term), neighbours.contains(term)) {
            (true, _) => 1.0,
            (_, true) => NEIGHBOUR_WEIGHT,
            _ => 0.0,
        };
        let cover = asked.iter().map(worth).sum::<f32>() / asked.len() as f32;
        let sentence = |text: &'a str| {
            let terms = lemmas(text);
            let shared = asked.iter().filter(|term| terms.contains(term)).count();
            Sentence { text, share: shared as f32 / asked.len() as f32 }
        };
        let sentences = sentence_ranges(quote).into_iter().map(|range| sentence(&quote[range])).collect();
        (cover >= MIN_COVERAGE).then_some(Self { passage, sentences, score: cover - RANK_PENALTY * rank as f32 })
    }

    /// The sentences that share terms with the question, with their scores.
    pub(super) fn matching(&self) -> impl Iterator<Item = (f32, &Sentence<'a>)> {
        let asks = |sentence: &&Sentence<'_>| sentence.text.ends_with('?') && !proposes(sentence.text);
        let matching = self.sentences.iter().filter(move |sentence| sentence.share > 0.0 && !asks(sentence));
        matching.map(|sentence| (self.score + sentence.share, sentence))
    }
}

/// Whether a question is a proposal: `Shall we meet on Friday?`
fn proposes(sentence: &str) -> bool {
    sentence.to_lowercase().starts_with("shall we ")
}

/// The best answer of all sentences.
pub(super) fn best<'a, T>(
    evidence: &[Evidence<'a>],
    min_share: f32,
    answer: impl Fn(&'a Passage, &'a str) -> Option<T>,
) -> Option<(T, &'a Passage)> {
    let mut found: Option<(f32, T, &Passage)> = None;
    for evidence in evidence {
        for (score, sentence) in evidence.matching().filter(|(_, sentence)| sentence.share >= min_share) {
            if found.as_ref().is_some_and(|(most, ..)| *most >= score) {
                continue;
            }
            if let Some(answer) = answer(evidence.passage, sentence.text) {
                found = Some((score, answer, evidence.passage));
            }
        }
    }
    found.map(|(_, answer, passage)| (answer, passage))
}
