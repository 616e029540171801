//! Words of a text.

use crate::stop_words::is_stop_word;

/// A word in lower case, without punctuation around it.
pub fn normalize(word: &str) -> String {
    word.trim_matches(|letter: char| !letter.is_alphanumeric()).to_lowercase().replace('’', "'")
}

/// The normalized words of a text.
pub fn tokenize(text: &str) -> Vec<String> {
    text.split_whitespace().map(normalize).filter(|word| !word.is_empty()).collect()
}

/// Whether a text is English: whether enough of its words are English stop words.
pub fn looks_english(text: &str) -> bool {
    let words = tokenize(text);
    let common = words.iter().filter(|word| is_stop_word(word)).count();
    common * 10 >= words.len() * 3
}

/// The text with its first letter in upper case.
pub fn capitalize(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
