//! The prompt that describes a conversation to the model.

use std::fmt::Write;

use chrono::{DateTime, Utc};
use language::extraction::{ConversationInput, FolderChoice, OpenItem};
use schemas::conversation::{TextSource, TranscriptSegment};

/// The maximum length of a transcript, in bytes: about 15,000 tokens, or ninety minutes of speech.
const MAX_TRANSCRIPT: usize = 60_000;

/// Marks what was omitted from a longer one.
const OMISSION: &str = "[…]";

/// The prompt about a conversation.
pub(super) fn describe(input: &ConversationInput<'_>) -> String {
    let mut prompt = String::new();
    let mut field =
        |name: &str, value: &str| writeln!(prompt, "{name}: {value}").expect("writing to a string succeeds");
    let zone = input.time_zone;
    let open_item = |item: &OpenItem| match item.due_at {
        Some(due_at) => format!("{} (due {})", item.description, due_at.with_timezone(&zone).to_rfc3339()),
        None => item.description.clone(),
    };
    let time = |time: DateTime<Utc>| time.with_timezone(&zone).format("%A, %Y-%m-%d %H:%M (UTC%:z)").to_string();
    field("Began", &time(input.started_at));
    field("Ended", &time(input.finished_at));
    field("Time zone of the user", &zone.to_string());
    field("The user is called", input.user_name.unwrap_or("the user"));
    if let Some(language) = input.language {
        field("Language", language);
    }
    if !input.can_discard {
        field("Discard", "never; the user has asked for this conversation to be kept");
    }
    list(&mut prompt, "Still to be done already", input.open_items.iter().map(open_item));
    let folder = |folder: &FolderChoice| format!("{}: {}. {}", folder.id, folder.name, folder.description);
    list(&mut prompt, "Folders", input.folders.iter().map(folder));
    match input.text {
        Some(text) => {
            let kind = match input.text_source {
                TextSource::AudioTranscript => "The words of a recording",
                TextSource::Message => "A written message",
                TextSource::OtherText => "A text",
            };
            let lines: Vec<String> = text.lines().map(str::to_owned).collect();
            list(&mut prompt, kind, truncate(&lines).into_iter());
        }
        None => {
            let lines: Vec<String> = (1..).zip(input.segments).map(|(number, said)| line(number, said)).collect();
            list(&mut prompt, "Transcript", truncate(&lines).into_iter());
        }
    }
    prompt
}

/// A segment as a line; its number replaces its id, which models copy wrongly.
fn line(number: usize, said: &TranscriptSegment) -> String {
    let text = said.text.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("[{number}] {}: {text}", said.speaker_name)
}

fn list(prompt: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    if !lines.is_empty() {
        prompt.push_str(&format!("\n{title}:\n{}\n", lines.join("\n")));
    }
}

/// The lines that fit into [`MAX_TRANSCRIPT`]. The beginning and the end of a conversation say most about its subject:
/// each gets a third, and the rest goes to the longest lines between, in their order.
fn truncate(lines: &[String]) -> Vec<String> {
    if lines.iter().map(|line| line.len() + 1).sum::<usize>() <= MAX_TRANSCRIPT {
        return lines.to_vec();
    }
    let third = MAX_TRANSCRIPT / 3;
    // A text can be a single line that is too long by itself.
    let lines: Vec<&str> = lines.iter().flat_map(|line| chunks(line, third / 10)).collect();
    let mut is_taken = vec![false; lines.len()];
    take(&lines, &mut is_taken, 0..lines.len(), third);
    take(&lines, &mut is_taken, (0..lines.len()).rev(), third);
    let mut between: Vec<usize> = (0..lines.len()).filter(|index| !is_taken[*index]).collect();
    between.sort_by_key(|index| std::cmp::Reverse(lines[*index].len()));
    take(&lines, &mut is_taken, between.into_iter(), third);
    let mut kept: Vec<String> = Vec::new();
    for (line, is_taken) in lines.iter().zip(is_taken) {
        match kept.last() {
            _ if is_taken => kept.push((*line).to_owned()),
            Some(last) if last == OMISSION => {}
            _ => kept.push(OMISSION.to_owned()),
        }
    }
    kept
}

/// Marks the lines with these indexes until the budget is used up.
fn take(lines: &[&str], is_taken: &mut [bool], indexes: impl Iterator<Item = usize>, mut budget: usize) {
    for index in indexes.filter(|index| *index < lines.len()) {
        match budget.checked_sub(lines[index].len() + 1) {
            Some(left) => budget = left,
            None => return,
        }
        is_taken[index] = true;
    }
}

/// Splits a line into chunks of at most `max` bytes, between words where possible.
fn chunks(line: &str, max: usize) -> Vec<&str> {
    let mut chunks = Vec::new();
    let mut rest = line;
    while rest.len() > max {
        let end = rest.floor_char_boundary(max);
        let end = rest[..end].rfind(char::is_whitespace).filter(|space| *space > 0).unwrap_or(end);
        let (chunk, tail) = rest.split_at(end);
        chunks.push(chunk);
        rest = tail.trim_start();
    }
    chunks.push(rest);
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_is_taken_whole() {
        let lines = ["a".to_owned(), "b".to_owned()];
        assert_eq!(truncate(&lines), lines);
    }

    #[test]
    fn long_transcripts_keep_both_ends_and_the_longest_lines() {
        let mut lines: Vec<String> = (0..4000).map(|number| format!("[{number}] Ana: so it goes, said she")).collect();
        lines[2000] = format!("[2000] Ana: {}", "the long story of the house ".repeat(20));
        let kept = truncate(&lines);
        assert!(kept.iter().map(|line| line.len() + 1).sum::<usize>() <= MAX_TRANSCRIPT + 20);
        for index in [0, 1, 2000, 3998, 3999] {
            assert!(kept.contains(&lines[index]), "{index} is omitted");
        }
        assert!(kept.iter().any(|line| line == OMISSION));
    }

    #[test]
    fn one_long_line_is_split() {
        let kept = truncate(&["word ".repeat(100_000)]);
        assert!(kept.iter().map(|line| line.len() + 1).sum::<usize>() <= MAX_TRANSCRIPT + 20);
        assert!(kept.len() > 10);
        let kept = truncate(&["ä".repeat(100_000)]);
        assert!(kept.len() > 10);
    }
}
