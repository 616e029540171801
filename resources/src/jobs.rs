//! Processing jobs: one for each conversation that is to be understood.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use surrealdb::types::{SurrealValue, Value};

use crate::database::{self, name_of, record};

/// How a conversation is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manner {
    /// It may turn out not to be worth keeping in view.
    Weighed,
    /// It is kept in view, whatever was said: the user asked for it.
    Forced,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It waits for its time.
    Queued,
    /// Somebody works on it.
    Running,
    /// The conversation is understood.
    Done,
    /// It was tried often enough, and is tried again when asked.
    Failed,
}

/// A row of `job`; its id is user and conversation.
#[derive(Debug, Clone, SurrealValue)]
pub(crate) struct JobRow {
    pub(crate) user: String,
    pub(crate) conversation: String,
    pub(crate) state: String,
    pub(crate) manner: String,
    pub(crate) attempts: i64,
    pub(crate) next_at: DateTime<Utc>,
    pub(crate) last_error: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) finished_at: Option<DateTime<Utc>>,
}

/// The row of a new job, to be written in the transaction that writes what it is about.
pub(crate) fn row(user: &str, conversation: &str, manner: Manner) -> Value {
    let now = crate::now();
    let fields = JobRow {
        user: user.to_owned(),
        conversation: conversation.to_owned(),
        state: name_of(&State::Queued),
        manner: name_of(&manner),
        attempts: 0,
        next_at: now,
        last_error: None,
        created_at: now,
        updated_at: now,
        finished_at: None,
    };
    database::row(record("job", user, conversation), fields)
}
