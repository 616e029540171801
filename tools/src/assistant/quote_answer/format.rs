//! How an answer is written: quotes under the conversations that they are from.

use super::{Extract, caveats::Caution, direct::Direct, question::Question};
use crate::assistant::retrieval::{Kind, Passage};
use language::{truncate::excerpt, words::capitalize};

/// How much of a long passage is quoted, in characters.
const QUOTED: usize = 240;

/// Writes the answer of these passages, after what is to be said first.
pub(super) fn write(
    question: &Question<'_>,
    mut chosen: Vec<&Passage>,
    caution: Option<Caution>,
    direct: Option<Direct<'_>>,
) -> Extract {
    let opening = match caution {
        Some(Caution::Remark(remark)) if !chosen.is_empty() => remark,
        Some(Caution::Unknown(nothing)) => return Extract { text: nothing, citations: Vec::new() },
        _ if chosen.is_empty() => {
            let text = String::from("I found nothing about this in your memory.");
            return Extract { text, citations: Vec::new() };
        }
        _ => "This is what your memory holds on it:".to_owned(),
    };
    chosen.sort_by_key(|passage| (passage.citation.date, passage.place));
    let mut text = direct.map_or_else(String::new, |direct| {
        let place = chosen.iter().position(|passage| passage.is_of(&direct.passage.citation)).unwrap_or_default();
        format!("{} [{}].\n\n", capitalize(&unmarked(&direct.text)), place + 1)
    });
    text.push_str(&opening);
    text.push('\n');
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
    match passage.citation.title.as_deref().map(unmarked) {
        Some(title) => format!("{day}, {}:", title.trim_end_matches(['.', ':'])),
        None => format!("{day}:"),
    }
}

fn line(question: &Question<'_>, passage: &Passage) -> String {
    let quote = unmarked(&excerpt(passage.citation.quote.trim(), question.text, QUOTED));
    let note = passage.note.as_ref().map_or_else(String::new, |note| format!(" ({note})"));
    match passage.kind {
        Kind::Summary => format!("In short: “{quote}”"),
        Kind::Memory => format!("Remembered: “{quote}”"),
        Kind::ActionItem => format!("To do{note}: “{quote}”"),
        Kind::Goal => format!("Goal{note}: “{quote}”"),
        Kind::Day => format!("The day in short: “{quote}”"),
        Kind::File => format!("“{quote}”"),
        Kind::Segment | Kind::Live => format!("{}: “{quote}”", capitalize(speaker(passage))),
    }
}

/// Who says it, as the user reads it within a sentence.
pub(super) fn speaker(passage: &Passage) -> &str {
    match passage.citation.speaker.as_deref() {
        Some("User") => "you",
        Some(name) => name,
        None => "somebody",
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
