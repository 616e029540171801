//! Splits texts and transcripts into sentences.

use std::ops::Range;

use schemas::conversation::TextSource;

use crate::{
    extraction::{ConversationInput, Language},
    fillers::{remove_hesitations, strip_opening},
    words,
};

/// A sentence of a conversation.
#[derive(Debug, Clone)]
pub struct Sentence {
    /// The words, without hesitations.
    pub text: String,
    /// The speaker's name; empty when it is unknown.
    pub speaker: String,
    /// Whether the user said it.
    pub by_user: bool,
    /// The ids of its segments.
    pub segments: Vec<String>,
    /// The index of its turn: what one speaker said without interruption.
    pub turn: usize,
}

impl Sentence {
    /// Whether it is a question, even without a question mark: `oh no are you okay`.
    pub(crate) fn is_question(&self) -> bool {
        let unmarked = || {
            let words = words::tokenize(strip_opening(&self.text, &[]));
            let at = |place: usize| words.get(place).map_or("", String::as_str);
            let inverted = matches!(at(0), "are" | "do" | "did" | "have" | "can" | "could" | "would" | "will" | "were");
            inverted && at(1) == "you" || matches!(at(0), "what's" | "how's" | "why" | "where's")
        };
        self.text.ends_with('?') || !self.text.ends_with(['.', '!']) && unmarked()
    }
}

/// What one speaker said without interruption.
struct Turn {
    text: String,
    speaker: String,
    by_user: bool,
    /// The ranges of the text, with the ids of their segments.
    parts: Vec<(Range<usize>, String)>,
}

/// The sentences of a conversation, in the order said.
pub fn split(input: &ConversationInput<'_>, language: Language) -> Vec<Sentence> {
    let turns = if input.segments.is_empty() { turns_of_text(input) } else { turns_of_segments(input) };
    let mut sentences = Vec::new();
    for (place, turn) in turns.iter().enumerate() {
        for range in sentence_ranges(&turn.text) {
            let said = &turn.text[range.clone()];
            // `Um` and `er` are words elsewhere.
            let text = if language == Language::English { remove_hesitations(said) } else { said.to_owned() };
            if !text.chars().any(char::is_alphanumeric) {
                continue;
            }
            // The parts are in order: a long turn is not read from its beginning for each of its sentences.
            let first = turn.parts.partition_point(|(part, _)| part.end <= range.start);
            let within = turn.parts[first..].iter().take_while(|(part, _)| part.start < range.end);
            let segments = within.map(|(_, id)| id.clone()).collect();
            let speaker = turn.speaker.clone();
            sentences.push(Sentence { text, speaker, by_user: turn.by_user, segments, turn: place });
        }
    }
    sentences
}

/// A speaker's name; empty for a label that speech recognition gave.
fn real_name(name: &str) -> String {
    let lower = name.to_lowercase();
    let label = lower.starts_with("speaker") || lower == "unknown" || lower == "user";
    if label { String::new() } else { name.trim().to_owned() }
}

fn turns_of_segments(input: &ConversationInput<'_>) -> Vec<Turn> {
    let mut turns: Vec<(&str, Turn)> = Vec::new();
    for segment in input.segments {
        let text = segment.text.trim();
        let same = |turn: &(&str, Turn)| turn.0 == segment.speaker_name && turn.1.by_user == segment.is_user;
        if !turns.last().is_some_and(same) {
            let speaker = if segment.is_user {
                input.user_name.unwrap_or_default().to_owned()
            } else {
                real_name(&segment.speaker_name)
            };
            let turn = Turn { text: String::new(), speaker, by_user: segment.is_user, parts: Vec::new() };
            turns.push((&segment.speaker_name, turn));
        }
        let Some((_, turn)) = turns.last_mut() else { continue };
        if !turn.text.is_empty() {
            turn.text.push(' ');
        }
        let start = turn.text.len();
        turn.text.push_str(text);
        turn.parts.push((start..turn.text.len(), segment.id.clone()));
    }
    turns.into_iter().map(|(_, turn)| turn).collect()
}

