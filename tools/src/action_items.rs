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
    Access, Context, Error, Hints, Placement, Result, Tool,
    limits::LimitGroup,
    tool::{
        Noun,
        binding::{Binding, delete, get, patch, post, status},
        paging,
    },
    toolsets::Toolset,
};
use changes::*;
use conversation::*;
use sharing::*;
use sync::*;

/// The user's tasks.
pub(crate) const ACTION_ITEMS: Noun = Noun {
    reader: Some("get_action_item"),
    lister: Some("get_action_items"),
    searcher: Some("search_action_items"),
    text: "/description",
    scopes: Some((ActionItemsRead, ActionItemsWrite)),
    for_keys: COMPACT,
    limits: LimitGroup::ActionItems,
    ..Noun::new("action_item", "action_items", "action_item_id", Toolset::ActionItems)
};

/// The fields of an action item that keys and assistants see.
const COMPACT: &[&str] = fields!(
    ActionItem { id, description, completed, created_at, updated_at, due_at, completed_at, conversation_id },
    FoundActionItem { relevance_score },
);

/// The maximum number of action items that the app writes in one request, and the largest body, in bytes.
const MAX_APP_ITEMS: u32 = 50_000;
const MAX_APP_BODY: usize = 8 << 20;

/// The maximum length of what developers write.
const MAX_DEVELOPER_TEXT: u32 = 500;

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
    ACTION_ITEMS.tools([
        read!(get_action_items)
            .in_default_list(&["completed", "due_start_date", "due_end_date", "limit"])
            .assistant_fields(COMPACT)
            .chat("Checking action items")
            .app(get("/v1/action-items").page(50, 500).whole().cursor("X-Next-Cursor"))
            .developer(get("/v1/dev/user/action-items").page(100, 1000).cursor("X-Next-Cursor"))
            .mcp(get("/v1/mcp/action-items").page(100, 500).cursor("X-Next-Cursor")),
        read!(get_action_item)
            .app("/v1/action-items/{action_item_id}")
            .developer("/v1/dev/user/action-items/{action_item_id}"),
        read!(search_action_items)
            .chat("Checking action items")
            .app(get("/v1/action-items/search").page(10, 50).whole())
            .developer(get("/v1/dev/user/action-items/search").page(10, 50).whole())
            .mcp(get("/v1/mcp/action-items/search").page(10, 50)),
        read!(get_action_item_ids).app("/v1/action-items/ids").developer("/v1/dev/user/action-items/ids"),
        read!(count_action_items).app("/v1/action-items/count").developer("/v1/dev/user/action-items/count"),
    ])
}

fn written() -> Vec<Tool> {
    let short = || json!({ "maxLength": MAX_DEVELOPER_TEXT });
    let for_developers = |route: Binding| {
        route.narrow("description", short()).alias("description", "content").alias("due_at", "due_date")
    };
    ACTION_ITEMS.tools([
        create!(create_action_item)
            .in_default_list(&["due_at"])
            .assistant_fields(COMPACT)
            .chat("Creating action item")
            .undo_deleting("delete_action_item")
            .app("/v1/action-items")
            .developer(for_developers(post("/v1/dev/user/action-items")).default("same_text", "add"))
            .mcp("/v1/mcp/action-items"),
        create!(create_action_items)
            .whole()
            .app(
                post("/v1/action-items/batch")
                    .placed(Placement::List("items"))
                    .narrow("items", json!({ "minItems": 0, "maxItems": MAX_APP_ITEMS }))
                    .max_body(MAX_APP_BODY),
            )
            .developer(
                post("/v1/dev/user/action-items/batch")
                    .rename("items", "action_items")
                    .alias("items", "items")
                    .alias("items.description", "content")
                    .alias("items.due_at", "due_date")
                    .narrow("items", json!({ "minItems": 0, "maxItems": 50 }))
                    .narrow("items.description", short())
                    .default("same_text", "add"),
            ),
        update!(update_action_item)
            .chat("Updating action item")
            .undo_restoring()
            .app("/v1/action-items/{action_item_id}")
            .developer(for_developers(patch("/v1/dev/user/action-items/{action_item_id}")))
            .mcp("/v1/mcp/action-items/{action_item_id}"),
        update!(complete_action_item)
            .in_default_list(&["completed"])
            .assistant_fields(COMPACT)
            .chat("Updating action item")
            .undo_restoring()
            .app(patch("/v1/action-items/{action_item_id}/completed").query().require("completed"))
            .developer(post("/v1/dev/user/action-items/{action_item_id}/complete").query())
            .mcp(post("/v1/mcp/action-items/{action_item_id}/complete").query()),
        delete!(delete_action_item)
            .chat("Deleting action item")
            .app(delete("/v1/action-items/{action_item_id}").empty())
            .developer("/v1/dev/user/action-items/{action_item_id}")
            .mcp("/v1/mcp/action-items/{action_item_id}"),
        delete!(delete_action_items)
            .app(post("/v1/action-items/batch-delete").envelope("deleted_ids", "deleted_ids", status("Ok")))
            .developer(post("/v1/dev/user/action-items/batch-delete")),
    ])
}

