//! Direct answers to who, when, where and how many, where a passage clearly contains one. A wrong answer is worse than
//! none: the passage must contain the terms of the question, and be by or about the person whom the question names.

mod count;
mod evidence;
mod person;
mod place;
mod time;

use super::{format::speaker, question::ParsedQuestion};
use crate::assistant::retrieval::{Passage, PassageKind};
use evidence::Evidence;

/// An answer, and the passage that contains it.
#[derive(Debug)]
pub(super) struct DirectAnswer<'a> {
    pub(super) text: String,
    pub(super) passage: &'a Passage,
}

/// The kind of a question, by its first words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum QuestionKind {
    Time,
    Hour,
    Place,
    Person,
    Count,
}

/// The direct answer in these passages, which are best first.
pub(super) fn find<'a>(question: &ParsedQuestion<'_>, selected: &[&'a Passage]) -> Option<DirectAnswer<'a>> {
    let kind = question_kind(question)?;
    let evidence = Evidence::gather(question, selected);
    match kind {
        QuestionKind::Time | QuestionKind::Hour => time::find(question, &evidence, kind == QuestionKind::Hour),
        QuestionKind::Place => place::find(question, &evidence),
        QuestionKind::Person => person::find(question, &evidence),
        QuestionKind::Count => count::find(question, &evidence),
    }
}

fn question_kind(question: &ParsedQuestion<'_>) -> Option<QuestionKind> {
    let words: Vec<&str> = question.words.iter().map(String::as_str).collect();
    let prepositions = ["on", "in", "at", "since", "until", "by", "with", "from", "to", "for", "around"];
    let skipped = words.iter().take_while(|word| prepositions.contains(word)).count();
    match words[skipped..] {
        ["when", ..] | ["how", "long", "ago", ..] => Some(QuestionKind::Time),
        ["what" | "which", "day" | "date" | "month" | "year" | "week" | "weekend", ..] => Some(QuestionKind::Time),
        ["what", "time", ..] => Some(QuestionKind::Hour),
        ["where", ..] | ["what" | "which", "city" | "country" | "town" | "state" | "village" | "place", ..] => {
            Some(QuestionKind::Place)
        }
        ["who" | "whom", ..] => Some(QuestionKind::Person),
        ["how", "many", ..] => Some(QuestionKind::Count),
        _ => None,
    }
}

/// Attributes an answer to its speaker and date.
fn attributed<'a>(question: &ParsedQuestion<'_>, answer: &str, passage: &'a Passage) -> DirectAnswer<'a> {
    let day = question.day(passage.citation.date);
    let text = match passage.kind {
        PassageKind::Segment | PassageKind::Live if answer == speaker(passage) && answer != "you" => {
            format!("{answer}, who said so on {day}")
        }
        PassageKind::Segment | PassageKind::Live => format!("{answer}, as {} said on {day}", speaker(passage)),
        _ => answer.to_owned(),
    };
    DirectAnswer { text, passage }
}
