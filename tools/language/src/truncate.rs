//! Shortening texts. The functions differ in what they append and count, and in whether they keep line breaks.

use std::collections::HashSet;

use crate::words::capitalize;

/// A text on one line, cut between words after `width` characters, with ` …` where it was cut.
pub fn truncate_line(text: &str, width: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= width {
        return line;
    }
    let head: String = line.chars().take(width).collect();
    let whole = head.rsplit_once(' ').map_or(head.as_str(), |(words, _)| words);
    format!("{whole} …")
}

/// A text of at most `max` characters including its `…`, cut between words.
pub fn truncate_text(text: &str, max: usize) -> String {
    let text = text.trim();
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let head: String = text.chars().take(max - 1).collect();
    let head = head.rsplit_once(char::is_whitespace).map_or(&*head, |(head, _)| head);
    format!("{}…", head.trim_end())
}

/// A sentence of at most `max` characters before its `…`, cut between words, without trailing punctuation.
pub(crate) fn truncate_sentence(text: String, max: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(max) else { return text };
    let end = text[..end].rfind(' ').unwrap_or(end);
    format!("{}…", text[..end].trim_end_matches(|letter: char| !letter.is_alphanumeric()))
}

/// The first whole words of a text, in fewer than `max` characters, with a capital and no ellipsis.
pub fn truncate_title(text: &str, max: usize) -> String {
    let mut title = String::new();
    for word in text.split_whitespace() {
        if title.chars().count() + word.chars().count() >= max {
            break;
        }
        if !title.is_empty() {
            title.push(' ');
        }
        title.push_str(word);
    }
    capitalize(&title)
}

/// An excerpt of at most `max` characters around the longest word that a text shares with the query, of which a third
/// precedes that word.
pub fn excerpt(text: &str, query: &str, max: usize) -> String {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() <= max {
        return text.to_owned();
    }
    let split =
        |text: &str| -> Vec<String> { text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).collect() };
    let query_words: HashSet<String> = split(query).into_iter().collect();
    let common = split(text).into_iter().filter(|word| query_words.contains(word)).max_by_key(String::len);
    let lower: Vec<char> = characters.iter().map(|c| c.to_lowercase().next().unwrap_or(*c)).collect();
    let word: Vec<char> = common.unwrap_or_default().chars().collect();
    let at = lower.windows(word.len().max(1)).position(|part| part == word).unwrap_or(0);
    let from = at.saturating_sub(max / 3).min(characters.len() - max);
    let to = from + max;
    // Whole words, where there are spaces.
    let gap = |place: &usize| characters[*place].is_whitespace();
    let start = if from == 0 { 0 } else { (from..at).find(gap).unwrap_or(from) };
    let end = if to == characters.len() { to } else { (at.max(from) + word.len()..to).rfind(gap).unwrap_or(to) };
    let part: String = characters[start..end].iter().collect();
    let (before, after) = (if start > 0 { "…" } else { "" }, if end < characters.len() { "…" } else { "" });
    format!("{before}{}{after}", part.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_show_the_match() {
        assert_eq!(excerpt("Short.", "anything", 240), "Short.");
        let text = format!("{}the Kingfisher{}", "before ".repeat(100), " after".repeat(100));
        let snippet = excerpt(&text, "a kingfisher?", 240);
        assert!(snippet.contains("Kingfisher") && snippet.starts_with('…') && snippet.ends_with('…'), "{snippet}");
        assert!(snippet.chars().count() <= 242);
        assert!(excerpt(&text, "nothing", 240).starts_with("before"));
        assert!(excerpt(&"é".repeat(500), "é", 240).chars().count() <= 242);
    }

    #[test]
    fn lines_are_cut_between_words() {
        assert_eq!(truncate_line("Ann likes\n tea", 60), "Ann likes tea");
        let long = truncate_line(&"wörter ".repeat(30), 60);
        assert!(long.ends_with("wörter …") && long.chars().count() <= 62, "{long}");
        assert_eq!(truncate_line(&"x".repeat(100), 60).chars().count(), 62);
    }
}
