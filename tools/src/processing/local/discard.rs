//! Whether a conversation says nothing at all.

use std::collections::HashSet;

use chrono::TimeDelta;

use super::{sentences::Sentence, words};
use crate::processing::understanding::Material;

/// Longer ones are kept, whatever they say.
const WORDS_TO_KEEP: usize = 100;

/// How many telling words a short recording must have, and how many a longer one.
const TELLING: (usize, usize) = (3, 1);

/// Whether there is clearly nothing worth keeping: fillers, greetings, single words, the same noise over and over.
pub(super) fn is_idle(material: &Material<'_>, sentences: &[Sentence]) -> bool {
    let words: usize = sentences.iter().map(|sentence| words::cores(&sentence.text).len()).sum();
    if words > WORDS_TO_KEEP {
        return false;
    }
    let telling: HashSet<String> = sentences.iter().flat_map(|sentence| words::terms(&sentence.text)).collect();
    let brief = material.finished_at - material.started_at < TimeDelta::seconds(120);
    // Scripts without spaces have many words in one.
    let words_in = |term: &String| if term.is_ascii() { 1 } else { (term.chars().count() / 3).max(1) };
    telling.iter().map(words_in).sum::<usize>() < if brief { TELLING.0 } else { TELLING.1 }
}
