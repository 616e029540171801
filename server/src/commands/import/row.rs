//! One line of an import.

use chrono::{DateTime, Utc};
use resources::memories::{id_of, scoring};
use schemas::memory::{Memory, MemoryCategory, Provenance, Visibility};
use serde::Deserialize;

/// The longest content, in characters; the same as for a memory that is written by hand.
const LONGEST: usize = 10_000;

/// A memory as it stands in a file: `content` must be there; what else an export holds is kept when it is.
#[derive(Debug, Deserialize)]
pub(super) struct Row {
    content: String,
    id: Option<String>,
    category: Option<MemoryCategory>,
    visibility: Option<Visibility>,
    tags: Option<Vec<String>>,
    created_at: Option<DateTime<Utc>>,
    updated_at: Option<DateTime<Utc>>,
    conversation_id: Option<String>,
    reviewed: Option<bool>,
    user_review: Option<bool>,
    manually_added: Option<bool>,
    edited: Option<bool>,
    scoring: Option<String>,
    app_id: Option<String>,
    data_protection_level: Option<String>,
    kg_extracted: Option<bool>,
    provenance: Option<Provenance>,
}

impl Row {
    /// Reads a line; the error is a sentence for people.
    pub(super) fn parse(line: &[u8]) -> Result<Self, String> {
        let mut row: Self = serde_json::from_slice(line).map_err(|error| {
            // Each line is parsed alone: the parser's own line number would mislead.
            error.to_string().replace(" at line 1 column ", " at column ")
        })?;
        row.content = row.content.trim().to_owned();
        match row.content.chars().count() {
            0 => Err("content is empty".into()),
            1..=LONGEST => Ok(row),
            length => Err(format!("content has {length} characters, more than {LONGEST}")),
        }
    }

    /// The memory of `owner` that this line describes.
    pub(super) fn into_memory(self, owner: &str) -> Memory {
        let category = self.category.unwrap_or(MemoryCategory::System);
        let manually_added = self.manually_added.unwrap_or(true);
        let created_at = self.created_at.unwrap_or_else(Utc::now);
        let conversation_id = self.conversation_id.clone();
        let unknown = || Provenance { face: "import".into(), conversation_id, ..Provenance::default() };
        Memory {
            id: self.id.filter(|id| !id.is_empty()).unwrap_or_else(|| id_of(&self.content)),
            uid: owner.to_owned(),
            content: self.content,
            category,
            visibility: self.visibility.unwrap_or_default(),
            tags: self.tags.unwrap_or_default(),
            created_at,
            updated_at: self.updated_at.unwrap_or(created_at),
            memory_id: self.conversation_id.clone(),
            conversation_id: self.conversation_id,
            reviewed: self.reviewed.unwrap_or(manually_added),
            user_review: self.user_review.or(self.reviewed.is_none().then_some(true)),
            manually_added,
            edited: self.edited.unwrap_or(false),
            scoring: self.scoring.or_else(|| Some(scoring(category, manually_added, created_at))),
            app_id: self.app_id,
            data_protection_level: self.data_protection_level,
            is_locked: false,
            kg_extracted: self.kg_extracted.unwrap_or(false),
            provenance: self.provenance.unwrap_or_else(unknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Row;

    #[test]
    fn content_is_enough() {
        let memory = Row::parse(br#"{"content": " Ada plays the cello. "}"#).unwrap().into_memory("ada");
        assert_eq!((memory.content.as_str(), memory.uid.as_str()), ("Ada plays the cello.", "ada"));
        assert_eq!((memory.reviewed, memory.user_review, memory.manually_added), (true, Some(true), true));
        assert_eq!((memory.updated_at, memory.provenance.face.as_str()), (memory.created_at, "import"));
    }

    #[test]
    fn an_exported_row_comes_back_as_it_was() {
        let line = br#"{"content": "Ada moved to Oslo.", "created_at": "2026-01-02T03:04:05Z", "category": "work",
            "tags": ["home"], "reviewed": false, "user_review": null, "manually_added": false}"#;
        let before = Row::parse(line).unwrap().into_memory("ada");
        let exported = serde_json::to_vec(&before).unwrap();
        assert_eq!(Row::parse(&exported).unwrap().into_memory("ada"), before);
        assert_eq!(Row::parse(&exported).unwrap().into_memory("bob").uid, "bob");
    }

    #[test]
    fn refusals_say_why() {
        let refusal = |line: &[u8]| Row::parse(line).unwrap_err();
        assert!(refusal(b"{}").starts_with("missing field `content`"));
        assert!(refusal(b"not json").ends_with("at column 2"));
        assert_eq!(refusal(br#"{"content": "  "}"#), "content is empty");
        assert!(refusal(br#"{"content": "x", "created_at": "yesterday"}"#).contains("at column"));
        let long = format!(r#"{{"content": "{}"}}"#, "é".repeat(10_001));
        assert!(refusal(long.as_bytes()).starts_with("content has 10001 characters"));
    }
}