fn of_conversations() -> Vec<Tool> {
    ACTION_ITEMS.tools([
        read!(get_conversation_action_items)
            .whole()
            .app("/v1/conversations/{conversation_id}/action-items")
            .developer("/v1/dev/user/conversations/{conversation_id}/action-items"),
        update!(complete_conversation_action_items)
            .limited(&[])
            .app(patch("/v1/conversations/{conversation_id}/action-items").constant(status("Ok"))),
        update!(rename_conversation_action_item)
            .limited(&[])
            .app(patch("/v1/conversations/{conversation_id}/action-items/{idx}").constant(status("Ok"))),
        delete!(delete_conversation_action_items).limited(&[]).app(
            delete("/v1/conversations/{conversation_id}/action-items").body().require("description").envelope(
                "deleted_ids",
                "deleted_ids",
                status("Ok"),
            ),
        ),
    ])
}

fn arranged() -> Vec<Tool> {
    let updated = |path| patch(path).envelope("updated_ids", "updated_ids", status("ok"));
    ACTION_ITEMS.tools([
        update!(arrange_action_items).limited(&[]).app(updated("/v1/action-items/batch")),
        read!(get_action_items_to_sync).app("/v1/action-items/pending-sync"),
        update!(sync_action_items).limited(&[]).app(updated("/v1/action-items/sync-batch")),
    ])
}

fn shared() -> Vec<Tool> {
    ACTION_ITEMS.tools([
        // What others have seen cannot be taken back, so the user has to confirm it.
        act!(share_action_items)
            .more_scopes(&[ActionItemsRead])
            .hints(Hints::DESTRUCTIVE)
            .app("/v1/action-items/share")
            .developer("/v1/dev/user/action-items/share"),
        read!(get_shared_action_items).access(Access::Public).public("/v1/action-items/shared/{token}"),
        read!(get_action_item_links)
            .app("/v1/share-links/action-items")
            .developer("/v1/dev/user/share-links/action-items"),
        delete!(revoke_action_item_link)
            .app("/v1/share-links/action-items/{link_id}")
            .developer("/v1/dev/user/share-links/action-items/{link_id}"),
        act!(accept_action_items).app("/v1/action-items/accept").developer("/v1/dev/user/action-items/accept"),
    ])
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

/// A time range whose start is not after its end.
fn in_order<T: PartialOrd>(start: Option<T>, end: Option<T>, sentence: &str) -> Result<(Option<T>, Option<T>)> {
    match (&start, &end) {
        (Some(first), Some(last)) if first > last => Err(Error::Rejected(sentence.into())),
        _ => Ok((start, end)),
    }
}

fn not_found() -> Error {
    Error::NotFound("Action item not found".into())
}

/// A trimmed text, which must not be empty.
fn filled(text: &str, when_empty: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() { Err(Error::Invalid(when_empty.into())) } else { Ok(text.to_owned()) }
}
