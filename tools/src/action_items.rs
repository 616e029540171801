//! Action items: list, find, write, complete, share and delete them.

mod changes;
mod conversation;
mod sharing;
mod sync;

use resources::action_items::{ActionItems as Rows, Position, Selection};
use schemas::{
    action_item::*,
    scope::Scope::{ActionItemsRead, ActionItemsWrite},
};
use serde_json::json;

use crate::{
    Context, Error, Hints, Result, Tool, Undo,
    limits::Policy,
    paging,
    route::{delete, get, patch, post},
};
use changes::*;
use conversation::*;
use sharing::*;
use sync::*;

/// The fields of an action item that developers and bridges of MCP see.
const BRIEF: &[&str] =
    &["id", "description", "completed", "created_at", "updated_at", "due_at", "completed_at", "conversation_id"];

/// The fields that they see of one that was searched for.
const FOUND: &[&str] = &[
    "id",
    "description",
    "completed",
    "created_at",
    "updated_at",
    "due_at",
    "completed_at",
    "conversation_id",
    "relevance_score",
];

impl Context {
    /// The caller's action items.
    pub fn action_items(&self) -> Rows<'_> {
        self.resources.action_items(&self.caller.user)
    }
}

pub(crate) fn tools() -> Vec<Tool> {
    [listed(), written(), of_conversations(), arranged(), shared()].into_iter().flatten().collect()
}

fn listed() -> Vec<Tool> {
    vec![
        tool!(get_action_items)
            .scope(ActionItemsRead)
            .daily(&["completed", "due_start_date", "due_end_date", "limit"])
            .brief("action_items", BRIEF)
            .chat("Checking action items")
            .app(get("/v1/action-items").page(50, 500).cursor("X-Next-Cursor"))
            .developer(
                get("/v1/dev/user/action-items")
                    .limit(Policy::DevActionItemsRead)
                    .page(100, 1000)
                    .field("action_items")
                    .only(BRIEF)
                    .cursor("X-Next-Cursor"),
            )
            .mcp(
                get("/v1/mcp/action-items")
                    .limit(Policy::McpRead)
                    .page(100, 500)
                    .field("action_items")
                    .only(BRIEF)
                    .cursor("X-Next-Cursor"),
            ),
        tool!(get_action_item)
            .scope(ActionItemsRead)
            .app(get("/v1/action-items/{action_item_id}").field("action_item"))
            .developer(
                get("/v1/dev/user/action-items/{action_item_id}")
                    .limit(Policy::DevActionItemsRead)
                    .ours()
                    .field("action_item")
                    .only(BRIEF),
            ),
        tool!(search_action_items)
            .scope(ActionItemsRead)
            .chat("Checking action items")
            .app(get("/v1/action-items/search").page(10, 50))
            .developer(
                get("/v1/dev/user/action-items/search")
                    .limit(Policy::DevActionItemsRead)
                    .ours()
                    .page(10, 50)
                    .only_in("action_items", FOUND),
            )
            .mcp(
                get("/v1/mcp/action-items/search")
                    .limit(Policy::McpRead)
                    .page(10, 50)
                    .field("action_items")
                    .only(FOUND),
            ),
        tool!(get_action_item_ids)
            .scope(ActionItemsRead)
            .app(get("/v1/action-items/ids"))
            .developer(get("/v1/dev/user/action-items/ids").limit(Policy::DevActionItemsRead).ours()),
        tool!(count_action_items)
            .scope(ActionItemsRead)
            .app(get("/v1/action-items/count"))
            .developer(get("/v1/dev/user/action-items/count").limit(Policy::DevActionItemsRead).ours()),
    ]
}

