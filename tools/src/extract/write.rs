//! How an answer is written: quotes under the conversations that they are from.

use super::{Extract, question::Question};
use crate::{
    recall::{Kind, Passage},
    text,
};

/// How much of a long passage is quoted, in characters.
const QUOTED: usize = 240;

/// Writes the answer of these passages, which stand in the order of time.
pub(super) fn write(question: &Question<'_>, chosen: &[&Passage]) -> Extract {
    if chosen.is_empty() {
        let text = String::from("I found nothing about this in your memory.");
        return Extract { text, citations: Vec::new() };
    }
    let mut text = String::from("This is what your memory holds on it:\n");
    let mut above = String::new();
    for (place, passage) in chosen.iter().enumerate() {
        let heading = heading(question, passage);
        if heading != above {
            text.push_str(&format!("\n{heading}\n"));
            above = heading;
        }
        text.push_str(&format!("- {} [{}]\n", line(question, passage), place + 1));
    }
    text.truncate(text.trim_end().len());
    Extract { text, citations: chosen.iter().map(|passage| passage.citation.clone()).collect() }
}

/// When, and in which conversation.
fn heading(question: &Question<'_>, passage: &Passage) -> String {
    let day = question.day(passage.citation.date);
    match &passage.citation.title {
        Some(title) => format!("{day}, {}:", title.trim_end_matches(['.', ':'])),
        None => format!("{day}:"),
    }
}

fn line(question: &Question<'_>, passage: &Passage) -> String {
    let quote = unmarked(&text::cut(passage.citation.quote.trim(), question.text, QUOTED));
    let note = passage.note.as_ref().map_or_else(String::new, |note| format!(" ({note})"));
    match passage.kind {
        Kind::Summary => format!("In short: “{quote}”"),
        Kind::Memory => format!("Remembered: “{quote}”"),
        Kind::ActionItem => format!("To do{note}: “{quote}”"),
        Kind::File => format!("“{quote}”"),
        Kind::Segment | Kind::Live => format!("{}: “{quote}”", speaker(passage)),
    }
}

/// Who says it, as the user reads it.
fn speaker(passage: &Passage) -> &str {
    match passage.citation.speaker.as_deref() {
        Some("User") => "You",
        Some(name) => name,
        None => "Somebody",
    }
}

/// On one line, and without what looks like a marker.
fn unmarked(quote: &str) -> String {
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
