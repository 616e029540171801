//! Completing an id while it is typed.

use super::{
    Reading,
    rows::{Row, Rows},
};
use crate::{Context, Result};

/// How many of the newest rows are looked through, and how many ids are offered.
const MOST: usize = 100;

/// How much must be typed before everything is searched, in characters.
const ENOUGH: usize = 3;

/// The ids that begin with what was typed, then those of rows whose names have words that do, then those that a search
/// finds; the newest first.
pub(super) async fn ids(rows: &Rows, context: Context, typed: &str) -> Result<Vec<String>> {
    let typed = typed.trim().to_lowercase();
    let newest = rows.page(context.clone(), MOST, None, Reading::Passing).await?.rows;
    let (by_id, others): (Vec<Row>, Vec<Row>) =
        newest.into_iter().partition(|row| row.id.to_lowercase().starts_with(&typed));
    let by_name = others.into_iter().filter(|row| has_words(&row.name, &typed));
    let mut found: Vec<String> = by_id.into_iter().chain(by_name).map(|row| row.id).collect();
    if typed.chars().count() >= ENOUGH {
        for row in rows.search(context, &typed).await? {
            if !found.contains(&row.id) {
                found.push(row.id);
            }
        }
    }
    found.truncate(MOST);
    Ok(found)
}

/// Whether each word that was typed, in lower case, begins one of the name.
pub(crate) fn has_words(name: &str, typed: &str) -> bool {
    let name = name.to_lowercase();
    let words: Vec<&str> = name.split(|letter: char| !letter.is_alphanumeric()).collect();
    typed.split_whitespace().all(|typed| words.iter().any(|word| word.starts_with(typed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_the_beginnings_of_their_words() {
        assert!(has_words("Planning the trip to Oslo", "osl plan"));
        assert!(has_words("Anything", ""));
        assert!(!has_words("Planning the trip to Oslo", "slo"));
    }
}
