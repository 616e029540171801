//! How many: a number before the counted noun.

use super::super::question::ParsedQuestion;
use super::{
    DirectAnswer, attributed,
    evidence::{self, Evidence},
};
use language::{dates, stemming::terms, words::normalize};

/// The share of the question's terms that a sentence needs to say how many.
const MIN_SHARE: f32 = 0.6;

/// Larger numbers are taken for years.
const MAX_COUNT: u32 = 1000;

/// How many words may stand between a number and the counted noun.
const MAX_WORDS_BETWEEN: usize = 2;

/// Answers how many there are.
pub(super) fn find<'a>(question: &ParsedQuestion<'_>, evidence: &[Evidence<'a>]) -> Option<DirectAnswer<'a>> {
    let after = question.words.iter().skip_while(|word| *word != "many").skip(1);
    let counted = after.flat_map(|word| terms(word)).next()?;
    let (count, passage) = evidence::best(evidence, MIN_SHARE, |_, sentence| read(sentence, &counted))?;
    Some(attributed(question, &format!("“{count}”"), passage))
}

/// The phrase with a number and the counted noun: `two old cats`.
fn read(sentence: &str, counted: &str) -> Option<String> {
    let tokens: Vec<&str> = sentence.split_whitespace().collect();
    let counts =
        |at: &usize| dates::number(&normalize(tokens[*at])).is_some_and(|number| (2..MAX_COUNT).contains(&number));
    (0..tokens.len()).filter(counts).find_map(|at| {
        let following = tokens[at + 1..].iter().take(MAX_WORDS_BETWEEN + 1);
        let end = following.clone().position(|token| terms(token).iter().any(|term| term == counted))?;
        let text = tokens[at..at + end + 2].join(" ");
        Some(text.trim_end_matches(|letter: char| !letter.is_alphanumeric()).to_owned())
    })
}
