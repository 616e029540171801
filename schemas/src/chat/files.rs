//! Files that go with a question.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A file that goes with a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChatFile {
    /// Identifies the file.
    pub id: String,
    /// The file's name.
    pub name: String,
    /// Always empty: nothing is drawn of a file.
    #[serde(default)]
    pub thumbnail: String,
    /// What sort of file it is, such as `application/pdf`.
    pub mime_type: String,
    /// The file's id under the name that Omi clients know.
    pub openai_file_id: String,
    /// When it was uploaded.
    pub created_at: DateTime<Utc>,
}
