//! Memories: facts worth keeping about a person and their world.

mod changes;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use changes::*;

/// What kind of fact a memory is. `system` is about the user, `interesting` came from the outside, `manual` was typed
/// in by the user, `workflow` by an automation; the others are older names that stay valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum MemoryCategory {
    Interesting,
    System,
    Manual,
    Workflow,
    Core,
    Hobbies,
    Lifestyle,
    Interests,
    Habits,
    Work,
    Skills,
    Learnings,
    Other,
    Auto,
}

impl MemoryCategory {
    /// Whether memories of this category come before the plain ones in a list that is ordered by score.
    pub fn is_boosted(self) -> bool {
        use MemoryCategory::*;
        !matches!(self, System | Habits | Other | Auto)
    }
}

/// Who may see a memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum Visibility {
    #[default]
    Private,
    Public,
}

/// The provenance of a memory or action item: the surface and key that wrote it, and its conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Provenance {
    /// The surface that it was written through: `app`, `developer`, `mcp`, `agent` or `import`; `processing` when it was
    /// extracted from a conversation.
    pub face: String,
    /// The id of the API key that wrote it; null for a signed-in user.
    pub key_id: Option<String>,
    /// The name of that key when it wrote.
    pub key_name: Option<String>,
    /// The conversation it was extracted from.
    pub conversation_id: Option<String>,
    /// The segments of that conversation that it came from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub segment_ids: Vec<String>,
}

/// A fact remembered about the user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Memory {
    /// Identifies the memory; derived from its first content, so that the same text is stored once.
    #[schemars(example = &"4c1d9a52-7d3e-4f0b-9a61-0f6f6f5b8e21")]
    pub id: String,
    /// The user it belongs to.
    pub uid: String,
    /// The fact itself.
    #[schemars(example = &"Ana moved from Lisbon to Oslo in May 2026.")]
    pub content: String,
    /// What kind of fact it is.
    pub category: MemoryCategory,
    /// Who may see it.
    pub visibility: Visibility,
    /// Free labels.
    #[schemars(example = ["friends"])]
    pub tags: Vec<String>,
    /// When it was first written.
    #[schemars(example = &"2026-05-08T13:56:00Z")]
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[schemars(example = &"2026-05-08T13:56:00Z")]
    pub updated_at: DateTime<Utc>,
    /// The conversation it came from, under its older name.
    pub memory_id: Option<String>,
    /// The conversation it came from.
    pub conversation_id: Option<String>,
    /// Whether the user has looked at it.
    pub reviewed: bool,
    /// The user's verdict: true keeps it, false rejects and hides it, null is open.
    pub user_review: Option<bool>,
    /// Whether a person or program wrote it, rather than extracting it from a conversation.
    pub manually_added: bool,
    /// Whether its content was edited.
    pub edited: bool,
    /// Sort key by importance, then time; greater comes first.
    pub scoring: Option<String>,
    /// The app that wrote it.
    pub app_id: Option<String>,
    /// Its protection at rest.
    pub data_protection_level: Option<String>,
    /// Whether it requires a paid plan; always false.
    pub is_locked: bool,
    /// Whether its people and places are in the knowledge graph.
    pub kg_extracted: bool,
    /// Its provenance.
    pub provenance: Provenance,
}

/// A similar memory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SimilarMemory {
    /// The other memory's id.
    pub id: String,
    /// The similarity, 0 to 1.
    pub score: f32,
}

/// A memory that was just written, with similar ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WrittenMemory {
    /// The memory.
    #[serde(flatten)]
    pub memory: Memory,
    /// Similar memories, the most similar first. They are not changed; delete or edit duplicates.
    pub similar: Vec<SimilarMemory>,
}

/// The order of a list of memories: by importance, newest first, last changed first, or those written by hand first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum MemorySort {
    ScoringDesc,
    #[default]
    CreatedDesc,
    UpdatedDesc,
    ManualFirst,
}

/// How a filter by several labels matches: `all` needs every label, `any` one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum TagsMatch {
    #[default]
    All,
    Any,
}

/// The devices whose memories are listed: those of `all` devices, or of the one that client_device_id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum DeviceScope {
    #[default]
    All,
    Current,
    Explicit,
}