fn written() -> Vec<Tool> {
    let done = || json!({ "success": true });
    let developer_text = || json!({ "maxLength": 500 });
    let developer_adds = || json!({ "default": "add" });
    vec![
        tool!(create_action_item)
            .scope(ActionItemsWrite)
            .daily(&["due_at"])
            .brief("action_item", BRIEF)
            .chat("Creating action item")
            .undo(Undo::Deleting { made: "action_item", by: "delete_action_item", argument: "action_item_id" })
            .app(post("/v1/action-items").field("action_item"))
            .limit(Policy::ActionItemsWrite)
            .developer(
                post("/v1/dev/user/action-items")
                    .limit(Policy::DevActionItemsWrite)
                    .narrow("description", developer_text())
                    .narrow("same_text", developer_adds())
                    .also("content", "description")
                    .also("due_date", "due_at")
                    .field("action_item")
                    .only(BRIEF),
            )
            .mcp(post("/v1/mcp/action-items").limit(Policy::ActionItemsWrite).field("action_item").only(BRIEF)),
        tool!(create_action_items)
            .scope(ActionItemsWrite)
            .app(post("/v1/action-items/batch").list("items").narrow("items", json!({ "minItems": 0 })))
            .limit(Policy::ActionItemsWrite)
            .developer(
                post("/v1/dev/user/action-items/batch")
                    .limit(Policy::DevActionItemsWrite)
                    .rename("action_items", "items")
                    .also("items", "action_items")
                    .also("content", "action_items.description")
                    .also("due_date", "action_items.due_at")
                    .narrow("items", json!({ "minItems": 0, "maxItems": 50 }))
                    .narrow("items.description", developer_text())
                    .narrow("same_text", developer_adds())
                    .only_in("action_items", BRIEF),
            ),
        tool!(update_action_item)
            .scope(ActionItemsWrite)
            .chat("Updating action item")
            .undo(Undo::Restoring("get_action_item"))
            .app(patch("/v1/action-items/{action_item_id}").field("action_item"))
            .limit(Policy::ActionItemsWrite)
            .developer(
                patch("/v1/dev/user/action-items/{action_item_id}")
                    .limit(Policy::DevActionItemsWrite)
                    .narrow("description", developer_text())
                    .also("content", "description")
                    .also("due_date", "due_at")
                    .field("action_item")
                    .only(BRIEF),
            )
            .mcp(
                patch("/v1/mcp/action-items/{action_item_id}")
                    .limit(Policy::ActionItemsWrite)
                    .field("action_item")
                    .only(BRIEF),
            ),
        tool!(complete_action_item)
            .scope(ActionItemsWrite)
            .daily(&["completed"])
            .brief("action_item", BRIEF)
            .chat("Updating action item")
            .undo(Undo::Restoring("get_action_item"))
            .app(patch("/v1/action-items/{action_item_id}/completed").query().require("completed").field("action_item"))
            .limit(Policy::ActionItemsWrite)
            .developer(
                post("/v1/dev/user/action-items/{action_item_id}/complete")
                    .limit(Policy::DevActionItemsWrite)
                    .ours()
                    .query()
                    .field("action_item")
                    .only(BRIEF),
            )
            .mcp(
                post("/v1/mcp/action-items/{action_item_id}/complete")
                    .limit(Policy::ActionItemsWrite)
                    .query()
                    .field("action_item")
                    .only(BRIEF),
            ),
        tool!(delete_action_item)
            .scope(ActionItemsWrite)
            .chat("Deleting action item")
            .app(delete("/v1/action-items/{action_item_id}").empty())
            .limit(Policy::ActionItemsWrite)
            .developer(
                delete("/v1/dev/user/action-items/{action_item_id}")
                    .limit(Policy::DevActionItemsWrite)
                    .constant(done()),
            )
            .mcp(
                delete("/v1/mcp/action-items/{action_item_id}")
                    .limit(Policy::ActionItemsWrite)
                    .constant(json!({ "status": "ok" })),
            ),
        tool!(delete_action_items)
            .scope(ActionItemsWrite)
            .app(post("/v1/action-items/batch-delete").envelope("deleted_ids", "deleted_ids", loud_ok()))
            .limit(Policy::ActionItemsWrite)
            .developer(post("/v1/dev/user/action-items/batch-delete").limit(Policy::DevActionItemsWrite).ours())
            .hints(Hints { read_only: false, destructive: true, idempotent: true }),
    ]
}

fn of_conversations() -> Vec<Tool> {
    vec![
        tool!(get_conversation_action_items)
            .scope(ActionItemsRead)
            .app(get("/v1/conversations/{conversation_id}/action-items"))
            .developer(
                get("/v1/dev/user/conversations/{conversation_id}/action-items")
                    .limit(Policy::DevActionItemsRead)
                    .ours()
                    .only_in("action_items", BRIEF),
            ),
        tool!(complete_conversation_action_items)
            .scope(ActionItemsWrite)
            .app(patch("/v1/conversations/{conversation_id}/action-items").constant(loud_ok())),
        tool!(rename_conversation_action_item)
            .scope(ActionItemsWrite)
            .app(patch("/v1/conversations/{conversation_id}/action-items/{idx}").constant(loud_ok())),
        tool!(delete_conversation_action_items).scope(ActionItemsWrite).app(
            delete("/v1/conversations/{conversation_id}/action-items").body().envelope(
                "deleted_ids",
                "deleted_ids",
                loud_ok(),
            ),
        ),
    ]
}

