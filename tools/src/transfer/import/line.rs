//! Memories, as a line of JSON each or as rows of an export.

use std::io::{BufRead, BufReader, Read};

use chrono::{DateTime, Utc};
use resources::{
    memories::{id_of, scoring},
    transfer::KeptMemory,
};
use schemas::memory::{Memory, MemoryCategory, MemoryRevision, Provenance, Visibility};
use serde::Deserialize;
use serde_json::Value;

use super::{
    Kind, Send,
    item::{Found, Thing},
};

/// The longest content, in characters; the same as for a memory that is written by hand.
const LONGEST: usize = 10_000;

/// A memory as it stands in a file: `content` must be there; what else an export holds is kept when it is.
#[derive(Debug, Deserialize)]
struct Row {
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
    history: Option<Vec<MemoryRevision>>,
}

/// Reads a memory on each line.
pub(super) fn read(reader: impl Read, send: Send) -> Result<(), String> {
    for (number, line) in (1..).zip(BufReader::new(reader).split(b'\n')) {
        let line = line.map_err(|error| format!("cannot be read any further: {error}"))?;
        if !line.trim_ascii().is_empty() {
            let memory = Row::parse(&line).map(|row| Thing::Memory(Box::new(row.into_memory())));
            if !send(Found::new(Kind::Memory, format!("line {number}"), memory)) {
                break;
            }
        }
    }
    Ok(())
}

/// The memory that a row of an export describes.
pub(super) fn memory(mut value: Value) -> Result<Thing, String> {
    let known = |category: &Value| serde_json::from_value::<MemoryCategory>(category.clone()).is_ok();
    // Names of categories that others have made up stand for the plainest one, as Omi's own server has it.
    if let Some(category) = value.get_mut("category").filter(|category| !category.is_null() && !known(category)) {
        *category = "system".into();
    }
    let row: Row = serde_json::from_value(value).map_err(|error| error.to_string())?;
    Ok(Thing::Memory(Box::new(row.check()?.into_memory())))
}

impl Row {
    /// Reads a line; the error is a sentence for people.
    fn parse(line: &[u8]) -> Result<Self, String> {
        let row: Self = serde_json::from_slice(line).map_err(|error| {
            // Each line is parsed alone: the parser's own line number would mislead.
            error.to_string().replace(" at line 1 column ", " at column ")
        })?;
        row.check()
    }

    fn check(mut self) -> Result<Self, String> {
        let row = &mut self;
        row.content = row.content.trim().to_owned();
        match row.content.chars().count() {
            0 => Err("content is empty".into()),
            1..=LONGEST => Ok(self),
            length => Err(format!("content has {length} characters, more than {LONGEST}")),
        }
    }

    /// The memory that this row describes; the database says whose it is.
    fn into_memory(self) -> KeptMemory {
        let category = self.category.unwrap_or(MemoryCategory::System);
        let manually_added = self.manually_added.unwrap_or(true);
        let created_at = self.created_at.unwrap_or_else(Utc::now);
        let conversation_id = self.conversation_id.clone();
        let unknown = || Provenance { face: "import".into(), conversation_id, ..Provenance::default() };
        let history = self.history.unwrap_or_default();
        let memory = Memory {
            id: self.id.filter(|id| !id.is_empty()).unwrap_or_else(|| id_of(&self.content)),
            uid: String::new(),
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
        };
        KeptMemory { memory, history }
    }
}

#[cfg(test)]
mod tests {
    use super::Row;

    #[test]
    fn content_is_enough() {
        let memory = Row::parse(br#"{"content": " Ada plays the cello. "}"#).unwrap().into_memory().memory;
        assert_eq!(memory.content, "Ada plays the cello.");
        assert_eq!((memory.reviewed, memory.user_review, memory.manually_added), (true, Some(true), true));
        assert_eq!((memory.updated_at, memory.provenance.face.as_str()), (memory.created_at, "import"));
    }

    #[test]
    fn an_exported_row_comes_back_as_it_was() {
        let line = br#"{"content": "Ada moved to Oslo.", "created_at": "2026-01-02T03:04:05Z", "category": "work",
            "tags": ["home"], "reviewed": false, "user_review": null, "manually_added": false}"#;
        let before = Row::parse(line).unwrap().into_memory();
        let exported = serde_json::to_vec(&before).unwrap();
        assert_eq!(Row::parse(&exported).unwrap().into_memory(), before);
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