/// List the user's memories, newest first. Use this to see what was remembered lately or to go through all of them; to
/// find those about something, use search_memories.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct GetMemories {
    /// Only these categories; empty means all.
    #[serde(default)]
    #[schemars(length(max = 50))]
    pub categories: Vec<MemoryCategory>,
    /// How many to return.
    #[serde(default = "page_of_memories")]
    #[schemars(range(min = 1, max = 100))]
    pub limit: u32,
    /// How many to skip.
    #[serde(default)]
    #[schemars(range(max = 100_000))]
    pub offset: u32,
    /// The order of the list.
    #[serde(default)]
    pub sort: MemorySort,
    /// Only memories that the user has (true) or has not (false) looked at.
    #[serde(default)]
    pub reviewed: Option<bool>,
    /// Only memories written by hand (true) or extracted from conversations (false).
    #[serde(default)]
    pub manually_added: Option<bool>,
    /// Only memories with these labels.
    #[serde(default)]
    #[schemars(length(max = 50), inner(length(max = 256)))]
    pub tags: Vec<String>,
    /// Whether a memory needs all of the labels, or any of them.
    #[serde(default)]
    pub tags_match: TagsMatch,
    /// Only memories changed after this time.
    #[serde(default)]
    pub updated_after: Option<DateTime<Utc>>,
    /// The next_cursor of the previous page, with the same filters; not together with offset.
    #[serde(default)]
    pub cursor: Option<String>,
    /// The devices whose memories are listed; `current` and `explicit` require client_device_id.
    #[serde(default)]
    pub device_scope: DeviceScope,
    /// Only memories from conversations that the device with this id recorded; counts with device_scope.
    #[serde(default)]
    pub client_device_id: Option<String>,
    /// Must be true: memories are not classified by sensitivity, so sensitive ones cannot be left out.
    #[serde(default = "yes")]
    pub include_sensitive: bool,
}

fn yes() -> bool {
    true
}

fn page_of_memories() -> u32 {
    20
}

/// A page of memories.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Memories {
    /// The memories, in the order asked for. Rejected memories are left out.
    pub memories: Vec<Memory>,
    /// The number of items in this page.
    pub returned_count: usize,
    /// Whether more follow.
    pub has_more: bool,
    /// The offset of this page.
    pub offset: u32,
    /// The requested page size.
    pub limit: u32,
    /// The order of the list.
    pub sort: MemorySort,
    /// The number of rows read to fill the page.
    pub scanned_count: usize,
    /// Whether reading stopped before the page was full.
    pub scan_truncated: bool,
    /// The cursor of the next page; left out on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Get one memory by its id. Use this for its dates, its origin and who may see it; to find one, use search_memories.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetMemory {
    /// The memory's id.
    #[schemars(example = &"4c1d9a52-7d3e-4f0b-9a61-0f6f6f5b8e21")]
    pub memory_id: String,
}

/// One memory.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OneMemory {
    /// The memory.
    pub memory: Memory,
}

/// Get the earlier texts of a memory, newest first. Use this for what was believed before; for what holds now, use
/// get_memory.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetMemoryHistory {
    /// The memory's id.
    #[schemars(example = &"4c1d9a52-7d3e-4f0b-9a61-0f6f6f5b8e21")]
    pub memory_id: String,
}

/// A text that a memory had before an edit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MemoryRevision {
    /// The earlier text.
    pub content: String,
    /// When it was replaced.
    pub replaced_at: DateTime<Utc>,
    /// Who replaced it.
    pub replaced_by: Provenance,
}

/// The earlier texts of a memory.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MemoryHistory {
    /// The memory's id.
    #[schemars(example = &"4c1d9a52-7d3e-4f0b-9a61-0f6f6f5b8e21")]
    pub memory_id: String,
    /// Newest first.
    pub revisions: Vec<MemoryRevision>,
}

/// Find memories, which are facts about the user and their world, by meaning and by words. Use this to recall what is
/// known about a person, place, plan or preference; for what was said in conversations, use search.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SearchMemories {
    /// A question or a few words.
    #[schemars(example = &"Where does Ana live?")]
    #[schemars(length(min = 1, max = 2000))]
    pub query: String,
    /// How many to return, best first.
    #[serde(default = "some_memories")]
    #[schemars(range(min = 1, max = 20))]
    pub limit: u32,
    /// Only these categories; empty means all.
    #[serde(default)]
    #[schemars(length(max = 50))]
    pub categories: Vec<MemoryCategory>,
    /// Only those written from this time on.
    #[serde(default)]
    pub created_after: Option<DateTime<Utc>>,
    /// Only those written before this time.
    #[serde(default)]
    pub created_before: Option<DateTime<Utc>>,
    /// Only memories with these labels.
    #[serde(default)]
    #[schemars(length(max = 50), inner(length(max = 256)))]
    pub tags: Vec<String>,
    /// Whether a memory needs all of the labels, or any of them.
    #[serde(default)]
    pub tags_match: TagsMatch,
}

fn some_memories() -> u32 {
    10
}

/// A memory found by a search.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct FoundMemory {
    /// The memory.
    #[serde(flatten)]
    pub memory: Memory,
    /// Its relevance, 0 to 1, comparable within one response.
    pub relevance_score: f32,
}

/// The memories found by a search.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FoundMemories {
    /// Best first.
    pub memories: Vec<FoundMemory>,
    /// How many there are.
    pub returned_count: usize,
}
