//! Splits sentences into clauses.

use crate::words::normalize;

/// Words that begin a new clause after `and`, `but` or `so`.
const SUBJECTS: &[&str] = &[
    "i", "i'm", "i've", "i'll", "i'd", "we", "we're", "we've", "we'll", "you", "you're", "he", "he's", "she", "she's",
    "they", "they're", "they've", "it", "it's", "that", "that's", "this", "my", "let's", "there", "there's", "what",
    "how", "don't", "can", "could", "remind", "please",
];

/// Whether some words are no more than a date, which belongs to the clause after it: `Last year, I …`.
fn opens_with_date(words: &[&str]) -> bool {
    let openings =
        ["last", "next", "this", "yesterday", "tomorrow", "on", "in", "over", "at", "two", "three", "a", "the"];
    words.len() <= 4 && words.first().is_some_and(|first| openings.contains(&normalize(first).as_str()))
}

/// The clauses of a sentence, in order, without conjunctions.
pub(crate) fn split(sentence: &str) -> Vec<String> {
    let words: Vec<&str> = sentence.split_whitespace().collect();
    let mut clauses: Vec<Vec<&str>> = vec![Vec::new()];
    for (at, word) in words.iter().enumerate() {
        let this = normalize(word);
        let next = words.get(at + 1).map(|word| normalize(word)).unwrap_or_default();
        let after = at.checked_sub(1).map_or("", |before| words[before]);
        let comma = after.ends_with([',', ';', ':']) || after.ends_with('…') || after.ends_with("...");
        let dash = matches!(*word, "-" | "–" | "—" | "--");
        let joins = match this.as_str() {
            "but" | "because" | "although" | "though" => at > 0,
            "and" | "so" | "or" | "cause" => at > 0 && SUBJECTS.contains(&next.as_str()),
            "which" | "while" | "whereas" => comma,
            _ => false,
        };
        let dated = clauses.last().is_some_and(|clause| opens_with_date(clause));
        let begins = comma && !dated && SUBJECTS.contains(&this.as_str()) && this != "that" && this != "this"
            || after.ends_with(';');
        if joins || dash || begins {
            clauses.push(Vec::new());
        }
        if !(joins
            && !matches!(this.as_str(), "which" | "while" | "whereas" | "because" | "cause" | "although" | "though")
            || dash)
            && let Some(clause) = clauses.last_mut()
        {
            clause.push(word);
        }
    }
    let tidy = |words: Vec<&str>| {
        let text = words.join(" ");
        text.trim_matches(|letter: char| letter.is_whitespace() || matches!(letter, ',' | ';' | ':' | '-')).to_owned()
    };
    clauses.into_iter().map(tidy).filter(|clause| !clause.is_empty()).collect()
}
