//! Create, update, complete and delete action items.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use resources::action_items::{ActionItemChange, NewActionItem};
use schemas::{action_item::*, memory::Done};

use super::{filled, not_found};
use crate::{Context, Error, Result};

/// The error for a blank description.
pub(super) const BLANK_DESCRIPTION: &str = "description cannot be empty";

pub(super) async fn create_action_item(context: Context, input: CreateActionItem) -> Result<WrittenActionItem> {
    let action_item = write(&context, vec![input.draft], input.same_text, BLANK_DESCRIPTION).await?.remove(0);
    Ok(WrittenActionItem { success: true, action_item })
}

pub(super) async fn create_action_items(context: Context, input: CreateActionItems) -> Result<WrittenActionItems> {
    let when_empty = "All action items must have non-empty descriptions";
    let action_items = write(&context, input.items, input.same_text, when_empty).await?;
    Ok(WrittenActionItems { created_count: action_items.len(), action_items })
}

pub(super) async fn update_action_item(context: Context, input: UpdateActionItem) -> Result<WrittenActionItem> {
    let due_at = match (input.due_at, input.clear_due_at) {
        (Some(Some(_)), Some(true)) => {
            return Err(Error::Invalid("due_at and clear_due_at cannot be used together".into()));
        }
        (_, Some(true)) => Some(None),
        (due_at, _) => due_at,
    };
    let change = ActionItemChange {
        description: input.description.map(|text| filled(&text, BLANK_DESCRIPTION)).transpose()?,
        status: status_of(input.completed, input.status)?,
        due_at,
        owner: input.owner,
        priority: input.priority,
        goal_id: input.goal_id,
        workstream_id: input.workstream_id,
        recurrence_rule: input.recurrence_rule,
        superseded_by: input.superseded_by,
        exported: input.exported,
        export_date: input.export_date,
        export_platform: input.export_platform,
        apple_reminder_id: input.apple_reminder_id,
        sort_order: input.sort_order,
        indent_level: input.indent_level,
    };
    if change.is_empty() {
        return Err(Error::Invalid("At least one field must be provided".into()));
    }
    check_goals(&context, change.goal_id.iter().flatten().cloned().collect()).await?;
    change_action_item(&context, &input.action_item_id, change).await
}

pub(super) async fn complete_action_item(context: Context, input: CompleteActionItem) -> Result<WrittenActionItem> {
    let change = ActionItemChange { status: status_of(Some(input.completed), None)?, ..ActionItemChange::default() };
    change_action_item(&context, &input.action_item_id, change).await
}

pub(super) async fn delete_action_item(context: Context, input: DeleteActionItem) -> Result<Done> {
    match context.action_items().delete(&[input.action_item_id]).await?.is_empty() {
        true => Err(not_found()),
        false => Ok(Done::DONE),
    }
}

pub(super) async fn delete_action_items(context: Context, input: DeleteActionItems) -> Result<DeletedActionItems> {
    let deleted_ids = context.action_items().delete(&input.ids).await?;
    Ok(DeletedActionItems { deleted_count: deleted_ids.len(), deleted_ids })
}

/// The status for `completed` and `status`, which must agree.
pub(super) fn status_of(completed: Option<bool>, status: Option<ActionItemStatus>) -> Result<Option<ActionItemStatus>> {
    match (completed, status) {
        (Some(completed), Some(status)) if completed != (status == ActionItemStatus::Completed) => {
            Err(Error::Invalid("completed must agree with status".into()))
        }
        (Some(true), _) => Ok(Some(ActionItemStatus::Completed)),
        (Some(false), None) => Ok(Some(ActionItemStatus::Active)),
        (_, status) => Ok(status),
    }
}

async fn write(
    context: &Context,
    drafts: Vec<ActionItemDraft>,
    same_text: SameText,
    when_empty: &str,
) -> Result<Vec<ActionItem>> {
    let now = resources::now();
    check_goals(context, drafts.iter().filter_map(|draft| draft.goal_id.clone()).collect()).await?;
    let mut new = Vec::with_capacity(drafts.len());
    for (place, draft) in (0i64..).zip(drafts) {
        new.push(NewActionItem {
            description: filled(&draft.description, when_empty)?,
            status: status_of(draft.completed, draft.status)?.unwrap_or_default(),
            due_at: draft.due_at,
            due_confidence: draft.due_confidence,
            conversation_id: draft.conversation_id,
            owner: draft.owner,
            priority: draft.priority,
            goal_id: draft.goal_id,
            workstream_id: draft.workstream_id,
            source: draft.source.or_else(|| Some("manual".into())),
            recurrence_rule: draft.recurrence_rule,
            recurrence_parent_id: draft.recurrence_parent_id,
            sort_order: draft.sort_order,
            indent_level: draft.indent_level,
            provenance: context.provenance(),
            // Keeps the order of a batch in lists that are sorted by time.
            created_at: now + TimeDelta::microseconds(place),
        });
    }
    if new.is_empty() {
        return Ok(Vec::new());
    }
    Ok(match same_text {
        SameText::Reuse => context.action_items().create_missing(&new).await?,
        SameText::Add => context.action_items().create(&new).await?,
    })
}

/// Checks that the goals exist.
async fn check_goals(context: &Context, ids: BTreeSet<String>) -> Result<()> {
    if !ids.is_empty() && context.goals().count_existing(&ids).await? < ids.len() {
        return Err(Error::Conflict("`goal_id` does not exist".into()));
    }
    Ok(())
}

async fn change_action_item(context: &Context, id: &str, change: ActionItemChange) -> Result<WrittenActionItem> {
    let action_item = context.action_items().change(id, change).await?.ok_or_else(not_found)?;
    Ok(WrittenActionItem { success: true, action_item })
}
