//! Who the user is, as far as their memories tell.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Get what is known of the user in one text: the memories that matter most. Use this at the beginning of a conversation
/// that is about them; search_memories finds the rest.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetUserProfile {}

/// What is known of the user.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct UserProfile {
    /// What the user is called.
    pub name: Option<String>,
    /// Their e-mail address; always null.
    pub email: Option<String>,
    /// Their telephone number; always null.
    pub phone_number: Option<String>,
    /// What is known, a fact a line, what matters most first; null while nothing is.
    #[schemars(example = &"Ana moved from Lisbon to Oslo in May 2026.")]
    pub profile_text: Option<String>,
    /// When the newest of these facts was written; null while there is none.
    #[schemars(example = &"2026-05-08T13:56:00Z")]
    pub generated_at: Option<DateTime<Utc>>,
    /// What it was made of.
    #[schemars(example = ["memories"])]
    pub data_sources_used: Vec<String>,
}
