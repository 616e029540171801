//! Inputs and outputs of the tools that create, change and delete.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Memory, MemoryCategory, Visibility, WrittenMemory};

/// Remember a lasting fact, as one self-contained sentence with names and dates. Use this when the user states something
/// worth knowing later or asks to remember it; not for small talk, secrets or known facts.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct CreateMemory {
    /// The fact; it is trimmed.
    #[schemars(example = &"Ana moved from Lisbon to Oslo in May 2026.")]
    #[schemars(length(min = 1, max = 10_000))]
    pub content: String,
    /// What kind of fact it is; left out, it is `system`, or `interesting` when it is plainly outside advice.
    #[serde(default)]
    pub category: Option<MemoryCategory>,
    /// Who may see it.
    #[serde(default)]
    pub visibility: Visibility,
    /// Free labels.
    #[schemars(example = ["friends"])]
    #[serde(default)]
    #[schemars(length(max = 100))]
    #[schemars(inner(length(max = 256)))]
    pub tags: Vec<String>,
    /// When it came up, if earlier.
    #[serde(default)]
    pub created_at: Option<DateTime<Utc>>,
}

/// A memory was written.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CreatedMemory {
    /// Always true.
    pub success: bool,
    /// The memory, with those that say nearly the same.
    pub memory: WrittenMemory,
}

/// Remember several facts at once. All are written, or none when one is invalid. Use this for facts that came up
/// together; for a single one, use create_memory.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct CreateMemories {
    /// The facts, each a self-contained sentence.
    #[schemars(length(min = 1, max = 25))]
    pub items: Vec<CreateMemory>,
}

/// The result for one fact of a batch: `created`, or `duplicate` when the text existed already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum BatchStatus {
    Created,
    Duplicate,
}

/// The result for one fact of a batch.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BatchResult {
    /// Its index in the request, from 0.
    pub index: usize,
    /// The result.
    pub status: BatchStatus,
    /// The memory that holds it.
    pub memory_id: String,
}

/// The facts of a batch were written.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CreatedMemories {
    /// One for each fact, in the order of the request.
    pub results: Vec<BatchResult>,
    /// The memories, in the order of the request.
    pub memories: Vec<WrittenMemory>,
    /// The number of facts, duplicates included.
    pub created_count: usize,
}

/// Change a memory's text or labels. Its id stays, and the earlier text is kept as history. Use this when a fact has
/// changed; for a new fact, use create_memory.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct EditMemory {
    /// The memory's id.
    #[schemars(example = &"4c1d9a52-7d3e-4f0b-9a61-0f6f6f5b8e21")]
    pub memory_id: String,
    /// The new text.
    #[schemars(example = &"Ana lives in Oslo since May 2026.")]
    #[serde(default)]
    #[schemars(length(min = 1, max = 10_000))]
    pub content: Option<String>,
    /// Who may see it.
    #[serde(default)]
    pub visibility: Option<Visibility>,
    /// The new labels, which replace the old ones.
    #[serde(default)]
    #[schemars(length(max = 100))]
    #[schemars(inner(length(max = 256)))]
    pub tags: Option<Vec<String>>,
    /// What kind of fact it is.
    #[serde(default)]
    pub category: Option<MemoryCategory>,
}

/// A memory was changed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EditedMemory {
    /// Always true.
    pub success: bool,
    /// The memory as it is now.
    pub memory: Memory,
}

/// Set who may see a memory. Use this only when the user asks for it; to change what it says, use edit_memory.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SetMemoryVisibility {
    /// The memory's id.
    #[schemars(example = &"4c1d9a52-7d3e-4f0b-9a61-0f6f6f5b8e21")]
    pub memory_id: String,
    /// Who may see it.
    pub visibility: Visibility,
}

/// Record the user's verdict on a memory: keep it, or reject it so that it is no longer listed or found. Use this for
/// what the user thinks of it; to delete it for good, use delete_memory.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ReviewMemory {
    /// The memory's id.
    #[schemars(example = &"4c1d9a52-7d3e-4f0b-9a61-0f6f6f5b8e21")]
    pub memory_id: String,
    /// True keeps it, false rejects it.
    pub value: bool,
}

/// Delete a memory for good, with its history. Use this only when the user asks for it; to correct one, use edit_memory.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct DeleteMemory {
    /// The memory's id.
    #[schemars(example = &"4c1d9a52-7d3e-4f0b-9a61-0f6f6f5b8e21")]
    pub memory_id: String,
}

/// Delete several memories for good: all of them, or none when one is not there. Use this only for what the user has
/// named; for one, use delete_memory.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct DeleteMemories {
    /// The ids of the memories.
    #[schemars(length(min = 1, max = 100))]
    pub memory_ids: Vec<String>,
}

/// Delete every memory of the user for good. Ask the user first. To delete some, use delete_memories.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct DeleteAllMemories {}

/// The operation succeeded.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Done {
    /// Always true.
    pub success: bool,
}

impl Done {
    /// The only value.
    pub const DONE: Done = Done { success: true };
}
