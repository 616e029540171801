//! How many there were: a number before what is counted.

use super::super::question::Question;
use super::{
    Direct, credited,
    evidence::{self, Evidence},
};
use language::{dates, stemming::terms, words::normalize};

/// The share of the question's words that a sentence needs to say how many.
const LEAST: f32 = 0.6;

/// Larger numbers are years.
const LARGEST: u32 = 1000;

/// How many words may stand between a number and what is counted.
const BETWEEN: usize = 2;

/// How many there were.
pub(super) fn find<'a>(question: &Question<'_>, evidence: &[Evidence<'a>]) -> Option<Direct<'a>> {
    let after = question.words.iter().skip_while(|word| *word != "many").skip(1);
    let counted = after.flat_map(|word| terms(word)).next()?;
    let (count, passage) = evidence::best(evidence, LEAST, |_, sentence| read(sentence, &counted))?;
    Some(credited(question, &format!("“{count}”"), passage))
}

/// `two old cats`, of cats.
fn read(sentence: &str, counted: &str) -> Option<String> {
    let tokens: Vec<&str> = sentence.split_whitespace().collect();
    let counts =
        |at: &usize| dates::number(&normalize(tokens[*at])).is_some_and(|number| (2..LARGEST).contains(&number));
    (0..tokens.len()).filter(counts).find_map(|at| {
        let following = tokens[at + 1..].iter().take(BETWEEN + 1);
        let end = following.clone().position(|token| terms(token).iter().any(|term| term == counted))?;
        let text = tokens[at..at + end + 2].join(" ");
        Some(text.trim_end_matches(|letter: char| !letter.is_alphanumeric()).to_owned())
    })
}
