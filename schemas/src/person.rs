//! People: whom the user talks with.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A person whom the user talks with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Person {
    /// Identifies the person.
    #[schemars(example = &"7f2d3c54-9c0e-4b34-8f0b-2a5f6f1f0c11")]
    pub id: String,
    /// Their name, unique among the user's people.
    #[schemars(example = &"Ana")]
    pub name: String,
    /// When they were first named.
    #[schemars(example = &"2026-05-08T13:56:00Z")]
    pub created_at: DateTime<Utc>,
    /// When they were last changed.
    #[schemars(example = &"2026-05-08T13:56:00Z")]
    pub updated_at: DateTime<Utc>,
    /// Recordings of their voice, by path.
    pub speech_samples: Vec<String>,
    /// What is said in each recording; null while none has been transcribed.
    pub speech_sample_transcripts: Option<Vec<String>>,
    /// The format of the recordings.
    pub speech_samples_version: u32,
}

/// List the people whom the user talks with, in the order in which they were first named. Use this for who they are and
/// their ids; for what they said, use search_transcripts.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetPeople {}

/// The people whom the user talks with.
#[derive(Debug, Serialize, JsonSchema)]
pub struct People {
    /// In the order in which they were first named.
    pub people: Vec<Person>,
}

/// Get one person by their id. Use this once the id is known; to find it, use get_people.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetPerson {
    /// The person's id.
    #[schemars(example = &"7f2d3c54-9c0e-4b34-8f0b-2a5f6f1f0c11")]
    pub person_id: String,
}

/// One person.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OnePerson {
    /// The person.
    pub person: Person,
}

/// Add a person whom the user talks with. If the name exists already, in any letter case, that person is returned.
/// Use this before assign_speaker; to correct a name, use rename_person.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct CreatePerson {
    /// Their name.
    #[schemars(length(min = 2, max = 40), example = &"Ana")]
    pub name: String,
}

/// The person who was added or found.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CreatedPerson {
    /// Always true.
    pub success: bool,
    /// Whether they are new.
    pub created: bool,
    /// The person.
    pub person: Person,
}

/// Rename a person. Use this to correct a name; to say who spoke, use assign_speaker.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct RenamePerson {
    /// The person's id.
    #[schemars(example = &"7f2d3c54-9c0e-4b34-8f0b-2a5f6f1f0c11")]
    pub person_id: String,
    /// Their new name, unique among the user's people.
    #[schemars(length(min = 2, max = 40), example = &"Ana Lund")]
    pub name: String,
}

/// Delete a person with the recordings of their voice. What they said stays, without their name. This cannot be undone.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct DeletePerson {
    /// The person's id.
    #[schemars(example = &"7f2d3c54-9c0e-4b34-8f0b-2a5f6f1f0c11")]
    pub person_id: String,
}

/// Delete one recording of a person's voice. This cannot be undone.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct DeleteSpeechSample {
    /// The person's id.
    #[schemars(example = &"7f2d3c54-9c0e-4b34-8f0b-2a5f6f1f0c11")]
    pub person_id: String,
    /// The recording's place in the person's list; 0 is the first.
    pub sample_index: u32,
}
