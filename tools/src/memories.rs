//! Memories: list, find, write, change and delete them.

mod changes;

use resources::memories::{Position, Search, Selection};
use schemas::{
    memory::*,
    scope::Scope::{MemoriesRead, MemoriesWrite},
};
use serde_json::json;

use crate::{
    Context, Error, Result, Tool,
    limits::{LimitGroup, Policy},
    tool::{
        Noun, UnknownValue,
        binding::{delete, get, patch, post, status},
        paging,
    },
    toolsets::Toolset,
};
use changes::{
    create_memories, create_memory, delete_all_memories, delete_memories, delete_memory, edit_memory, review_memory,
    set_memory_visibility,
};

/// Facts about the user and their world.
pub(crate) const MEMORIES: Noun = Noun {
    reader: Some("get_memory"),
    lister: Some("get_memories"),
    searcher: Some("search_memories"),
    text: "/content",
    scopes: Some((MemoriesRead, MemoriesWrite)),
    for_keys: FOR_KEYS,
    limits: LimitGroup::Memories,
    ..Noun::new("memory", "memories", "memory_id", Toolset::Memories)
};

const FOR_KEYS: &[&str] = fields!(
    Memory { id, content, category, visibility, tags, created_at, updated_at, manually_added, scoring, reviewed },
    Memory { user_review, edited, provenance },
    WrittenMemory { similar },
    FoundMemory { relevance_score },
);

const FOR_ASSISTANTS: &[&str] = fields!(
    Memory { id, content, category, tags, created_at, updated_at, conversation_id },
    FoundMemory { relevance_score },
    WrittenMemory { similar },
);

/// The fields of a memory that MCP keys see in a list, in a search and of one just written.
const LISTED: &[&str] = fields!(Memory { id, content, category, created_at, updated_at });
const FOUND: &[&str] =
    fields!(Memory { id, content, category, created_at, updated_at }, FoundMemory { relevance_score },);
const WRITTEN: &[&str] = fields!(Memory { id, content, category, visibility, tags }, WrittenMemory { similar });

/// The maximum length of what the app and bridges write.
const MAX_TEXT: u32 = 100_000;

/// The maximum length of what developers write.
const MAX_DEVELOPER_TEXT: u32 = 500;

const NO_SYNC: &str =
    "incremental_sync_unsupported: memories are not listed by updated_since; use updated_after, or page by cursor";

const BAD_CATEGORY: UnknownValue = UnknownValue::Rejected("Invalid category '{}' is not a valid MemoryCategory");
const BAD_VISIBILITY: UnknownValue = UnknownValue::Rejected("Invalid visibility value");
const BAD_DEVELOPER_VISIBILITY: UnknownValue = UnknownValue::Invalid("visibility must be 'public' or 'private'");

