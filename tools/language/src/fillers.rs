//! Spoken fillers: hesitations, and openings without content.

use crate::{stop_words::is_stop_word, words::normalize};

/// Sounds of hesitation.
const HESITATIONS: &[&str] = &["um", "uh", "uhm", "umm", "uhh", "er", "erm", "hmm", "hm", "mhm", "mm", "ah", "eh"];

/// Words that may open a sentence without adding content.
const OPENINGS: &[&str] = &[
    "well",
    "so",
    "okay",
    "ok",
    "yeah",
    "yes",
    "yep",
    "yup",
    "oh",
    "hey",
    "hi",
    "hello",
    "wow",
    "right",
    "sure",
    "like",
    "actually",
    "basically",
    "honestly",
    "anyway",
    "anyways",
    "and",
    "but",
    "also",
    "plus",
    "or",
    "then",
    "now",
    "because",
    "cause",
    "thanks",
    "absolutely",
    "totally",
    "definitely",
    "exactly",
    "great",
    "cool",
    "nice",
    "awesome",
    "no",
    "alright",
    "haha",
    "lol",
    "seriously",
    "oops",
    "sorry",
    "agreed",
    "indeed",
    "true",
    "maybe",
    "man",
    "dude",
    "gosh",
    "luckily",
    "fortunately",
    "unfortunately",
    "thankfully",
    "recently",
    "lately",
    "just",
    "btw",
    "yay",
    "ooh",
    "aww",
    "aw",
    "that's",
    "guys",
    "speaking",
    "please",
    "today",
    "currently",
];

/// Openings of several words.
const LONG_OPENINGS: &[&[&str]] = &[
    &["you", "know"],
    &["i", "mean"],
    &["i", "guess"],
    &["i", "think"],
    &["by", "the", "way"],
    &["to", "be", "honest"],
    &["guess", "what"],
    &["of", "course"],
    &["for", "sure"],
    &["thank", "you"],
    &["as", "for", "me"],
    &["kind", "of"],
    &["sort", "of"],
    &["good", "news"],
    &["these", "days"],
    &["note", "to", "self"],
];

/// Openings that belong to the next word unless a comma separates them: `great food`, `like my mother`.
const ATTACHED_OPENINGS: &[&str] = &[
    "like",
    "great",
    "cool",
    "nice",
    "awesome",
    "right",
    "now",
    "no",
    "true",
    "man",
    "sure",
    "sorry",
    "that's",
    "today",
    "speaking",
    "please",
    "thanks",
    "guys",
    "just",
    "exactly",
    "currently",
    "lately",
    "recently",
    "then",
];

/// The text without hesitations and repeated words.
pub(crate) fn remove_hesitations(text: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for word in text.split_whitespace() {
        let this = normalize(word);
        if HESITATIONS.contains(&this.as_str()) {
            // The end of the sentence stays.
            continue;
        }
        let is_repetition = !this.is_empty() && !matches!(this.as_str(), "very" | "really" | "so" | "had" | "that");
        if is_repetition && kept.last().is_some_and(|last| normalize(last) == this && !last.ends_with(['.', '!', '?']))
        {
            kept.pop();
        }
        kept.push(word);
    }
    let mut text = kept.join(" ");
    if text.ends_with(',') {
        text.pop();
    }
    text
}

/// The text without openings: `Well, you know, I think we won` becomes `we won`. Names in `names` count as openings.
pub(crate) fn strip_opening<'a>(text: &'a str, names: &[String]) -> &'a str {
    let mut rest = text.trim_start_matches(|letter: char| !letter.is_alphanumeric());
    loop {
        let words: Vec<&str> = rest.split_whitespace().take(4).collect();
        let cores: Vec<String> = words.iter().map(|word| normalize(word)).collect();
        let first = cores.first().map_or("", String::as_str);
        let named = |name: &String| name.to_lowercase().starts_with(first) && first.len() > 2;
        let vocative = words.first().is_some_and(|word| word.ends_with(',') && word.starts_with(char::is_uppercase))
            && !is_stop_word(first);
        let comma = words.first().is_some_and(|word| word.ends_with([',', '!', '.', '-', '…']));
        let long = LONG_OPENINGS
            .iter()
            .find(|opening| cores.len() > opening.len() && opening.iter().zip(&cores).all(|(a, b)| a == b));
        let taken = if let Some(opening) = long {
            opening.len()
        } else if cores.len() > 1
            && (OPENINGS.contains(&first) && (comma || !ATTACHED_OPENINGS.contains(&first))
                || (vocative || comma && names.iter().any(named)))
        {
            1
        } else {
            return rest;
        };
        let end = words[taken - 1].as_ptr() as usize - rest.as_ptr() as usize + words[taken - 1].len();
        rest = rest[end..].trim_start_matches(|letter: char| !letter.is_alphanumeric());
    }
}
