//! Stems and lemmas of English words.

use rust_stemmers::{Algorithm, Stemmer};

use crate::stop_words::is_stop_word;

/// Irregular verbs, which no stemmer knows: the present and its past forms.
const IRREGULAR: &str = "buy:bought catch:caught build:built sell:sold send:sent spend:spent lose:lost win:won \
    teach:taught bring:brought choose:chose,chosen write:wrote,written drive:drove,driven ride:rode,ridden \
    eat:ate,eaten drink:drank,drunk sing:sang,sung swim:swam,swum run:ran fly:flew,flown grow:grew,grown \
    draw:drew,drawn throw:threw,thrown break:broke,broken speak:spoke,spoken wear:wore,worn steal:stole,stolen \
    hide:hid,hidden fall:fell,fallen meet:met lead:led leave:left sleep:slept fight:fought hold:held stand:stood \
    understand:understood sit:sat wake:woke,woken lend:lent pay:paid forget:forgot,forgotten forgive:forgave,forgiven \
    freeze:froze,frozen shake:shook,shaken";

/// The terms of a text: the stems of its words, without stop words.
pub fn terms(text: &str) -> Vec<String> {
    let stemmer = Stemmer::create(Algorithm::English);
    let is_term = |word: &&str| word.chars().count() > 1 && !is_stop_word(word);
    let stem = |word: &str| stemmer.stem(word.trim_end_matches("'s")).into_owned();
    let words = text.split(|letter: char| !(letter.is_alphanumeric() || letter == '\'' || letter == '’'));
    words
        .map(|word| word.to_lowercase().replace('’', "'"))
        .filter(|word| is_term(&word.as_str()))
        .map(|word| stem(&word))
        .collect()
}

/// The terms of a text, with verbs in the present tense, so that `bought` matches `buy`.
pub fn lemmas(text: &str) -> Vec<String> {
    terms(text).into_iter().map(|term| lemma(&term)).collect()
}

/// The stem of the present tense of a stem.
pub fn lemma(term: &str) -> String {
    let known = IRREGULAR.split_whitespace().filter_map(|entry| entry.split_once(':'));
    let found = known.into_iter().find(|(_, pasts)| pasts.split(',').any(|past| past == term));
    let base = found.map_or(term, |(base, _)| base);
    terms(base).pop().unwrap_or_else(|| base.to_owned())
}

/// Whether two words are forms of one: `run` and `running`, `cycle` and `cycling`.
pub fn share_stem(one: &str, other: &str) -> bool {
    let (one, other) = (one.trim_end_matches('e'), other.trim_end_matches('e'));
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    short.len() > 2 && long.starts_with(short) && long.len() - short.len() <= 4
}

/// The share of terms that two texts have in common, from 0 to 1, relative to the one with fewer terms.
pub fn overlap(one: &[String], other: &[String]) -> f32 {
    let shared = one.iter().filter(|term| other.contains(term)).count();
    let fewer = one.len().min(other.len());
    if fewer == 0 { 0.0 } else { shared as f32 / fewer as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inflected_forms_share_a_stem() {
        assert!(share_stem("run", "running") && share_stem("books", "book") && share_stem("cycle", "cycling"));
        assert!(!share_stem("run", "runway-lights") && !share_stem("a", "an") && !share_stem("read", "run"));
    }
}
