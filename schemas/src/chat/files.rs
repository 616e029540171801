//! Files that go with a question.

use std::fmt;

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

/// Upload files, so that questions can be asked about them: text, Markdown, CSV, JSON, HTML, PDF, PNG, JPEG, GIF, WebP.
/// Pictures are kept and not read. Name the files' ids in the question that they go with.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct UploadFiles {
    /// The files; all of them are kept, or none.
    #[schemars(length(min = 1, max = 10))]
    pub files: Vec<Upload>,
}

/// A file on its way in.
#[derive(Clone, Deserialize, JsonSchema)]
pub struct Upload {
    /// The file's name.
    #[schemars(length(min = 1, max = 1000))]
    pub name: String,
    /// What the client takes it for, such as `text/plain; charset=utf-8`. What counts is the content.
    #[serde(default)]
    #[schemars(length(max = 256))]
    pub mime_type: Option<String>,
    /// The file itself, in base64.
    pub content: String,
}

impl fmt::Debug for Upload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({} bytes in base64)", self.name, self.content.len())
    }
}

/// What was uploaded.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UploadedFiles {
    /// The files, in the order given.
    pub files: Vec<ChatFile>,
}

/// List the user's files, newest first. Use this for their ids; for what they say, use search_files.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct ListFiles {
    /// How many to return.
    #[serde(default = "fifty")]
    #[schemars(range(min = 1, max = 200))]
    pub limit: u32,
    /// How many to skip.
    #[serde(default)]
    pub offset: u32,
}

fn fifty() -> u32 {
    50
}

/// The user's files.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FileList {
    /// The files, newest first.
    pub files: Vec<KeptFile>,
}

/// Get what is known of a file, and how its text begins. Use this for what sort of file it is; for all of its text, use
/// fetch.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct GetFile {
    /// The file's id.
    pub file_id: String,
}

/// A file, and how its text begins.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OpenedFile {
    /// The file.
    #[serde(flatten)]
    pub file: KeptFile,
    /// The first 10,000 characters of its text; empty for a picture.
    pub opening: String,
}

/// Delete a file with its text. Messages that name it keep its name.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct DeleteFile {
    /// The file's id.
    pub file_id: String,
}

/// Whether a file was deleted.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DeletedFile {
    /// Always true.
    pub success: bool,
}

/// A file, with what was found out about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct KeptFile {
    /// The file.
    #[serde(flatten)]
    pub file: ChatFile,
    /// How long it was, in bytes.
    pub size: u64,
    /// How long its text is, in characters; 0 for a picture.
    pub characters: u64,
    /// How many pages a PDF has; null for other files.
    pub pages: Option<u32>,
    /// How wide a picture is, in pixels; null for other files.
    pub width: Option<u32>,
    /// How high a picture is, in pixels; null for other files.
    pub height: Option<u32>,
}

/// Find the passages of the user's files that answer a question best, by words and by meaning. Use this for what files
/// say; for everything else, use search.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct SearchFiles {
    /// What is to be found out.
    #[schemars(length(min = 1, max = 2000))]
    pub question: String,
    /// Only in these files; all of the user's by default.
    #[serde(default)]
    #[schemars(length(max = 50))]
    pub file_ids: Vec<String>,
    /// How many passages to return.
    #[serde(default = "five")]
    #[schemars(range(min = 1, max = 30))]
    pub limit: u32,
}

fn five() -> u32 {
    5
}

/// Passages of files.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FoundInFiles {
    /// The passages, best first.
    pub passages: Vec<FilePassage>,
}

/// A passage of a file.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FilePassage {
    /// The file's id.
    pub file_id: String,
    /// The file's name.
    pub name: String,
    /// Which passage of the file it is, counted from 0.
    pub place: u32,
    /// The page of a PDF that it is on, counted from 1; null for other files.
    pub page: Option<u32>,
    /// What it says.
    pub text: String,
    /// When the file was uploaded.
    pub uploaded_at: DateTime<Utc>,
    /// How well it fits, 0 to 1; comparable only within one answer.
    pub score: f32,
}
