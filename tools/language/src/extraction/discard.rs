//! Whether a conversation has no content.

use std::collections::HashSet;

use chrono::TimeDelta;

use super::ConversationInput;
use crate::{sentences::Sentence, stemming::terms, words};

/// Conversations with more words are always kept.
const MAX_NOISE_WORDS: usize = 100;

/// The number of terms that a short recording and a longer one need.
const MIN_TERMS_SHORT: usize = 3;
const MIN_TERMS: usize = 1;

/// Whether a conversation is nothing but noise: fillers, greetings, single words, repetitions.
pub(super) fn is_noise(input: &ConversationInput<'_>, sentences: &[Sentence]) -> bool {
    let words: usize = sentences.iter().map(|sentence| words::tokenize(&sentence.text).len()).sum();
    if words > MAX_NOISE_WORDS {
        return false;
    }
    let distinct: HashSet<String> = sentences.iter().flat_map(|sentence| terms(&sentence.text)).collect();
    let is_short = input.finished_at - input.started_at < TimeDelta::seconds(120);
    // Scripts without spaces have many words in one token.
    let words_in = |term: &String| if term.is_ascii() { 1 } else { (term.chars().count() / 3).max(1) };
    distinct.iter().map(words_in).sum::<usize>() < if is_short { MIN_TERMS_SHORT } else { MIN_TERMS }
}
