//! How much of what a question says a passage and its sentences say.

use language::{
    sentences::sentence_ranges,
    stemming::{lemma, lemmas, terms},
};
use std::collections::HashSet;

use super::super::question::Question;
use crate::assistant::retrieval::{Kind, Passage};

/// The share of the question's words that a passage needs to answer it, and what a word counts that is said around it.
const ENOUGH: f32 = 0.6;
const AROUND: f32 = 0.5;

/// What each place further down the ranking takes off.
const LATER: f32 = 0.05;

/// Words of a question that only say what is asked for.
const HELPERS: &[&str] = &["date", "citi", "countri", "town", "state", "villag"];

/// A sentence of a passage that may answer.
pub(super) struct Sentence<'a> {
    pub(super) text: &'a str,
    /// The share of the question's words in it.
    pub(super) share: f32,
}

/// A passage that says enough of what the question says.
pub(super) struct Evidence<'a> {
    pub(super) passage: &'a Passage,
    pub(super) sentences: Vec<Sentence<'a>>,
    /// How well it fits.
    pub(super) score: f32,
}

impl<'a> Evidence<'a> {
    /// The passages that may answer, as evidence, in their order.
    pub(super) fn gather(question: &Question<'_>, chosen: &[&'a Passage]) -> Vec<Self> {
        let speakers = chosen.iter().filter_map(|passage| passage.citation.speaker.as_deref());
        let named: HashSet<&str> = speakers.filter(|speaker| question.is_about(speaker)).collect();
        let names: Vec<String> = named.iter().flat_map(|name| terms(name)).collect();
        let told = |term: &&String| !names.contains(term) && !HELPERS.contains(&term.as_str());
        let asked: Vec<String> = question.terms.iter().filter(told).map(|term| lemma(term)).collect();
        let spoken = |passage: &&&Passage| matches!(passage.kind, Kind::Segment | Kind::Memory);
        let ranked = chosen.iter().filter(spoken).enumerate();
        ranked.filter_map(|(rank, passage)| Self::of(passage, rank, &asked, &named)).collect()
    }

    fn of(passage: &'a Passage, rank: usize, asked: &[String], named: &HashSet<&str>) -> Option<Self> {
        let quote = &passage.citation.quote;
        let spoken = |name: &&&str| passage.citation.speaker.as_deref() == Some(**name) || quote.contains(**name);
        if asked.is_empty() || !named.is_empty() && !named.iter().any(|name| spoken(&name)) {
            return None;
        }
        let said: HashSet<String> = lemmas(quote).into_iter().collect();
        let around = passage.around.iter().map(|line| &line.text).chain(&passage.citation.title);
        let around: HashSet<String> = around.flat_map(|text| lemmas(text)).collect();
        let worth = |term: &String| match (said.contains(term), around.contains(term)) {
            (true, _) => 1.0,
            (_, true) => AROUND,
            _ => 0.0,
        };
        let cover = asked.iter().map(worth).sum::<f32>() / asked.len() as f32;
        let sentence = |text: &'a str| {
            let terms = lemmas(text);
            let shared = asked.iter().filter(|term| terms.contains(term)).count();
            Sentence { text, share: shared as f32 / asked.len() as f32 }
        };
        let sentences = sentence_ranges(quote).into_iter().map(|range| sentence(&quote[range])).collect();
        (cover >= ENOUGH).then_some(Self { passage, sentences, score: cover - LATER * rank as f32 })
    }

    /// Every sentence that says something of the question, with how well it fits.
    pub(super) fn telling(&self) -> impl Iterator<Item = (f32, &Sentence<'a>)> {
        let asks = |sentence: &&Sentence<'_>| sentence.text.ends_with('?') && !proposes(sentence.text);
        let telling = self.sentences.iter().filter(move |sentence| sentence.share > 0.0 && !asks(sentence));
        telling.map(|sentence| (self.score + sentence.share, sentence))
    }
}

/// Whether a question says what is to be done: `Shall we meet on Friday?`
fn proposes(sentence: &str) -> bool {
    sentence.to_lowercase().starts_with("shall we ")
}

/// The best answer among those of each sentence.
pub(super) fn best<'a, T>(
    evidence: &[Evidence<'a>],
    least: f32,
    answer: impl Fn(&'a Passage, &'a str) -> Option<T>,
) -> Option<(T, &'a Passage)> {
    let mut found: Option<(f32, T, &Passage)> = None;
    for evidence in evidence {
        for (score, sentence) in evidence.telling().filter(|(_, sentence)| sentence.share >= least) {
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
