//! Plain-text transcripts: paragraphs, or lines such as `[00:01:05] Ana: Hello`.

use std::io::Read;

use resources::{documents::subtitles::clock, memories::id_of};
use serde_json::json;

use super::{
    Input, ItemKind, Sink,
    input::text,
    item::ParsedItem,
    utterances::{SourceConversation, Speaker, Utterance},
};

/// The maximum length of a speaker's name, in characters and in words.
const MAX_NAME_CHARS: usize = 40;
const MAX_NAME_WORDS: usize = 4;

/// Parts of names in lower case.
const PARTICLES: [&str; 10] = ["al", "bin", "da", "de", "del", "di", "la", "van", "von", "y"];

pub(super) fn read(reader: impl Read, input: &Input, send: Sink) -> Result<(), String> {
    let text = text(reader)?;
    let conversation = SourceConversation { utterances: utterances(&text), ..transcript(input, &text) };
    send(ParsedItem::new(ItemKind::Conversation, String::new(), conversation.into_item()));
    Ok(())
}

/// A transcript with nothing but a text.
pub(super) fn transcript(input: &Input, text: &str) -> SourceConversation {
    let name = std::path::Path::new(&input.name).file_stem().map(|name| name.to_string_lossy().into_owned());
    SourceConversation {
        id: id_of(&format!("transcript\n{text}")),
        title: String::new(),
        overview: String::new(),
        began: input.modified,
        updated: None,
        source: "external_integration",
        origin: json!({ "imported_from": "transcript", "file": name }),
        utterances: Vec::new(),
    }
}

/// The utterances of a text, line by line; a line without a name continues the one before.
fn utterances(text: &str) -> Vec<Utterance> {
    let lines: Vec<(Option<f64>, &str)> =
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(split_time).collect();
    let texts: Vec<&str> = lines.iter().map(|(_, text)| *text).collect();
    let is_named = has_names(&texts);
    let mut utterances: Vec<Utterance> = Vec::new();
    for (start, line) in lines {
        let (speaker, words) = match split_name(line).filter(|_| is_named) {
            Some((name, words)) => (Speaker::of(name), words),
            None if is_named
                && start.is_none()
                && let Some(last) = utterances.last_mut() =>
            {
                last.text = format!("{}\n{line}", last.text).trim().to_owned();
                continue;
            }
            None => (Speaker::Unknown, line),
        };
        utterances.push(Utterance { id: None, speaker, text: words.to_owned(), start, end: None });
    }
    utterances.retain(|utterance| !utterance.text.is_empty());
    utterances
}

/// Whether most lines begin with names.
pub(super) fn has_names(lines: &[&str]) -> bool {
    let named = lines.iter().filter(|line| split_name(line).is_some()).count();
    named > 0 && named * 2 >= lines.len()
}

/// The name that a line begins with, and the rest.
pub(super) fn split_name(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.split_once(':')?;
    let is_name = name.starts_with(char::is_uppercase)
        && name.chars().count() <= MAX_NAME_CHARS
        && name.split_whitespace().count() <= MAX_NAME_WORDS
        && name.split_whitespace().all(|word| PARTICLES.contains(&word) || !word.starts_with(char::is_lowercase))
        && name.chars().all(|letter| letter.is_alphanumeric() || " .'-_".contains(letter))
        && !rest.starts_with("//");
    is_name.then(|| (name.trim(), rest.trim()))
}

/// The time that a line begins with, in seconds, and the rest: `[00:01:05] …`, `(1:05) …`, `00:01:05 …`.
fn split_time(line: &str) -> (Option<f64>, &str) {
    let bare = line.trim_start_matches(['[', '(']);
    let length = bare.find(|letter: char| !letter.is_ascii_digit() && !":.,".contains(letter)).unwrap_or(bare.len());
    match clock(&bare[..length]) {
        Some(time) => (Some(time), bare[length..].trim_start_matches([']', ')', '-', ' ', '\t']).trim_start()),
        None => (None, line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_times_and_names() {
        let text = "[00:00:01] Ana: Hello\nand welcome\n\n(1:05) Me: Thanks: really\n00:02:00 - Dr. Bo Li: Bye";
        let utterances = utterances(text);
        let parsed: Vec<_> =
            utterances.iter().map(|said| (said.speaker.clone(), said.text.as_str(), said.start)).collect();
        let named = |name: &str| Speaker::Named(name.into());
        assert_eq!(
            parsed,
            [
                (named("Ana"), "Hello\nand welcome", Some(1.0)),
                (Speaker::User, "Thanks: really", Some(65.0)),
                (named("Dr. Bo Li"), "Bye", Some(120.0)),
            ]
        );
    }

    #[test]
    fn prose_has_no_names() {
        let said = utterances("We met on Monday.\nOne thing matters: time.\nNote: call Bo.\nhttp://x is a page.");
        assert!(said.len() == 4 && said.iter().all(|said| said.speaker == Speaker::Unknown), "{said:?}");
        assert_eq!(said[2].text, "Note: call Bo.");
    }
}