pub(crate) fn tools() -> Vec<Tool> {
    use UnknownValue::Ignored;
    let short = || json!({ "maxLength": MAX_DEVELOPER_TEXT });
    let long = || json!({ "maxLength": MAX_TEXT });
    let by_score = |path| get(path).default("sort", "scoring_desc");
    let for_developers =
        |path| by_score(path).page(25, 1000).unknown("categories", BAD_CATEGORY).cursor("X-Next-Cursor");
    MEMORIES.tools([
        read!(get_memories)
            .in_default_list(&["limit", "cursor"])
            .assistant_fields(FOR_ASSISTANTS)
            .chat("Reading memories")
            .app(by_score("/v3/memories").page(100, 500).cursor("X-Omi-Memory-Next-Cursor"))
            .developer(for_developers("/v1/dev/user/memories"))
            // A published client repeats a part of the path.
            .developer(for_developers("/v1/dev/user/user/memories"))
            .mcp(
                get("/v1/mcp/memories")
                    .page(25, 500)
                    .unknown("categories", BAD_CATEGORY)
                    .unsupported("updated_since", NO_SYNC)
                    .only(LISTED)
                    .cursor("X-Next-Cursor"),
            ),
        read!(get_memory).app("/v3/memories/{memory_id}").developer("/v1/dev/user/memories/{memory_id}"),
        read!(get_memory_history)
            .field("revisions")
            .app("/v3/memories/{memory_id}/history")
            .developer("/v1/dev/user/memories/{memory_id}/history"),
        read!(search_memories)
            .in_default_list(&["limit", "tags", "created_after", "created_before"])
            .assistant_fields(FOR_ASSISTANTS)
            .chat("Searching memories")
            .app(get("/v3/memories/search").page(10, 100))
            .developer(
                get("/v1/dev/user/memories/vector/search").page(10, 100).unknown("categories", BAD_CATEGORY).envelope(
                    "memories",
                    "items",
                    search_policy(),
                ),
            )
            .mcp(get("/v1/mcp/memories/search").page(10, 20).only(FOUND)),
        create!(create_memory)
            .in_default_list(&["tags", "created_at"])
            .assistant_fields(FOR_ASSISTANTS)
            .chat("Saving memory")
            .undo_deleting("delete_memory")
            .alias("created_at", "occurred_at")
            .app(
                post("/v3/memories")
                    .narrow("content", long())
                    .default("category", "manual")
                    .unknown("category", Ignored)
                    .unknown("visibility", Ignored),
            )
            .developer(post("/v1/dev/user/memories").narrow("content", short()).unknown("visibility", Ignored))
            .mcp(
                post("/v1/mcp/memories")
                    .narrow("content", long())
                    .unknown("category", Ignored)
                    .unknown("visibility", Ignored)
                    .only(WRITTEN),
            ),
        create!(create_memories)
            .limited(&[Policy::MemoriesBatch])
            .alias("items.created_at", "occurred_at")
            .whole()
            .app(
                post("/v3/memories/batch")
                    .rename("items", "memories")
                    .narrow("items", json!({ "minItems": 0, "maxItems": 100 }))
                    .narrow("items.content", long())
                    .omit("results"),
            )
            .developer(
                post("/v1/dev/user/memories/batch")
                    .limited(&[Policy::DevMemoriesBatch])
                    .rename("items", "memories")
                    .list_alias("items", "contents", "content")
                    .narrow("items", json!({ "minItems": 0 }))
                    .narrow("items.content", short())
                    .omit("results"),
            ),
        update!(edit_memory)
            .in_default_list(&["content", "tags"])
            .assistant_fields(FOR_ASSISTANTS)
            .chat("Updating memory")
            .undo_restoring()
            .app(
                patch("/v3/memories/{memory_id}")
                    .query()
                    .narrow("content", long())
                    .rename("content", "value")
                    .require("content")
                    .constant(status("ok")),
            )
            .developer(
                patch("/v1/dev/user/memories/{memory_id}")
                    .narrow("content", short())
                    .unknown("visibility", BAD_DEVELOPER_VISIBILITY),
            )
            .mcp(
                patch("/v1/mcp/memories/{memory_id}")
                    .query()
                    .narrow("content", long())
                    .rename("content", "value")
                    .require("content")
                    .constant(status("ok")),
            ),
        update!(set_memory_visibility)
            .app(
                patch("/v3/memories/{memory_id}/visibility")
                    .query()
                    .rename("visibility", "value")
                    .unknown("visibility", BAD_VISIBILITY),
            )
            .developer("/v1/dev/user/memories/{memory_id}/visibility"),
        update!(review_memory)
            .app(post("/v3/memories/{memory_id}/review").query())
            .developer(post("/v1/dev/user/memories/{memory_id}/review")),
        delete!(delete_memory)
            .in_default_list(&[])
            .chat("Deleting memory")
            .app("/v3/memories/{memory_id}")
            .developer("/v1/dev/user/memories/{memory_id}")
            .mcp("/v1/mcp/memories/{memory_id}"),
        delete!(delete_memories)
            .app(delete("/v3/memories/batch").body())
            .developer(delete("/v1/dev/user/memories/batch").limited(&[Policy::DevMemoriesBatch]).body()),
        delete!(delete_all_memories)
            .limited(&[Policy::MemoriesDeleteAll])
            .app("/v3/memories")
            .developer("/v1/dev/user/memories"),
    ])
}

