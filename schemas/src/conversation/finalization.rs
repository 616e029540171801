//! How far the understanding of a conversation is.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

/// How far the understanding of a conversation is.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Finalization {
    /// Identifies the job.
    pub job_id: String,
    /// Where it stands: `queued`, `running`, `done` or `failed`.
    pub status: String,
    /// Whether nothing more happens by itself.
    pub terminal: bool,
    /// Whether it may be tried again.
    pub retryable: bool,
    /// How often it was tried.
    pub attempt_count: i64,
    /// How often it was tried again.
    pub task_retry_count: i64,
    /// Why it failed last.
    pub last_error: Option<String>,
    /// When it is tried next.
    pub next_attempt_at: Option<DateTime<Utc>>,
}
