//! Memories: list, find, write, change and delete them.

mod writing;

use resources::memories::{Position, Search, Selection};
use schemas::{
    memory::*,
    scope::Scope::{MemoriesRead, MemoriesWrite},
};
use serde_json::json;

use crate::{
    Context, Error, Hints, Result, Tool, Undo,
    limits::Policy,
    paging,
    route::{delete, get, patch, post},
};
use writing::{
    create_memories, create_memory, delete_all_memories, delete_memories, delete_memory, edit_memory, review_memory,
    set_memory_visibility,
};

/// The fields of a memory that developers see.
const DEVELOPER: &[&str] = &[
    "id",
    "content",
    "category",
    "visibility",
    "tags",
    "created_at",
    "updated_at",
    "manually_added",
    "scoring",
    "reviewed",
    "user_review",
    "edited",
    "provenance",
    "similar",
    "relevance_score",
];

/// The fields of a memory that assistants see.
const BRIEF: &[&str] =
    &["id", "content", "category", "tags", "created_at", "updated_at", "conversation_id", "relevance_score", "similar"];

const BAD_CATEGORY: &str = "Invalid category '{}' is not a valid MemoryCategory";

pub(crate) fn tools() -> Vec<Tool> {
    let ok = || json!({ "status": "ok" });
    let done = || json!({ "success": true });
    let by_score = || json!({ "default": "scoring_desc" });
    let developer_text = || json!({ "maxLength": 500 });
    let developer_list = |path| {
        get(path)
            .limit(Policy::DevMemoriesRead)
            .page(25, 1000)
            .narrow("sort", by_score())
            .reject("categories", BAD_CATEGORY)
            .field("memories")
            .only(DEVELOPER)
            .cursor("X-Next-Cursor")
    };
    vec![
        tool!(get_memories)
            .scope(MemoriesRead)
            .daily(&["limit", "cursor"])
            .brief("memories", BRIEF)
            .chat("Reading memories")
            .app(
                get("/v3/memories")
                    .page(100, 500)
                    .narrow("sort", by_score())
                    .field("memories")
                    .cursor("X-Omi-Memory-Next-Cursor"),
            )
            .developer(developer_list("/v1/dev/user/memories"))
            // One published client doubles a part of the path.
            .developer(developer_list("/v1/dev/user/user/memories").ours())
            .mcp(
                get("/v1/mcp/memories")
                    .limit(Policy::McpMemoriesRead)
                    .page(25, 500)
                    .reject("categories", BAD_CATEGORY)
                    .field("memories")
                    .only(&["id", "content", "category", "created_at", "updated_at"])
                    .cursor("X-Next-Cursor"),
            ),
        tool!(get_memory).scope(MemoriesRead).app(get("/v3/memories/{memory_id}").ours().field("memory")).developer(
            get("/v1/dev/user/memories/{memory_id}").limit(Policy::DevMemoriesRead).field("memory").only(DEVELOPER),
        ),
        tool!(get_memory_history)
            .scope(MemoriesRead)
            .app(get("/v3/memories/{memory_id}/history").ours().field("revisions"))
            .developer(
                get("/v1/dev/user/memories/{memory_id}/history")
                    .limit(Policy::DevMemoriesRead)
                    .ours()
                    .field("revisions"),
            ),
        tool!(search_memories)
            .scope(MemoriesRead)
            .daily(&["limit", "created_after", "created_before"])
            .brief("memories", BRIEF)
            .chat("Searching memories")
            .app(get("/v3/memories/search").ours().page(10, 100).field("memories"))
            .developer(
                get("/v1/dev/user/memories/vector/search")
                    .limit(Policy::DevMemoriesRead)
                    .page(10, 100)
                    .reject("categories", BAD_CATEGORY)
                    .only_in("memories", DEVELOPER)
                    .envelope("memories", "items", search_policy()),
            )
            .mcp(get("/v1/mcp/memories/search").limit(Policy::McpMemoriesRead).page(10, 20).field("memories").only(&[
                "id",
                "content",
                "category",
                "created_at",
                "updated_at",
                "relevance_score",
            ])),
        tool!(create_memory)
            .limit(Policy::MemoriesCreate)
            .scope(MemoriesWrite)
            .daily(&["tags"])
            .brief("memory", BRIEF)
            .chat("Saving memory")
            .undo(Undo::Deleting { made: "memory", by: "delete_memory", argument: "memory_id" })
            .app(
                post("/v3/memories")
                    .narrow("category", json!({ "default": "manual" }))
                    .lenient("category")
                    .lenient("visibility")
                    .field("memory"),
            )
            .developer(
                post("/v1/dev/user/memories")
                    .limit(Policy::DevMemories)
                    .narrow("content", developer_text())
                    .lenient("visibility")
                    .field("memory")
                    .only(DEVELOPER),
            )
            .mcp(
                post("/v1/mcp/memories")
                    .limit(Policy::McpMemoriesWrite)
                    .lenient("category")
                    .lenient("visibility")
                    .field("memory")
                    .only(&["id", "content", "category", "visibility", "tags", "similar"]),
            ),
        tool!(create_memories)
            .limit(Policy::MemoriesBatch)
            .scope(MemoriesWrite)
            .app(
                post("/v3/memories/batch")
                    .rename("memories", "items")
                    .narrow("items", json!({ "minItems": 0, "maxItems": 100 }))
                    .omit("results"),
            )
            .developer(
                post("/v1/dev/user/memories/batch")
                    .limit(Policy::DevMemoriesBatch)
                    .rename("memories", "items")
                    .alias("contents", "memories", "content")
                    .narrow("items", json!({ "minItems": 0 }))
                    .narrow("items.content", developer_text())
                    .omit("results")
                    .only_in("memories", DEVELOPER),
            ),
        tool!(edit_memory)
            .limit(Policy::MemoriesModify)
            .scope(MemoriesWrite)
            .daily(&["content", "tags"])
            .brief("memory", BRIEF)
            .chat("Updating memory")
            .undo(Undo::Restoring("get_memory"))
            .app(patch("/v3/memories/{memory_id}").query().rename("value", "content").require("content").constant(ok()))
            .developer(
                patch("/v1/dev/user/memories/{memory_id}")
                    .limit(Policy::DevMemories)
                    .narrow("content", developer_text())
                    .sentence("visibility", "visibility must be 'public' or 'private'")
                    .field("memory")
                    .only(DEVELOPER),
            )
            .mcp(
                patch("/v1/mcp/memories/{memory_id}")
                    .limit(Policy::McpMemoriesWrite)
                    .query()
                    .rename("value", "content")
                    .require("content")
                    .constant(ok()),
            ),
        tool!(set_memory_visibility)
            .limit(Policy::MemoriesModify)
            .scope(MemoriesWrite)
            .app(
                patch("/v3/memories/{memory_id}/visibility")
                    .query()
                    .rename("value", "visibility")
                    .reject("value", "Invalid visibility value")
                    .constant(ok()),
            )
            .developer(
                patch("/v1/dev/user/memories/{memory_id}/visibility")
                    .limit(Policy::DevMemories)
                    .ours()
                    .constant(done()),
            ),
        tool!(review_memory)
            .limit(Policy::MemoriesModify)
            .scope(MemoriesWrite)
            .app(post("/v3/memories/{memory_id}/review").query().constant(ok()))
            .developer(
                post("/v1/dev/user/memories/{memory_id}/review").limit(Policy::DevMemories).ours().constant(done()),
            )
            .hints(Hints { read_only: false, destructive: false, idempotent: true }),
        tool!(delete_memory)
            .limit(Policy::MemoriesDelete)
            .scope(MemoriesWrite)
            .daily(&[])
            .chat("Deleting memory")
            .app(delete("/v3/memories/{memory_id}").constant(ok()))
            .developer(delete("/v1/dev/user/memories/{memory_id}").limit(Policy::DevMemories).constant(done()))
            .mcp(delete("/v1/mcp/memories/{memory_id}").limit(Policy::McpMemoriesWrite).constant(ok())),
        tool!(delete_memories)
            .limit(Policy::MemoriesDelete)
            .scope(MemoriesWrite)
            .app(delete("/v3/memories/batch").body().constant(ok()))
            .developer(
                delete("/v1/dev/user/memories/batch").limit(Policy::DevMemoriesBatch).ours().body().constant(done()),
            ),
        tool!(delete_all_memories)
            .limit(Policy::MemoriesDeleteAll)
            .scope(MemoriesWrite)
            .app(delete("/v3/memories").constant(ok()))
            .developer(delete("/v1/dev/user/memories").limit(Policy::DevMemories).ours().constant(done())),
    ]
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
    let GetMemories { categories, sort, reviewed, manually_added, updated_after, .. } = &input;
    let list = ("get_memories", categories, sort, reviewed, manually_added, updated_after);
    let after: Option<Position> = paging::read(&context, &list, input.cursor.as_deref(), input.offset)?;
    let selection = Selection {
        categories: input.categories.clone(),
        reviewed: input.reviewed,
        manually_added: input.manually_added,
        updated_after: input.updated_after,
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
