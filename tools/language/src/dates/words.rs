//! Words and number words.

use std::ops::Range;

/// A word, in lower case.
#[derive(Debug)]
pub(super) struct Word {
    pub(super) text: String,
    /// Its byte range.
    pub(super) range: Range<usize>,
    /// Whether a sentence ends after it.
    pub(super) last: bool,
}

/// The longest number word with a hyphen, in bytes.
const MAX_NUMBER_WORD: usize = 20;

/// The most words that are read of a text: what is said in an hour is read sentence by sentence.
const MAX_WORDS: usize = 2000;

/// The first [`MAX_WORDS`] words of `text`. What joins digits (`3:30`, `2026-05-08`, `5/8`) or letters (`o'clock`, `p.m.`) stays in a word.
pub(super) fn split(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut start = None;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        if words.len() >= MAX_WORDS {
            return words;
        }
        let next = characters.peek().map(|(_, next)| *next);
        let joins = matches!(character, ':' | '/' | '-' | '–' | '.' | '\'' | '’')
            && start.is_some()
            && next.is_some_and(char::is_alphanumeric);
        if character.is_alphanumeric() || joins {
            start.get_or_insert(at);
            continue;
        }
        if let Some(from) = start.take() {
            push(&mut words, text, from..at);
        }
        if let ('.' | '!' | '?' | ';', Some(word)) = (character, words.last_mut()) {
            // After an abbreviation or an ordinal number, the sentence goes on: `21.8. um 15 Uhr`.
            let goes_on = word.text.len() <= 3 || word.text.starts_with(|first: char| first.is_ascii_digit());
            word.last = character != '.' || !goes_on;
        }
    }
    if let Some(from) = start {
        push(&mut words, text, from..text.len());
    }
    words
}

/// Adds a word. One with hyphens is split, unless it is a number word such as `twenty-first`; `2-4` is `2 - 4`.
fn push(words: &mut Vec<Word>, text: &str, range: Range<usize>) {
    const DASHES: [char; 2] = ['-', '–'];
    let mut add = |text: &str, start: usize| {
        words.push(Word { text: normalized(text), range: start..start + text.len(), last: false })
    };
    let said = &text[range.clone()];
    let is_number = || {
        let lower = normalized(said);
        number(&lower).is_some() || ordinal(&lower).is_some()
    };
    let Some((first, second)) = said.split_once(DASHES).filter(|_| said.len() > MAX_NUMBER_WORD || !is_number()) else {
        add(said, range.start);
        return;
    };
    let digits = |part: &str| part.chars().take_while(char::is_ascii_digit).count();
    if said.starts_with(char::is_alphabetic) {
        for part in said.split(DASHES).filter(|part| !part.is_empty()).take(MAX_WORDS) {
            add(part, part.as_ptr() as usize - text.as_ptr() as usize);
        }
    } else if (1..=2).contains(&digits(first)) && (1..=2).contains(&digits(second)) && !second.contains(DASHES) {
        let between = &said[first.len()..said.len() - second.len()];
        add(first, range.start);
        add(between, range.start + first.len());
        add(second, range.end - second.len());
    } else {
        add(said, range.start);
    }
}

/// In lower case, with plain apostrophes and hyphens.
fn normalized(text: &str) -> String {
    text.to_lowercase().replace('’', "'").replace('–', "-")
}

const UNITS: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const ORDINALS: [&str; 20] = [
    "zeroth",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
];

/// The number that a word means: `12`, `twelve`, `forty-five`.
pub fn number(word: &str) -> Option<u32> {
    if word.len() <= 4 && word.bytes().all(|byte| byte.is_ascii_digit()) {
        return word.parse().ok();
    }
    let place = |list: &[&str], word: &str| list.iter().position(|name| *name == word).map(|place| place as u32);
    if let Some(small) = place(&UNITS, word) {
        return Some(small);
    }
    let (tens, ones) = word.split_once('-').unwrap_or((word, "zero"));
    Some((place(&TENS, tens)? + 2) * 10 + place(&UNITS[..10], ones)?)
}

/// The day of the month that an ordinal means: `5th`, `fifth`, `twenty-first`.
pub(super) fn ordinal(word: &str) -> Option<u32> {
    let day = if let Some(place) = ORDINALS.iter().position(|name| *name == word) {
        place as u32
    } else if let Some((tens, ones)) = word.split_once('-') {
        let tens = ["twenty", "thirty"].iter().position(|name| *name == tens)? as u32;
        (tens + 2) * 10 + ORDINALS[..10].iter().position(|name| *name == ones)? as u32
    } else if let Some(tens) = ["twentieth", "thirtieth"].iter().position(|name| *name == word) {
        (tens as u32 + 2) * 10
    } else {
        let digits = ["st", "nd", "rd", "th"].iter().find_map(|ending| word.strip_suffix(ending))?;
        digits.parse().ok()?
    };
    (1..=31).contains(&day).then_some(day)
}
