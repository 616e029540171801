//! The health of the server.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The state of the server.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// `ok`, or `degraded` when a part is unavailable.
    pub status: String,
    /// The version of Recollect.
    pub version: String,
    /// The vector index.
    pub index: IndexHealth,
    /// The embedding model in use; null when there is none, so that search is lexical only.
    pub embedder: Option<String>,
    /// The language model configured for chat; null when answers are quoted from retrieval.
    pub model: Option<String>,
    /// The transcription model configured for spoken messages; null when there is none.
    pub speech: Option<String>,
    /// The problems, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}

/// The state of the vector index.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct IndexHealth {
    /// Rows that are stored but not yet searchable by meaning.
    pub pending: u64,
}
