//! Database rows of memories.

use chrono::{DateTime, SecondsFormat, Utc};
use schemas::memory::{Memory, MemoryCategory, MemoryRevision, MemorySort, Provenance};
use sha2::{Digest, Sha256};
use surrealdb::types::SurrealValue;

use super::NewMemory;
use crate::database::{name_of, value_of};

/// A row of `memory`.
#[derive(Debug, Clone, SurrealValue)]
pub(super) struct MemoryRow {
    pub(super) mid: String,
    pub(super) user: String,
    pub(super) content: String,
    pub(super) category: String,
    pub(super) visibility: String,
    pub(super) tags: Vec<String>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) reviewed: bool,
    pub(super) user_review: Option<bool>,
    pub(super) manually_added: bool,
    pub(super) edited: bool,
    pub(super) scoring: String,
    pub(super) scoring_rank: String,
    pub(super) provenance: ProvenanceRow,
    pub(super) revisions: i64,
}

/// How a row came to be.
#[derive(Debug, Clone, SurrealValue)]
pub(super) struct ProvenanceRow {
    face: String,
    key_id: Option<String>,
    key_name: Option<String>,
    conversation_id: Option<String>,
    /// None in rows of earlier versions.
    segment_ids: Option<Vec<String>>,
}

/// A row of `memory_revision`.
#[derive(Debug, SurrealValue)]
pub(super) struct RevisionRow {
    content: String,
    replaced_at: DateTime<Utc>,
    replaced_by: ProvenanceRow,
}

impl MemoryRow {
    pub(super) fn new(user: &str, new: &NewMemory) -> Self {
        let by_hand = new.provenance.conversation_id.is_none();
        let scoring = scoring(new.category, by_hand, new.created_at);
        Self {
            mid: id_of(&new.content),
            user: user.to_owned(),
            content: new.content.clone(),
            category: name_of(&new.category),
            visibility: name_of(&new.visibility),
            tags: new.tags.clone(),
            created_at: new.created_at,
            updated_at: new.written_at,
            reviewed: by_hand,
            user_review: by_hand.then_some(true),
            manually_added: by_hand,
            edited: false,
            scoring_rank: scoring_rank(&scoring),
            scoring,
            provenance: new.provenance.clone().into(),
            revisions: 0,
        }
    }

    /// The row under its own id, and then under the ids that it takes when another text holds those before.
    pub(super) fn successors(self) -> impl Iterator<Item = MemoryRow> {
        (0..100u32).map(move |turn| {
            let mut row = self.clone();
            if turn > 0 {
                row.mid = id_of(&format!("{}\n{turn}", row.content));
            }
            row
        })
    }
}

/// The id of a memory whose first text this is: a version 4 UUID over the first half of its SHA-256.
pub fn id_of(content: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(content).into();
    let half: [u8; 16] = digest[..16].try_into().expect("half of 32 is 16");
    uuid::Builder::from_random_bytes(half).into_uuid().to_string()
}

/// What a list is sorted by: written by hand or not, the boost of the category, then the time in seconds.
pub fn scoring(category: MemoryCategory, manually_added: bool, created_at: DateTime<Utc>) -> String {
    let boost = i32::from(category.is_boosted());
    format!("{:02}_{}_{:010}", i32::from(manually_added), 999 - boost, created_at.timestamp())
}

/// What ascends as the text descends: each sign of ASCII exchanged for its opposite, and a mark at the end that puts a
/// text behind those which it is the beginning of.
pub(super) fn scoring_rank(scoring: &str) -> String {
    let opposite = |sign: char| match sign {
        ' '..='~' => char::from(b' ' + b'~' - sign as u8),
        other => other,
    };
    scoring.chars().map(opposite).chain(['\u{7f}']).collect()
}

/// The value that a memory is sorted by, as text.
pub(super) fn sorted_text(memory: &Memory, sort: MemorySort) -> String {
    let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Nanos, true);
    match sort {
        MemorySort::ScoringDesc | MemorySort::ManualFirst => memory.scoring.clone().unwrap_or_default(),
        MemorySort::CreatedDesc => time(memory.created_at),
        MemorySort::UpdatedDesc => time(memory.updated_at),
    }
}

impl From<MemoryRow> for Memory {
    fn from(row: MemoryRow) -> Self {
        let conversation_id = row.provenance.conversation_id.clone();
        Self {
            id: row.mid,
            uid: row.user,
            content: row.content,
            category: value_of(&row.category).unwrap_or(MemoryCategory::Other),
            visibility: value_of(&row.visibility).unwrap_or_default(),
            tags: row.tags,
            created_at: row.created_at,
            updated_at: row.updated_at,
            memory_id: conversation_id.clone(),
            conversation_id,
            reviewed: row.reviewed,
            user_review: row.user_review,
            manually_added: row.manually_added,
            edited: row.edited,
            scoring: Some(row.scoring),
            app_id: None,
            data_protection_level: None,
            is_locked: false,
            kg_extracted: false,
            provenance: row.provenance.into(),
        }
    }
}

impl From<RevisionRow> for MemoryRevision {
    fn from(row: RevisionRow) -> Self {
        Self { content: row.content, replaced_at: row.replaced_at, replaced_by: row.replaced_by.into() }
    }
}

impl From<Provenance> for ProvenanceRow {
    fn from(from: Provenance) -> Self {
        let Provenance { face, key_id, key_name, conversation_id, segment_ids } = from;
        Self { face, key_id, key_name, conversation_id, segment_ids: Some(segment_ids) }
    }
}

impl From<ProvenanceRow> for Provenance {
    fn from(from: ProvenanceRow) -> Self {
        let ProvenanceRow { face, key_id, key_name, conversation_id, segment_ids } = from;
        Self { face, key_id, key_name, conversation_id, segment_ids: segment_ids.unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_ascend_as_places_in_lists_descend() {
        let descending = ["01_999_1795460828", "01_999_1795460827", "01_998_1795460829", "00_999_1795460828", "00", ""];
        assert!(descending.is_sorted_by(|a, b| a > b));
        assert!(descending.map(scoring_rank).is_sorted());
    }
}
