//! A line that answers who, when, where and how many, where a passage clearly holds it. A wrong answer is worse than none:
//! the words of the question must be in the passage, and whom it names must be the one who speaks or is spoken of.

mod count;
mod evidence;
mod person;
mod place;
mod time;

use super::{format::speaker, question::Question};
use crate::assistant::retrieval::{Kind, Passage};
use evidence::Evidence;

/// An answer, and the passage that holds it.
#[derive(Debug)]
pub(super) struct Direct<'a> {
    pub(super) text: String,
    pub(super) passage: &'a Passage,
}

/// What a question wants to know, as its first words say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Time,
    Hour,
    Place,
    Person,
    Count,
}

/// The direct answer that these passages hold, which are best first.
pub(super) fn find<'a>(question: &Question<'_>, chosen: &[&'a Passage]) -> Option<Direct<'a>> {
    let asked = asked(question)?;
    let evidence = Evidence::gather(question, chosen);
    match asked {
        Asked::Time | Asked::Hour => time::find(question, &evidence, asked == Asked::Hour),
        Asked::Place => place::find(question, &evidence),
        Asked::Person => person::find(question, &evidence),
        Asked::Count => count::find(question, &evidence),
    }
}

fn asked(question: &Question<'_>) -> Option<Asked> {
    let words: Vec<&str> = question.words.iter().map(String::as_str).collect();
    let prepositions = ["on", "in", "at", "since", "until", "by", "with", "from", "to", "for", "around"];
    let skipped = words.iter().take_while(|word| prepositions.contains(word)).count();
    match words[skipped..] {
        ["when", ..] | ["how", "long", "ago", ..] => Some(Asked::Time),
        ["what" | "which", "day" | "date" | "month" | "year" | "week" | "weekend", ..] => Some(Asked::Time),
        ["what", "time", ..] => Some(Asked::Hour),
        ["where", ..] | ["what" | "which", "city" | "country" | "town" | "state" | "village" | "place", ..] => {
            Some(Asked::Place)
        }
        ["who" | "whom", ..] => Some(Asked::Person),
        ["how", "many", ..] => Some(Asked::Count),
        _ => None,
    }
}

/// Says who said it, and when.
fn credited<'a>(question: &Question<'_>, answer: &str, passage: &'a Passage) -> Direct<'a> {
    let day = question.day(passage.citation.date);
    let text = match passage.kind {
        Kind::Segment | Kind::Live if answer == speaker(passage) && answer != "you" => {
            format!("{answer}, who said so on {day}")
        }
        Kind::Segment | Kind::Live => format!("{answer}, as {} said on {day}", speaker(passage)),
        _ => answer.to_owned(),
    };
    Direct { text, passage }
}
