//! Completion of partial ids.

use super::{
    ReadMode,
    rows::{Row, Rows},
};
use crate::{Context, Result};

/// How many of the newest rows are scanned, and how many ids are returned.
const MAX_IDS: usize = 100;

/// The minimum length of a partial id for a full search, in characters.
const MIN_SEARCH_CHARS: usize = 3;

/// The ids with the typed prefix, then those of rows whose names contain words with that prefix, then search results;
/// newest first.
pub(super) async fn complete_id(rows: &Rows, context: Context, typed: &str) -> Result<Vec<String>> {
    let typed = typed.trim().to_lowercase();
    let newest = rows.page(context.clone(), MAX_IDS, None, ReadMode::Unaudited).await?.rows;
    let (by_id, others): (Vec<Row>, Vec<Row>) =
        newest.into_iter().partition(|row| row.id.to_lowercase().starts_with(&typed));
    let by_name = others.into_iter().filter(|row| matches_prefixes(&row.name, &typed));
    let mut found: Vec<String> = by_id.into_iter().chain(by_name).map(|row| row.id).collect();
    if typed.chars().count() >= MIN_SEARCH_CHARS {
        for row in rows.search(context, &typed).await? {
            if !found.contains(&row.id) {
                found.push(row.id);
            }
        }
    }
    found.truncate(MAX_IDS);
    Ok(found)
}

/// Whether each typed word, in lower case, is the prefix of a word in the name.
pub(crate) fn matches_prefixes(name: &str, typed: &str) -> bool {
    let name = name.to_lowercase();
    let words: Vec<&str> = name.split(|letter: char| !letter.is_alphanumeric()).collect();
    typed.split_whitespace().all(|typed| words.iter().any(|word| word.starts_with(typed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_by_the_prefixes_of_their_words() {
        assert!(matches_prefixes("Planning the trip to Oslo", "osl plan"));
        assert!(matches_prefixes("Anything", ""));
        assert!(!matches_prefixes("Planning the trip to Oslo", "slo"));
    }
}
