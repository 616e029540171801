//! What can be said of a text without a model.

use std::collections::HashSet;

use schemas::memory::MemoryCategory;

/// Openings of advice and of things heard elsewhere.
const OUTSIDE: &[&str] = &[
    "according to",
    "experts ",
    "research shows",
    "scientists ",
    "studies show",
    "tip:",
    "always ",
    "never ",
    "you should",
    "people should",
    "it is recommended",
    "the best way to",
];

/// The category of a memory that came without one: about the user, unless it is plainly advice from outside.
pub(crate) fn category_of(content: &str) -> MemoryCategory {
    let content = content.to_lowercase();
    if OUTSIDE.iter().any(|opening| content.starts_with(opening)) {
        MemoryCategory::Interesting
    } else {
        MemoryCategory::System
    }
}

/// The words that fit into one line of `width` characters.
pub(crate) fn shortened(text: &str, width: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= width {
        return line;
    }
    let head: String = line.chars().take(width).collect();
    let whole = head.rsplit_once(' ').map_or(head.as_str(), |(words, _)| words);
    format!("{whole} …")
}

/// The part of a text that is longer than `longest` characters around the longest word that it has in common with the
/// query; a third of it is what stands before.
pub(crate) fn cut(text: &str, query: &str, longest: usize) -> String {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() <= longest {
        return text.to_owned();
    }
    let split =
        |text: &str| -> Vec<String> { text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).collect() };
    let wanted: HashSet<String> = split(query).into_iter().collect();
    let common = split(text).into_iter().filter(|word| wanted.contains(word)).max_by_key(String::len);
    let lower: Vec<char> = characters.iter().map(|c| c.to_lowercase().next().unwrap_or(*c)).collect();
    let word: Vec<char> = common.unwrap_or_default().chars().collect();
    let at = lower.windows(word.len().max(1)).position(|part| part == word).unwrap_or(0);
    let from = at.saturating_sub(longest / 3).min(characters.len() - longest);
    let to = from + longest;
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
    fn a_snippet_shows_the_match() {
        assert_eq!(cut("Short.", "anything", 240), "Short.");
        let text = format!("{}the Kingfisher{}", "before ".repeat(100), " after".repeat(100));
        let snippet = cut(&text, "a kingfisher?", 240);
        assert!(snippet.contains("Kingfisher") && snippet.starts_with('…') && snippet.ends_with('…'), "{snippet}");
        assert!(snippet.chars().count() <= 242);
        assert!(cut(&text, "nothing", 240).starts_with("before"));
        assert!(cut(&"é".repeat(500), "é", 240).chars().count() <= 242);
    }

    #[test]
    fn what_is_shortened_is_whole_words_on_one_line() {
        assert_eq!(shortened("Ann likes\n tea", 60), "Ann likes tea");
        let long = shortened(&"wörter ".repeat(30), 60);
        assert!(long.ends_with("wörter …") && long.chars().count() <= 62, "{long}");
        assert_eq!(shortened(&"x".repeat(100), 60).chars().count(), 62);
    }
}