fn arranged() -> Vec<Tool> {
    let ok = || json!({ "status": "ok" });
    vec![
        tool!(arrange_action_items).scope(ActionItemsWrite).app(patch("/v1/action-items/batch").envelope(
            "updated_ids",
            "updated_ids",
            ok(),
        )),
        tool!(get_action_items_to_sync).scope(ActionItemsRead).app(get("/v1/action-items/pending-sync")),
        tool!(sync_action_items).scope(ActionItemsWrite).app(patch("/v1/action-items/sync-batch").envelope(
            "updated_ids",
            "updated_ids",
            ok(),
        )),
    ]
}

fn shared() -> Vec<Tool> {
    vec![
        tool!(share_action_items)
            .scope(ActionItemsWrite)
            .app(post("/v1/action-items/share"))
            .developer(post("/v1/dev/user/action-items/share").limit(Policy::DevActionItemsWrite).ours())
            // What was seen cannot be hidden again: a person decides.
            .hints(Hints { read_only: false, destructive: true, idempotent: false }),
        tool!(get_shared_action_items).open().public(get("/v1/action-items/shared/{token}")),
        tool!(accept_action_items)
            .scope(ActionItemsWrite)
            .app(post("/v1/action-items/accept"))
            .developer(post("/v1/dev/user/action-items/accept").limit(Policy::DevActionItemsWrite).ours()),
    ]
}

/// How these routes of Omi say that all is well, where others of its routes say `ok`.
fn loud_ok() -> serde_json::Value {
    json!({ "status": "Ok" })
}

async fn get_action_items(context: Context, input: GetActionItems) -> Result<ActionItems> {
    let GetActionItems { completed, conversation_id, updated_since, limit, offset, cursor, .. } = &input;
    let created = in_order(input.start_date, input.end_date, "start_date must not be after end_date")?;
    let due = in_order(input.due_start_date, input.due_end_date, "due_start_date must not be after due_end_date")?;
    let list = ("get_action_items", completed, conversation_id, created, due, updated_since);
    let selection = Selection {
        completed: *completed,
        conversation_id: conversation_id.clone(),
        start: created.0,
        end: created.1,
        due_start: due.0,
        due_end: due.1,
        updated_since: *updated_since,
        after: paging::read(&context, &list, cursor.as_deref(), *offset)?,
        offset: *offset,
        limit: limit + 1,
    };
    let mut rows = context.action_items().list(&selection).await?;
    let has_more = rows.len() > *limit as usize;
    rows.truncate(*limit as usize);
    let (action_items, places): (Vec<ActionItem>, Vec<Position>) = rows.into_iter().unzip();
    let end = places.into_iter().last().filter(|_| has_more);
    Ok(ActionItems {
        returned_count: action_items.len(),
        action_items,
        has_more,
        truncated: false,
        offset: *offset,
        limit: *limit,
        next_cursor: end.and_then(|end| paging::write(&context, &list, end)),
    })
}

async fn get_action_item(context: Context, input: GetActionItem) -> Result<OneActionItem> {
    let action_item = context.action_items().get(&input.action_item_id).await?.ok_or_else(not_found)?;
    Ok(OneActionItem { action_item })
}

async fn search_action_items(context: Context, input: SearchActionItems) -> Result<FoundActionItems> {
    let found = context.action_items().search(&input.query, input.limit as usize).await?;
    let action_items: Vec<_> = found
        .into_iter()
        .map(|(action_item, relevance_score)| FoundActionItem { action_item, relevance_score })
        .collect();
    Ok(FoundActionItems { returned_count: action_items.len(), action_items })
}

async fn get_action_item_ids(context: Context, input: GetActionItemIds) -> Result<ActionItemIds> {
    Ok(ActionItemIds { ids: context.action_items().ids(input.completed).await? })
}

async fn count_action_items(context: Context, _: CountActionItems) -> Result<ActionItemCount> {
    Ok(context.action_items().count().await?)
}

/// A span of time whose ends are not exchanged.
fn in_order<T: PartialOrd>(start: Option<T>, end: Option<T>, sentence: &str) -> Result<(Option<T>, Option<T>)> {
    match (&start, &end) {
        (Some(first), Some(last)) if first > last => Err(Error::Rejected(sentence.into())),
        _ => Ok((start, end)),
    }
}

fn not_found() -> Error {
    Error::NotFound("Action item not found".into())
}

/// A text without the white space around it, which must leave something.
fn filled(text: &str, when_empty: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() { Err(Error::Invalid(when_empty.into())) } else { Ok(text.to_owned()) }
}
