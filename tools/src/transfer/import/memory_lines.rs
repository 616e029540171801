//! Memories: as JSON Lines, or as rows of an export.

use std::io::{BufRead, BufReader, Read};

use chrono::{DateTime, Utc};
use resources::{
    memories::{id_of, scoring},
    transfer::ExportedMemory,
};
use schemas::memory::{Memory, MemoryCategory, MemoryRevision, Provenance, Visibility};
use serde::Deserialize;
use serde_json::Value;

use super::{
    ItemKind, Sink,
    item::{ImportItem, ParsedItem},
};

/// The maximum length of a memory, in characters; the same as when it is created by hand.
const MAX_CONTENT: usize = 10_000;

/// A memory in a file. Only `content` is required; the other fields of an export are kept.
#[derive(Debug, Deserialize)]
struct MemoryLine {
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

/// Parses a memory from each line.
pub(super) fn read(reader: impl Read, send: Sink) -> Result<(), String> {
    for (number, line) in (1..).zip(BufReader::new(reader).split(b'\n')) {
        let line = line.map_err(|error| format!("cannot be read: {error}"))?;
        if !line.trim_ascii().is_empty() {
            let memory = MemoryLine::parse(&line).map(|row| ImportItem::Memory(Box::new(row.into_memory())));
            if !send(ParsedItem::new(ItemKind::Memory, format!("line {number}"), memory)) {
                break;
            }
        }
    }
    Ok(())
}

/// Parses a memory from a row of an export.
pub(super) fn memory(mut value: Value) -> Result<ImportItem, String> {
    let known = |category: &Value| serde_json::from_value::<MemoryCategory>(category.clone()).is_ok();
    // Unknown categories become `system`, as on Omi's server.
    if let Some(category) = value.get_mut("category").filter(|category| !category.is_null() && !known(category)) {
        *category = "system".into();
    }
    let row: MemoryLine = serde_json::from_value(value).map_err(|error| error.to_string())?;
    Ok(ImportItem::Memory(Box::new(row.check()?.into_memory())))
}

impl MemoryLine {
    /// Parses a line; the error is for people.
    fn parse(line: &[u8]) -> Result<Self, String> {
        let row: Self = serde_json::from_slice(line).map_err(|error| {
            // Each line is parsed separately, so the parser's line number would be misleading.
            error.to_string().replace(" at line 1 column ", " at column ")
        })?;
        row.check()
    }

    fn check(mut self) -> Result<Self, String> {
        let row = &mut self;
        row.content = row.content.trim().to_owned();
        match row.content.chars().count() {
            0 => Err("content is empty".into()),
            1..=MAX_CONTENT => Ok(self),
            length => Err(format!("content has {length} characters, more than {MAX_CONTENT}")),
        }
    }

    /// The memory of this row; the user is set by the database.
    fn into_memory(self) -> ExportedMemory {
        let category = self.category.unwrap_or(MemoryCategory::System);
        let manually_added = self.manually_added.unwrap_or(true);
        let created_at = self.created_at.unwrap_or_else(Utc::now);
        let conversation_id = self.conversation_id.clone();
        let default_provenance = || Provenance { face: "import".into(), conversation_id, ..Provenance::default() };
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
            provenance: self.provenance.unwrap_or_else(default_provenance),
        };
        ExportedMemory { memory, history }
    }
}

#[cfg(test)]
mod tests {
    use super::MemoryLine;

    #[test]
    fn content_is_enough() {
        let memory = MemoryLine::parse(br#"{"content": " Ada plays the cello. "}"#).unwrap().into_memory().memory;
        assert_eq!(memory.content, "Ada plays the cello.");
        assert_eq!((memory.reviewed, memory.user_review, memory.manually_added), (true, Some(true), true));
        assert_eq!((memory.updated_at, memory.provenance.face.as_str()), (memory.created_at, "import"));
    }

    #[test]
    fn exported_rows_round_trip() {
        let line = br#"{"content": "Ada moved to Oslo.", "created_at": "2026-01-02T03:04:05Z", "category": "work",
            "tags": ["home"], "reviewed": false, "user_review": null, "manually_added": false}"#;
        let before = MemoryLine::parse(line).unwrap().into_memory();
        let exported = serde_json::to_vec(&before).unwrap();
        assert_eq!(MemoryLine::parse(&exported).unwrap().into_memory(), before);
    }

    #[test]
    fn errors_name_the_reason() {
        let error = |line: &[u8]| MemoryLine::parse(line).unwrap_err();
        assert!(error(b"{}").starts_with("missing field `content`"));
        assert!(error(b"not json").ends_with("at column 2"));
        assert_eq!(error(br#"{"content": "  "}"#), "content is empty");
        assert!(error(br#"{"content": "x", "created_at": "yesterday"}"#).contains("at column"));
        let long = format!(r#"{{"content": "{}"}}"#, "é".repeat(10_001));
        assert!(error(long.as_bytes()).starts_with("content has 10001 characters"));
    }
}
