//! Formats an answer: quotes under headings for their conversations.

use super::{QuotedAnswer, caveats::Caveat, direct::DirectAnswer, question::ParsedQuestion};
use crate::assistant::retrieval::{Passage, PassageKind};
use language::{truncate::excerpt, words::capitalize};

/// The maximum length of a quote, in characters.
const MAX_QUOTE: usize = 240;

/// Formats the answer: a direct answer or a caveat, then the quotes.
pub(super) fn format_answer(
    question: &ParsedQuestion<'_>,
    mut selected: Vec<&Passage>,
    caveat: Option<Caveat>,
    direct: Option<DirectAnswer<'_>>,
) -> QuotedAnswer {
    let opening = match caveat {
        Some(Caveat::Remark(remark)) if !selected.is_empty() => remark,
        Some(Caveat::UnknownName(nothing)) => return QuotedAnswer { text: nothing, citations: Vec::new() },
        _ if selected.is_empty() => {
            let text = String::from("I found nothing about this in your memory.");
            return QuotedAnswer { text, citations: Vec::new() };
        }
        _ => "This is what your memory holds on it:".to_owned(),
    };
    selected.sort_by_key(|passage| (passage.citation.date, passage.position));
    let mut text = direct.map_or_else(String::new, |direct| {
        let place = selected.iter().position(|passage| passage.matches(&direct.passage.citation)).unwrap_or_default();
        format!("{} [{}].\n\n", capitalize(&without_markers(&direct.text)), place + 1)
    });
    text.push_str(&opening);
    text.push('\n');
    let mut last_heading = String::new();
    for (place, passage) in selected.iter().enumerate() {
        let heading = heading(question, passage);
        if heading != last_heading {
            text.push_str(&format!("\n{heading}\n"));
            last_heading = heading;
        }
        text.push_str(&format!("- {} [{}]\n", line(question, passage), place + 1));
    }
    text.truncate(text.trim_end().len());
    QuotedAnswer { text, citations: selected.iter().map(|passage| passage.citation.clone()).collect() }
}

/// The day and the title of the conversation.
fn heading(question: &ParsedQuestion<'_>, passage: &Passage) -> String {
    let day = question.day(passage.citation.date);
    match passage.citation.title.as_deref().map(without_markers) {
        Some(title) => format!("{day}, {}:", title.trim_end_matches(['.', ':'])),
        None => format!("{day}:"),
    }
}

fn line(question: &ParsedQuestion<'_>, passage: &Passage) -> String {
    let quote = without_markers(&excerpt(passage.citation.quote.trim(), question.text, MAX_QUOTE));
    let note = passage.note.as_ref().map_or_else(String::new, |note| format!(" ({note})"));
    match passage.kind {
        PassageKind::Summary => format!("In short: “{quote}”"),
        PassageKind::Memory => format!("Remembered: “{quote}”"),
        PassageKind::ActionItem => format!("To do{note}: “{quote}”"),
        PassageKind::Goal => format!("Goal{note}: “{quote}”"),
        PassageKind::DailySummary => format!("The day in short: “{quote}”"),
        PassageKind::File => format!("“{quote}”"),
        PassageKind::Segment | PassageKind::Live => format!("{}: “{quote}”", capitalize(speaker(passage))),
    }
}

/// The speaker as the user reads it within a sentence.
pub(super) fn speaker(passage: &Passage) -> &str {
    match passage.citation.speaker.as_deref() {
        Some("User") => "you",
        Some(name) => name,
        None => "somebody",
    }
}

/// A quote on one line, without anything that looks like a marker.
fn without_markers(quote: &str) -> String {
    let text = quote.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut parts = text.split('[');
    let mut clean = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(']').filter(|(inner, _)| inner.bytes().all(|byte| byte.is_ascii_digit())) {
            Some((number, rest)) => clean.push_str(&format!("({number}){rest}")),
            None => clean.push_str(&format!("[{part}")),
        }
    }
    clean
}
