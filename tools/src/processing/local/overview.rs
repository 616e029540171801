//! An overview: the most telling sentences, said of those who said them.

use std::collections::BTreeSet;

use super::{outline::Outline, sentences::Sentence, voice, words};
use crate::processing::understanding::Material;

const MOST_SENTENCES: usize = 4;
const MOST_LETTERS: usize = 600;

/// How many of the most telling sentences are considered, and what those must be worth that come after the first two.
const CONSIDERED: usize = 16;
const BESIDE_THE_POINT: f32 = 0.05;

/// Shorter sentences are left out.
const LEAST_WORDS: usize = 4;

/// How much saying the same as a sentence that was taken counts against one.
const REDUNDANCY: f32 = 0.6;

/// A sentence that could be taken.
struct Candidate {
    at: usize,
    text: String,
    worth: f32,
}

/// Writes the overview of a conversation.
pub(super) fn write(material: &Material<'_>, sentences: &[Sentence], outline: &Outline, english: bool) -> String {
    let mut open = candidates(material, sentences, outline, english);
    let mut taken: Vec<Candidate> = Vec::new();
    let mut letters = 0;
    while taken.len() < MOST_SENTENCES {
        let value = |candidate: &Candidate| {
            let same = taken.iter().map(|other| outline.likeness(candidate.at, other.at)).fold(0.0, f32::max);
            candidate.worth - REDUNDANCY * same
        };
        open.retain(|candidate| letters + candidate.text.chars().count() < MOST_LETTERS);
        let best = (0..open.len()).max_by(|a, b| value(&open[*a]).total_cmp(&value(&open[*b])));
        // A little is better than something beside the point.
        let Some(best) = best.filter(|best| taken.len() < 2 || value(&open[*best]) >= BESIDE_THE_POINT) else { break };
        let candidate = open.remove(best);
        letters += candidate.text.chars().count() + 1;
        taken.push(candidate);
    }
    taken.sort_by_key(|candidate| candidate.at);
    taken.into_iter().map(|candidate| candidate.text).collect::<Vec<_>>().join(" ")
}

/// The most telling sentences, as they would be told.
fn candidates(material: &Material<'_>, sentences: &[Sentence], outline: &Outline, english: bool) -> Vec<Candidate> {
    let speakers: BTreeSet<_> = sentences.iter().map(|sentence| (&sentence.speaker, sentence.by_user)).collect();
    let names: Vec<String> = speakers.iter().map(|(name, _)| (*name).clone()).filter(|name| !name.is_empty()).collect();
    let alone = speakers.len() < 2;
    let mut ranked = outline.ranked();
    // Interjections only where there is nothing else.
    let full = |at: &usize| !english || sentences[*at].text.split_whitespace().count() >= LEAST_WORDS;
    if ranked.iter().any(full) {
        ranked.retain(full);
    }
    let candidate = |at: usize| {
        let quote = || (quoted(&sentences[at], alone), 1.0);
        let (text, fit) = if english { told(material, &sentences[at], &names, alone) } else { quote() };
        Candidate { at, text: shortened(text), worth: outline.score(at) * fit }
    };
    ranked.into_iter().take(CONSIDERED).map(candidate).collect()
}

/// A sentence as somebody else would tell it, and how well that reads, from 0 to 1.
fn told(material: &Material<'_>, sentence: &Sentence, names: &[String], alone: bool) -> (String, f32) {
    let text = words::without_opening(&sentence.text, names);
    let cores = words::cores(text);
    let subject = subject(material, sentence);
    if sentence.asks() {
        return (quoted(sentence, alone), 0.3);
    }
    let told = subject.filter(|_| !alone || sentence.by_user).and_then(|subject| voice::third_person(text, &subject));
    if let Some(told) = told {
        let pointing = cores
            .iter()
            .take(5)
            .any(|word| matches!(word.as_str(), "it" | "this" | "that" | "them" | "those" | "these"));
        return (ended(&told), if pointing { 0.7 } else { 1.0 });
    }
    let personal = |word: &String| {
        matches!(word.split('\'').next(), Some("i" | "me" | "my" | "we" | "us" | "our" | "you" | "your"))
    };
    if !cores.iter().any(personal) {
        let first = cores.first().map_or("", String::as_str);
        let pointing = ["it", "it's", "that", "that's", "this", "they", "he", "she", "these", "those"].contains(&first);
        return (ended(&words::capitalized(text)), if pointing { 0.4 } else { 0.9 });
    }
    (quoted(sentence, alone), 0.6)
}

/// Who said it, for a reader; `None` where nobody knows.
pub(super) fn subject(material: &Material<'_>, sentence: &Sentence) -> Option<String> {
    if sentence.by_user {
        return Some(material.user_name.unwrap_or("User").to_owned());
    }
    (!sentence.speaker.is_empty()).then(|| sentence.speaker.clone())
}

/// The words themselves, with who said them.
fn quoted(sentence: &Sentence, alone: bool) -> String {
    let text = ended(&words::capitalized(&sentence.text));
    match sentence.speaker.as_str() {
        _ if alone => text,
        "" if sentence.by_user => format!("User: “{text}”"),
        "" => format!("“{text}”"),
        name => format!("{name}: “{text}”"),
    }
}

/// At most half of an overview, cut between words.
fn shortened(text: String) -> String {
    let most = MOST_LETTERS / 2;
    let Some((end, _)) = text.char_indices().nth(most) else { return text };
    let end = text[..end].rfind(' ').unwrap_or(end);
    format!("{}…", text[..end].trim_end_matches(|letter: char| !letter.is_alphanumeric()))
}

fn ended(text: &str) -> String {
    if text.ends_with(['.', '!', '?', '…', '”', '"', '。', '！', '？']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}
