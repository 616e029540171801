//! How far a conversation is on its way to being understood.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the job stands: `queued` waits for its time, `running` is at work, `done` needs no more, `failed` was tried often
/// enough and is tried again when asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum FinalizationStatus {
    Queued,
    Running,
    Done,
    Failed,
}

/// How far a conversation is on its way to being understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finalization {
    /// Identifies the job; each conversation has one, which is called like it.
    #[schemars(example = &"0b7a6f6e-54a5-4c8a-8d0e-6f1f4b1f8a11")]
    pub job_id: String,
    /// Where the job stands. A conversation that was understood by rules, as the language model failed, is completed
    /// while its job is still `queued` for the model.
    pub status: FinalizationStatus,
    /// Whether nothing more happens by itself.
    pub terminal: bool,
    /// Whether asking for it again makes sense: it was given up.
    pub retryable: bool,
    /// The number of attempts since it was requested.
    pub attempt_count: u32,
    /// How often it was begun again after a failure.
    pub task_retry_count: u32,
    /// The last error.
    pub last_error: Option<String>,
    /// When it is tried next; null unless it waits.
    pub next_attempt_at: Option<DateTime<Utc>>,
}