/// What Omi's developer search says of memory archives; there are none here.
fn search_policy() -> serde_json::Value {
    json!({
        "archive_default_visible": false,
        "policy": {
            "consumer": "developer_api",
            "app_has_default_memory_grant": true,
            "archive_capability": false,
            "raw_provenance_capability": true,
        },
    })
}

async fn get_memories(context: Context, input: GetMemories) -> Result<Memories> {
    let limit = input.limit;
    if !input.include_sensitive {
        let sentence = "include_sensitive=false is not supported: memories are not classified by sensitivity";
        return Err(Error::Rejected(sentence.into()));
    }
    let device = device_of(&input)?;
    let GetMemories { categories, sort, reviewed, manually_added, tags, tags_match, updated_after, .. } = &input;
    let labels = (tags, tags_match);
    let list = ("get_memories", categories, sort, reviewed, manually_added, labels, updated_after, &device);
    let after: Option<Position> = paging::read(&context, &list, input.cursor.as_deref(), input.offset)?;
    let selection = Selection {
        categories: input.categories.clone(),
        reviewed: input.reviewed,
        manually_added: input.manually_added,
        tags: input.tags.clone(),
        tags_match: input.tags_match,
        updated_after: input.updated_after,
        device: device.clone(),
        sort: input.sort,
        after: after.clone(),
        offset: input.offset,
        limit: limit + 1,
    };
    let mut memories = context.memories().list(&selection).await?;
    let scanned_count = memories.len();
    let has_more = scanned_count > limit as usize;
    memories.truncate(limit as usize);
    let end = has_more.then(|| Position::after(&memories, input.sort, after.as_ref())).flatten();
    let next_cursor = end.and_then(|end| paging::write(&context, &list, end));
    Ok(Memories {
        returned_count: memories.len(),
        memories,
        has_more,
        offset: input.offset,
        limit,
        sort: input.sort,
        scanned_count,
        scan_truncated: false,
        next_cursor,
    })
}

/// The device that the list is limited to.
fn device_of(input: &GetMemories) -> Result<Option<String>> {
    let device = input.client_device_id.as_deref().map(str::trim).filter(|device| !device.is_empty());
    match (input.device_scope, device) {
        (DeviceScope::All, _) => Ok(None),
        (_, Some(device)) => Ok(Some(device.to_owned())),
        (DeviceScope::Current, None) => Err(Error::Rejected("device_scope=current requires client_device_id".into())),
        (DeviceScope::Explicit, None) => Err(Error::Rejected("device_scope=explicit requires client_device_id".into())),
    }
}

async fn get_memory(context: Context, input: GetMemory) -> Result<OneMemory> {
    let memory = context.memories().get(&input.memory_id).await?.ok_or_else(not_found)?;
    Ok(OneMemory { memory })
}

async fn get_memory_history(context: Context, input: GetMemoryHistory) -> Result<MemoryHistory> {
    let memories = context.memories();
    memories.get(&input.memory_id).await?.ok_or_else(not_found)?;
    let revisions = memories.history(&input.memory_id).await?;
    Ok(MemoryHistory { memory_id: input.memory_id, revisions })
}

async fn search_memories(context: Context, input: SearchMemories) -> Result<FoundMemories> {
    let search = Search {
        query: &input.query,
        categories: &input.categories,
        tags: &input.tags,
        tags_match: input.tags_match,
        after: input.created_after,
        before: input.created_before,
        limit: input.limit as usize,
    };
    let found = context.memories().search(&search).await?;
    let memories: Vec<_> =
        found.into_iter().map(|(memory, relevance_score)| FoundMemory { memory, relevance_score }).collect();
    Ok(FoundMemories { returned_count: memories.len(), memories })
}

fn not_found() -> Error {
    Error::NotFound("Memory not found".into())
}
