//! What the model is told of a conversation.

use std::fmt::Write;

use chrono::{DateTime, Utc};
use schemas::conversation::{TextSource, TranscriptSegment};

use crate::processing::understanding::{Manner, Material};

/// The longest transcript that is told whole, in bytes: about 15,000 tokens, an hour and a half of talk.
const BUDGET: usize = 60_000;

/// Stands for what is left out of a longer one.
const GAP: &str = "[…]";

/// The question about a conversation.
pub(super) fn about(material: &Material<'_>) -> String {
    let mut told = String::new();
    let mut tell = |name: &str, value: &str| writeln!(told, "{name}: {value}").expect("a text takes all");
    let zone = material.time_zone;
    let time = |time: DateTime<Utc>| time.with_timezone(&zone).format("%A, %Y-%m-%d %H:%M (UTC%:z)").to_string();
    tell("Began", &time(material.started_at));
    tell("Ended", &time(material.finished_at));
    tell("Time zone of the user", zone.name());
    tell("The user is called", material.user_name.unwrap_or("the user"));
    if let Some(language) = material.language {
        tell("Language", language);
    }
    if material.manner == Manner::Forced {
        tell("Discard", "never; the user has asked for this conversation to be kept");
    }
    list(&mut told, "Still to be done already", material.open_items.iter().cloned());
    let folder = |folder: &crate::processing::understanding::FolderChoice| {
        format!("{}: {}. {}", folder.id, folder.name, folder.description)
    };
    list(&mut told, "Folders", material.folders.iter().map(folder));
    match material.text {
        Some(text) => {
            let kind = match material.text_source {
                TextSource::AudioTranscript => "The words of a recording",
                TextSource::Message => "A written message",
                TextSource::OtherText => "A text",
            };
            let lines: Vec<String> = text.lines().map(str::to_owned).collect();
            list(&mut told, kind, fitting(&lines).into_iter());
        }
        None => {
            let lines: Vec<String> = (1..).zip(material.segments).map(|(number, said)| line(number, said)).collect();
            list(&mut told, "Transcript", fitting(&lines).into_iter());
        }
    }
    told
}

/// A segment as it is told: its number stands for its id, which is long and easily miscopied.
fn line(number: usize, said: &TranscriptSegment) -> String {
    let text = said.text.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("[{number}] {}: {text}", said.speaker_name)
}

fn list(told: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    if !lines.is_empty() {
        told.push_str(&format!("\n{title}:\n{}\n", lines.join("\n")));
    }
}

/// As many lines as the budget takes. How a conversation begins and ends says most of what it was about: both have a
/// third of the budget, and the rest goes to the longest lines between, in their order.
fn fitting(lines: &[String]) -> Vec<String> {
    if lines.iter().map(|line| line.len() + 1).sum::<usize>() <= BUDGET {
        return lines.to_vec();
    }
    let third = BUDGET / 3;
    // A text can be one line, longer than all that is to be told.
    let lines: Vec<&str> = lines.iter().flat_map(|line| pieces(line, third / 10)).collect();
    let mut is_told = vec![false; lines.len()];
    take(&lines, &mut is_told, 0..lines.len(), third);
    take(&lines, &mut is_told, (0..lines.len()).rev(), third);
    let mut between: Vec<usize> = (0..lines.len()).filter(|index| !is_told[*index]).collect();
    between.sort_by_key(|index| std::cmp::Reverse(lines[*index].len()));
    take(&lines, &mut is_told, between.into_iter(), third);
    let mut told: Vec<String> = Vec::new();
    for (line, is_told) in lines.iter().zip(is_told) {
        match told.last() {
            _ if is_told => told.push((*line).to_owned()),
            Some(last) if last == GAP => {}
            _ => told.push(GAP.to_owned()),
        }
    }
    told
}

/// Marks the lines with these indexes until one is too long for what is left of the budget.
fn take(lines: &[&str], is_told: &mut [bool], indexes: impl Iterator<Item = usize>, mut budget: usize) {
    for index in indexes.filter(|index| *index < lines.len()) {
        match budget.checked_sub(lines[index].len() + 1) {
            Some(left) => budget = left,
            None => return,
        }
        is_told[index] = true;
    }
}

/// A line in pieces of at most so many bytes, cut between words where there are any.
fn pieces(line: &str, most: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = line;
    while rest.len() > most {
        let end = rest.floor_char_boundary(most);
        let end = rest[..end].rfind(char::is_whitespace).filter(|space| *space > 0).unwrap_or(end);
        let (piece, behind) = rest.split_at(end);
        pieces.push(piece);
        rest = behind.trim_start();
    }
    pieces.push(rest);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_is_told_whole() {
        let lines = ["a".to_owned(), "b".to_owned()];
        assert_eq!(fitting(&lines), lines);
    }

    #[test]
    fn what_is_long_keeps_its_ends_and_its_longest_lines() {
        let mut lines: Vec<String> = (0..4000).map(|number| format!("[{number}] Ana: so it goes, said she")).collect();
        lines[2000] = format!("[2000] Ana: {}", "the long story of the house ".repeat(20));
        let told = fitting(&lines);
        assert!(told.iter().map(|line| line.len() + 1).sum::<usize>() <= BUDGET + 20);
        for index in [0, 1, 2000, 3998, 3999] {
            assert!(told.contains(&lines[index]), "{index} is left out");
        }
        assert!(told.iter().any(|line| line == GAP));
    }

    #[test]
    fn one_endless_line_is_cut() {
        let told = fitting(&["word ".repeat(100_000)]);
        assert!(told.iter().map(|line| line.len() + 1).sum::<usize>() <= BUDGET + 20);
        assert!(told.len() > 10);
        let told = fitting(&["ä".repeat(100_000)]);
        assert!(told.len() > 10);
    }
}
