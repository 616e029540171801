//! The audit trail of assistants and scripts.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether a call read or wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum AuditAccess {
    Read,
    Write,
}

/// A call of an assistant, a script or the administrator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AuditEntry {
    /// When.
    #[schemars(example = &"2026-05-08T13:56:00Z")]
    pub time: DateTime<Utc>,
    /// The surface that it came through: `developer`, `mcp`, or `agent` for the chat.
    #[schemars(example = &"mcp")]
    pub face: String,
    /// The id of the key, or of the grant of an app that signed in; null where the user themselves had signed in, or the
    /// administrator impersonated them.
    pub key_id: Option<String>,
    /// The name of that key or app at the time; `administrator` for the holder of `sign_in.admin_key`.
    #[schemars(example = &"Claude")]
    pub key_name: Option<String>,
    /// The id of the client that signed in; `mcp-api` for a plain MCP key.
    pub client_id: Option<String>,
    /// The tool that was called.
    #[schemars(example = &"search_memories")]
    pub tool: String,
    /// Whether that tool reads or writes.
    pub access: AuditAccess,
    /// The ids of what was read or written, each once: the first fifty. A call that failed has none.
    pub ids: Vec<String>,
    /// How many there were.
    pub id_count: usize,
    /// The outcome: `ok`, the code of the error, such as `not_found`, or `cancelled`.
    #[schemars(example = &"ok")]
    pub outcome: String,
}

/// List what assistants and scripts read and wrote of the user's, newest first. A key sees only what it did itself. Use
/// this when the user asks who read or changed something; for the thing itself, use the tool that gets it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct GetAudit {
    /// Only from this time on, or this day.
    #[serde(default)]
    pub start_date: Option<DateTime<Utc>>,
    /// Only up to this time, or the end of this day.
    #[serde(default)]
    pub end_date: Option<DateTime<Utc>>,
    /// Only what was done with the key or grant of this id.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub key_id: Option<String>,
    /// Only calls of this tool.
    #[serde(default)]
    #[schemars(length(min = 1, max = 128))]
    pub tool: Option<String>,
    /// Only what was read, or only what was written.
    #[serde(default)]
    pub access: Option<AuditAccess>,
    /// How many to return.
    #[serde(default = "a_page")]
    #[schemars(range(min = 1, max = 500))]
    pub limit: u32,
    /// The next_cursor of the previous page, with the same filters.
    #[serde(default)]
    pub cursor: Option<String>,
}

fn a_page() -> u32 {
    100
}

/// The calls of assistants and scripts.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct AuditTrail {
    /// Newest first.
    pub entries: Vec<AuditEntry>,
    /// The cursor of the next page; left out on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}
