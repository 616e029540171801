//! Database rows of people.

use chrono::{DateTime, Utc};
use schemas::person::Person;
use surrealdb::types::SurrealValue;

/// How samples are kept: as paths, with their transcripts beside them.
const SAMPLES_VERSION: u32 = 3;

/// A row of `person`.
#[derive(Debug, Clone, SurrealValue)]
pub(super) struct PersonRow {
    pub(super) pid: String,
    user: String,
    name: String,
    name_key: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    speech_samples: Vec<String>,
    speech_sample_transcripts: Option<Vec<String>>,
}

impl PersonRow {
    pub(super) fn new(user: &str, name: &str) -> Self {
        let now = crate::now();
        Self {
            pid: crate::new_id(),
            user: user.to_owned(),
            name: name.trim().to_owned(),
            name_key: key_of(name),
            created_at: now,
            updated_at: now,
            speech_samples: Vec::new(),
            speech_sample_transcripts: None,
        }
    }

    /// The row of a person who was named elsewhere.
    pub(super) fn of(user: &str, person: Person) -> Self {
        Self {
            pid: person.id,
            user: user.to_owned(),
            name_key: key_of(&person.name),
            name: person.name.trim().to_owned(),
            created_at: person.created_at,
            updated_at: person.updated_at,
            speech_samples: person.speech_samples,
            speech_sample_transcripts: person.speech_sample_transcripts,
        }
    }
}

/// The key of a name: names are equal regardless of case and surrounding white space.
pub(super) fn key_of(name: &str) -> String {
    name.trim().to_lowercase()
}

impl From<PersonRow> for Person {
    fn from(row: PersonRow) -> Self {
        Self {
            id: row.pid,
            name: row.name,
            created_at: row.created_at,
            updated_at: row.updated_at,
            speech_samples: row.speech_samples,
            speech_sample_transcripts: row.speech_sample_transcripts,
            speech_samples_version: SAMPLES_VERSION,
        }
    }
}
