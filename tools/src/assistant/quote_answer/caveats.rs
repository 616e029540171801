//! What may be wrong with a question: it names what nothing mentions, or takes one speaker's words for another's.

use super::question::Question;
use crate::assistant::retrieval::{Kind, Passage};
use language::{dates, stemming::terms, stop_words::is_stop_word, words};

/// How much better somebody else's words must fit than those of the person whom the question names.
const CLEARLY: f32 = 0.05;

/// What the reader should know.
#[derive(Debug)]
pub(super) enum Caution {
    /// Before the quotes.
    Remark(String),
    /// Instead of them: nothing mentions any name of the question.
    Unknown(String),
}

/// What is wrong with an English question, as far as the passages show it.
pub(super) fn find(question: &Question<'_>, passages: &[Passage]) -> Option<Caution> {
    if passages.is_empty() || !words::looks_english(question.text) {
        return None;
    }
    unmentioned(question, passages).or_else(|| said_by_another(question, passages))
}

/// Names in the question that are in nothing that was found, although a search by words would have found them.
fn unmentioned(question: &Question<'_>, passages: &[Passage]) -> Option<Caution> {
    let mut told = String::new();
    for passage in passages {
        let citation = &passage.citation;
        let around = passage.around.iter().flat_map(|line| [&line.speaker, &line.text]);
        for text in [&citation.quote].into_iter().chain(&citation.speaker).chain(&citation.title).chain(around) {
            told.push_str(&text.to_lowercase());
            told.push(' ');
        }
    }
    // What says when is no name: it is no term of the question.
    let is_term = |word: &str| terms(word).iter().any(|term| question.terms.contains(term));
    let names = names(question.text).into_iter().filter(|name| name.iter().any(|word| is_term(word)));
    let (mut known, mut missing) = (0, Vec::new());
    for name in names {
        match name.iter().any(|word| told.contains(&stem(word))) {
            true => known += 1,
            false => missing.push(format!("“{}”", name.join(" "))),
        }
    }
    let missing = (!missing.is_empty()).then(|| missing.join(" or "))?;
    Some(match known {
        0 => Caution::Unknown(format!("I found nothing in your memory that mentions {missing}.")),
        _ => Caution::Remark(format!("Nothing that was found mentions {missing}. What is nearest:")),
    })
}

/// The names in a question, each with all its words, by their capitals; the first word of a sentence always has one.
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
        // A comma or an ending parts two names.
        goes_on = named && token.ends_with(bare);
    }
    names
}

/// Whether a word is a name's: abbreviations are often written out elsewhere.
fn is_name(word: &str) -> bool {
    let abbreviates = word.chars().all(|letter| letter.is_uppercase() || !letter.is_alphabetic());
    word.starts_with(char::is_uppercase) && word.chars().count() > 2 && !abbreviates && !is_of_the_calendar(word)
}

fn is_of_the_calendar(word: &str) -> bool {
    let word = word.to_lowercase();
    is_stop_word(&word) || dates::is_calendar_word(&word)
}

/// The beginning of a name, in lower case: its ending may be another one elsewhere.
fn stem(name: &str) -> String {
    let letters: Vec<char> = name.to_lowercase().chars().collect();
    letters[..letters.len().min(4.max(letters.len() - 2))].iter().collect()
}

/// The question names one speaker, and what fits clearly best was said by another.
fn said_by_another(question: &Question<'_>, passages: &[Passage]) -> Option<Caution> {
    let said = || passages.iter().filter(|passage| passage.kind == Kind::Segment);
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
    let remark = || Caution::Remark(format!("What fits best was said by {by}, not by {named}:"));
    (other.score - own.score > CLEARLY).then(remark)
}

fn speaker(passage: &Passage) -> Option<&str> {
    passage.citation.speaker.as_deref()
}
