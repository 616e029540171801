//! Caveats: the question contains a name that no passage mentions, or attributes one speaker's words to another.

use super::question::ParsedQuestion;
use crate::assistant::retrieval::{Passage, PassageKind};
use language::{dates, stemming::terms, stop_words::is_stop_word, words};

/// By how much another speaker's score must exceed that of the speaker in the question.
const MIN_SCORE_LEAD: f32 = 0.05;

/// A caveat for the reader.
#[derive(Debug)]
pub(super) enum Caveat {
    /// A line before the quotes.
    Remark(String),
    /// A line instead of the quotes: no passage mentions any name in the question.
    UnknownName(String),
}

/// The caveat of an English question, if the passages show one.
pub(super) fn find(question: &ParsedQuestion<'_>, passages: &[Passage]) -> Option<Caveat> {
    if passages.is_empty() || !words::looks_english(question.text) {
        return None;
    }
    find_unmentioned_names(question, passages).or_else(|| find_other_speaker(question, passages))
}

/// Reports names in the question that no passage contains, although the lexical search would have found them.
fn find_unmentioned_names(question: &ParsedQuestion<'_>, passages: &[Passage]) -> Option<Caveat> {
    let mut texts = String::new();
    for passage in passages {
        let citation = &passage.citation;
        let neighbours = passage.neighbours.iter().flat_map(|line| [&line.speaker, &line.text]);
        for text in [&citation.quote].into_iter().chain(&citation.speaker).chain(&citation.title).chain(neighbours) {
            texts.push_str(&text.to_lowercase());
            texts.push(' ');
        }
    }
    // Words of a date are not names, and are not among the terms.
    let is_term = |word: &str| terms(word).iter().any(|term| question.terms.contains(term));
    let names = names(question.text).into_iter().filter(|name| name.iter().any(|word| is_term(word)));
    let (mut known, mut missing) = (0, Vec::new());
    for name in names {
        match name.iter().any(|word| texts.contains(&prefix(word))) {
            true => known += 1,
            false => missing.push(format!("“{}”", name.join(" "))),
        }
    }
    let missing = (!missing.is_empty()).then(|| missing.join(" or "))?;
    Some(match known {
        0 => Caveat::UnknownName(format!("I found nothing in your memory that mentions {missing}.")),
        _ => Caveat::Remark(format!("Nothing that was found mentions {missing}. What is nearest:")),
    })
}

/// The names in a question with all their words, recognized by capitals; the first word of a sentence does not count.
fn names(question: &str) -> Vec<Vec<&str>> {
    let mut names: Vec<Vec<&str>> = Vec::new();
    let (mut begins, mut goes_on) = (true, false);
    for token in question.split_whitespace() {
        let word = token.trim_matches(|letter: char| !letter.is_alphanumeric());
        let bare = word.strip_suffix("'s").or_else(|| word.strip_suffix("’s")).unwrap_or(word);
        let named = !begins && is_name(bare);
        begins = token.ends_with(['.', '!', '?', ':']);
        match names.last_mut().filter(|_| named && goes_on) {
            Some(name) => name.push(bare),
            None if named => names.push(vec![bare]),
            None => {}
        }
        // A comma or a suffix separates two names.
        goes_on = named && token.ends_with(bare);
    }
    names
}

/// Whether a word may be part of a name; abbreviations are excluded, as they are often spelled out elsewhere.
fn is_name(word: &str) -> bool {
    let abbreviates = word.chars().all(|letter| letter.is_uppercase() || !letter.is_alphabetic());
    word.starts_with(char::is_uppercase) && word.chars().count() > 2 && !abbreviates && !is_ordinary(word)
}

fn is_ordinary(word: &str) -> bool {
    let word = word.to_lowercase();
    is_stop_word(&word) || dates::is_calendar_word(&word)
}

/// The beginning of a name in lower case, as its inflection may differ.
fn prefix(name: &str) -> String {
    let letters: Vec<char> = name.to_lowercase().chars().collect();
    letters[..letters.len().min(4.max(letters.len() - 2))].iter().collect()
}

/// Reports when the question names one speaker, and the clearly best passage is by another.
fn find_other_speaker(question: &ParsedQuestion<'_>, passages: &[Passage]) -> Option<Caveat> {
    let said = || passages.iter().filter(|passage| passage.kind == PassageKind::Segment);
    let mut named: Vec<&str> = said().filter_map(speaker).filter(|name| question.names(name)).collect();
    named.sort_unstable();
    named.dedup();
    let [named] = named[..] else { return None };
    let best = |own: bool| {
        let of_them = said().filter(|passage| (speaker(passage) == Some(named)) == own);
        of_them.max_by(|one, other| one.score.total_cmp(&other.score))
    };
    let (own, other) = (best(true)?, best(false)?);
    let by = match speaker(other)? {
        "User" => "you",
        name => name,
    };
    let remark = || Caveat::Remark(format!("What fits best was said by {by}, not by {named}:"));
    (other.score - own.score > MIN_SCORE_LEAD).then(remark)
}

fn speaker(passage: &Passage) -> Option<&str> {
    passage.citation.speaker.as_deref()
}
