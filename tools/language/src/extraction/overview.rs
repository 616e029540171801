//! Overview: the highest-ranked sentences, in the third person.

use std::collections::BTreeSet;

use super::{ConversationInput, Language, ranking::SentenceRanking};
use crate::{
    fillers::strip_opening, sentences::Sentence, third_person::third_person, truncate::truncate_sentence, words,
};

const MAX_SENTENCES: usize = 4;
const MAX_CHARS: usize = 600;

/// How many of the highest-ranked sentences are considered.
const MAX_CANDIDATES: usize = 16;

/// The value that a sentence needs after the first two.
const MIN_VALUE: f32 = 0.05;

/// Shorter sentences are left out, in words.
const MIN_WORDS: usize = 4;

/// The penalty for similarity to a sentence that was already taken.
const REDUNDANCY: f32 = 0.6;

/// A sentence that may be taken.
struct OverviewCandidate {
    at: usize,
    text: String,
    score: f32,
}

/// The overview of a conversation.
pub(super) fn summarize(
    input: &ConversationInput<'_>,
    sentences: &[Sentence],
    ranking: &SentenceRanking,
    language: Language,
) -> String {
    let mut open = candidates(input, sentences, ranking, language);
    let mut taken: Vec<OverviewCandidate> = Vec::new();
    let mut letters = 0;
    while taken.len() < MAX_SENTENCES {
        let value = |candidate: &OverviewCandidate| {
            let same = taken.iter().map(|other| ranking.similarity(candidate.at, other.at)).fold(0.0, f32::max);
            candidate.score - REDUNDANCY * same
        };
        open.retain(|candidate| letters + candidate.text.chars().count() < MAX_CHARS);
        let best = (0..open.len()).max_by(|a, b| value(&open[*a]).total_cmp(&value(&open[*b])));
        // A short overview is better than an irrelevant sentence.
        let Some(best) = best.filter(|best| taken.len() < 2 || value(&open[*best]) >= MIN_VALUE) else { break };
        let candidate = open.remove(best);
        letters += candidate.text.chars().count() + 1;
        taken.push(candidate);
    }
    taken.sort_by_key(|candidate| candidate.at);
    taken.into_iter().map(|candidate| candidate.text).collect::<Vec<_>>().join(" ")
}

/// The highest-ranked sentences, as they read in an overview.
fn candidates(
    input: &ConversationInput<'_>,
    sentences: &[Sentence],
    ranking: &SentenceRanking,
    language: Language,
) -> Vec<OverviewCandidate> {
    let speakers: BTreeSet<_> = sentences.iter().map(|sentence| (&sentence.speaker, sentence.by_user)).collect();
    let names: Vec<String> = speakers.iter().map(|(name, _)| (*name).clone()).filter(|name| !name.is_empty()).collect();
    let is_alone = speakers.len() < 2;
    let mut ranked = ranking.ranked();
    // Interjections only where there is nothing else.
    let full =
        |at: &usize| language != Language::English || sentences[*at].text.split_whitespace().count() >= MIN_WORDS;
    if ranked.iter().any(full) {
        ranked.retain(full);
    }
    let candidate = |at: usize| {
        let quote = || (quoted(&sentences[at], is_alone), 1.0);
        let (text, fit) =
            if language == Language::English { rephrase(input, &sentences[at], &names, is_alone) } else { quote() };
        OverviewCandidate { at, text: truncate_sentence(text, MAX_CHARS / 2), score: ranking.score(at) * fit }
    };
    ranked.into_iter().take(MAX_CANDIDATES).map(candidate).collect()
}

/// A sentence in the third person, and how well it reads, from 0 to 1.
fn rephrase(input: &ConversationInput<'_>, sentence: &Sentence, names: &[String], is_alone: bool) -> (String, f32) {
    let text = strip_opening(&sentence.text, names);
    let cores = words::tokenize(text);
    let subject = speaker_name(input, sentence);
    if sentence.is_question() {
        return (quoted(sentence, is_alone), 0.3);
    }
    let rephrased = subject.filter(|_| !is_alone || sentence.by_user).and_then(|subject| third_person(text, &subject));
    if let Some(text) = rephrased {
        let is_reference = cores
            .iter()
            .take(5)
            .any(|word| matches!(word.as_str(), "it" | "this" | "that" | "them" | "those" | "these"));
        return (with_period(&text), if is_reference { 0.7 } else { 1.0 });
    }
    let personal = |word: &String| {
        matches!(word.split('\'').next(), Some("i" | "me" | "my" | "we" | "us" | "our" | "you" | "your"))
    };
    if !cores.iter().any(personal) {
        let first = cores.first().map_or("", String::as_str);
        let is_reference =
            ["it", "it's", "that", "that's", "this", "they", "he", "she", "these", "those"].contains(&first);
        return (with_period(&words::capitalize(text)), if is_reference { 0.4 } else { 0.9 });
    }
    (quoted(sentence, is_alone), 0.6)
}

/// The name of the speaker; `None` when it is unknown.
pub(super) fn speaker_name(input: &ConversationInput<'_>, sentence: &Sentence) -> Option<String> {
    if sentence.by_user {
        return Some(input.user_name.unwrap_or("User").to_owned());
    }
    (!sentence.speaker.is_empty()).then(|| sentence.speaker.clone())
}

/// The sentence as a quote, with its speaker.
fn quoted(sentence: &Sentence, is_alone: bool) -> String {
    let text = with_period(&words::capitalize(&sentence.text));
    match sentence.speaker.as_str() {
        _ if is_alone => text,
        "" if sentence.by_user => format!("User: “{text}”"),
        "" => format!("“{text}”"),
        name => format!("{name}: “{text}”"),
    }
}

fn with_period(text: &str) -> String {
    if text.ends_with(['.', '!', '?', '…', '”', '"', '。', '！', '？']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}
