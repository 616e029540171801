//! Who: the speaker who says that they did it, or the person whom the sentence names.

use super::super::{format::speaker, question::ParsedQuestion};
use super::{
    DirectAnswer, attributed,
    evidence::{self, Evidence},
};
use crate::assistant::retrieval::Passage;
use language::{stemming::lemmas, stop_words::is_stop_word, words::normalize};

/// The share of the question's terms that a sentence needs to say who.
const MIN_SHARE: f32 = 0.6;

/// Words after `who` that ask for the object of what follows.
const AUXILIARIES: &[&str] =
    &["did", "do", "does", "will", "would", "can", "could", "should", "is", "are", "was", "were", "has", "have", "had"];

/// Nouns for people without a name.
const RELATIVES: &[&str] = &[
    "mom",
    "mum",
    "mother",
    "dad",
    "father",
    "parents",
    "sister",
    "brother",
    "aunt",
    "uncle",
    "cousin",
    "friend",
    "friends",
    "wife",
    "husband",
    "partner",
    "daughter",
    "son",
    "kids",
    "children",
    "family",
    "boss",
    "colleague",
    "colleagues",
    "coworker",
    "teacher",
    "neighbor",
    "neighbour",
    "neighbors",
    "neighbours",
    "grandma",
    "grandmother",
    "grandpa",
    "grandfather",
    "roommate",
    "girlfriend",
    "boyfriend",
    "teammates",
    "coach",
    "doctor",
    "niece",
    "nephew",
];

/// Answers who it was.
pub(super) fn find<'a>(question: &ParsedQuestion<'_>, evidence: &[Evidence<'a>]) -> Option<DirectAnswer<'a>> {
    let after = question.words.iter().skip_while(|word| !matches!(word.as_str(), "who" | "whom")).nth(1)?;
    let (person, passage) = if AUXILIARIES.contains(&after.as_str()) {
        let last = question.words.last()?;
        let preposition = ["with", "to", "for", "from", "by"].contains(&last.as_str()).then_some(last.as_str());
        evidence::best(evidence, MIN_SHARE, |passage, sentence| match preposition {
            Some(preposition) => after_preposition(question, passage, sentence, preposition),
            None => before_copula(question, passage, sentence, after),
        })?
    } else {
        let verb = lemmas(after).pop()?;
        evidence::best(evidence, MIN_SHARE, |passage, sentence| before_verb(question, passage, sentence, &verb))?
    };
    Some(attributed(question, &person, passage))
}

/// `I went with Ana`: Ana.
fn after_preposition(
    question: &ParsedQuestion<'_>,
    passage: &Passage,
    sentence: &str,
    preposition: &str,
) -> Option<String> {
    let tokens: Vec<&str> = sentence.split_whitespace().collect();
    let places = (0..tokens.len()).filter(|at| normalize(tokens[*at]) == preposition);
    places.filter_map(|at| person(question, passage, &tokens[at + 1..])).next()
}

/// `Ana is afraid of geese`, of who is afraid: Ana.
fn before_copula(question: &ParsedQuestion<'_>, passage: &Passage, sentence: &str, copula: &str) -> Option<String> {
    if !matches!(copula, "is" | "was" | "are" | "were") {
        return None;
    }
    let tokens: Vec<&str> = sentence.split_whitespace().collect();
    let at = tokens.iter().position(|token| normalize(token) == copula)?;
    let named = person(question, passage, &tokens[..at])?;
    // The name must be everything before the verb: `Ana's cat is` is about a cat.
    (named.split_whitespace().count() == at).then_some(named)
}

/// `My aunt gave us the car`: the speaker's aunt; `I gave it to her`: the speaker.
fn before_verb(question: &ParsedQuestion<'_>, passage: &Passage, sentence: &str, verb: &str) -> Option<String> {
    let tokens: Vec<&str> = sentence.split_whitespace().collect();
    let at = tokens.iter().position(|token| lemmas(token).iter().any(|term| term == verb))?;
    // A clause begins after its comma.
    let from =
        tokens[..at].iter().rposition(|token| token.ends_with([',', ';', ':', '-', '.', '!'])).map_or(0, |at| at + 1);
    let clause = &tokens[from..at];
    let said_by = passage.citation.speaker.as_deref()?;
    match clause.iter().map(|token| normalize(token)).find(|word| !is_stop_word(word) || word == "i" || word == "my") {
        Some(word) if word == "i" && clause.len() < 4 => {
            (!question.is_about(said_by)).then(|| speaker(passage).to_owned())
        }
        Some(_) => person(question, passage, clause).filter(|_| clause.len() < 6),
        None => None,
    }
}

/// The person at the beginning of some words: a name, or a relative of the speaker.
fn person(question: &ParsedQuestion<'_>, passage: &Passage, tokens: &[&str]) -> Option<String> {
    let first = normalize(tokens.first()?);
    if matches!(first.as_str(), "my" | "our") {
        let relative =
            tokens.iter().skip(1).take(3).position(|token| RELATIVES.contains(&normalize(token).as_str()))?;
        let whose = match speaker(passage) {
            "you" => "your".to_owned(),
            name => format!("{name}'s"),
        };
        let nouns: Vec<String> = tokens[1..relative + 2].iter().map(|token| normalize(token)).collect();
        let name = tokens.get(relative + 2).filter(|name| is_name(question, name));
        let ended = !tokens[relative + 1].ends_with(char::is_alphanumeric);
        let name = name.filter(|_| !ended).map_or_else(String::new, |name| format!(" {}", bare(name)));
        return Some(format!("{whose} {}{name}", nouns.join(" ")));
    }
    let names = tokens.iter().take(3).take_while(|token| is_name(question, token));
    let names: Vec<String> = names.map(|token| bare(token)).collect();
    (!names.is_empty()).then(|| names.join(" "))
}

fn is_name(question: &ParsedQuestion<'_>, token: &str) -> bool {
    let word = normalize(token);
    let word = word.trim_end_matches("'s");
    token.starts_with(char::is_uppercase) && !is_stop_word(word) && word.len() > 1 && !question.names(word)
}

fn bare(token: &str) -> String {
    let bare = token.trim_matches(|letter: char| !letter.is_alphanumeric());
    bare.strip_suffix("'s").or_else(|| bare.strip_suffix("’s")).unwrap_or(bare).to_owned()
}