/// The lines of a text; `Ana: Hello` names the speaker. Without such names, the text is the user's own, unless it is a
/// message, whose author is unknown.
fn turns_of_text(input: &ConversationInput<'_>) -> Vec<Turn> {
    let text = input.text.unwrap_or_default();
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let named = lines.iter().filter(|line| speaker_of(line).is_some()).count();
    let mut turns: Vec<Turn> = Vec::new();
    for line in &lines {
        let (name, said) = if named * 2 > lines.len() { speaker_of(line).unzip() } else { (None, Some(*line)) };
        match (name, turns.last_mut()) {
            (None, Some(turn)) if named * 2 > lines.len() => {
                turn.text.push(' ');
                turn.text.push_str(line);
            }
            (name, _) => {
                let own = |name: &str| {
                    let is_name = input.user_name.is_some_and(|user| user.eq_ignore_ascii_case(name));
                    is_name || ["me", "i", "user", "you"].iter().any(|own| own.eq_ignore_ascii_case(name))
                };
                let by_user = name.map_or(input.text_source != TextSource::Message, own);
                let speaker = if by_user {
                    input.user_name.unwrap_or_default().to_owned()
                } else {
                    name.map_or_else(String::new, real_name)
                };
                let bullet = |first: char| matches!(first, '-' | '*' | '•' | '#') || first.is_whitespace();
                let text = said.unwrap_or(line).trim_start_matches(bullet).to_owned();
                turns.push(Turn { text, speaker, by_user, parts: Vec::new() });
            }
        }
    }
    turns
}

/// The speaker and the text of a line such as `[00:12] Ana Berg: Hello`.
fn speaker_of(line: &str) -> Option<(&str, &str)> {
    let line =
        line.split_once(']').filter(|(stamp, _)| stamp.starts_with('[')).map_or(line, |(_, rest)| rest.trim_start());
    let (name, said) = line.split_once(": ")?;
    let short = name.len() <= 30 && name.split_whitespace().count() <= 3;
    let capital = name.starts_with(char::is_uppercase)
        && name.chars().all(|letter| letter.is_alphanumeric() || " .'-_".contains(letter));
    (short && capital).then_some((name, said))
}

/// Abbreviations whose full stop does not end a sentence.
const ABBREVIATIONS: &[&str] =
    &["dr", "mr", "mrs", "ms", "prof", "st", "vs", "jr", "sr", "no", "approx", "e.g", "i.e", "a.m", "p.m", "u.s"];

/// The byte ranges of the sentences of a text.
pub fn sentence_ranges(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let end = at + character.len_utf8();
        let next = characters.peek().map(|(_, next)| *next);
        let stop = match character {
            '。' | '！' | '？' | '\n' => true,
            '.' | '!' | '?' | '…' => {
                let open = next.is_none_or(|next| next.is_whitespace() || matches!(next, '"' | '”' | ')'));
                open && (character != '.' || !is_abbreviation(&text[start..at]))
            }
            _ => false,
        };
        if stop {
            let closing = text[end..].chars().next().filter(|next| matches!(next, '"' | '”' | ')'));
            let end = end + closing.map_or(0, char::len_utf8);
            if closing.is_some() {
                characters.next();
            }
            ranges.push(start..end);
            start = end;
        }
    }
    ranges.push(start..text.len());
    let trimmed = |range: Range<usize>| {
        let part = &text[range.clone()];
        let start = range.start + (part.len() - part.trim_start().len());
        start..(start + part.trim().len())
    };
    ranges.into_iter().map(trimmed).filter(|range| text[range.clone()].chars().any(char::is_alphanumeric)).collect()
}

fn is_abbreviation(before: &str) -> bool {
    let last = before.rsplit(char::is_whitespace).next().unwrap_or_default().to_lowercase();
    ABBREVIATIONS.contains(&last.as_str()) || last.chars().count() == 1 && last != "i"
}
