//! Order of action items, and synchronization with other apps.

use resources::action_items::ActionItemChange;
use schemas::action_item::*;

use super::{
    changes::{BLANK_DESCRIPTION, status_of},
    filled,
};
use crate::{Context, Result};

pub(super) async fn arrange_action_items(context: Context, input: ArrangeActionItems) -> Result<ChangedActionItems> {
    let change = |item: ActionItemPlace| {
        let ActionItemPlace { id, sort_order, indent_level } = item;
        (id, ActionItemChange { sort_order, indent_level, ..ActionItemChange::default() })
    };
    change_many(&context, input.items.into_iter().map(change).collect()).await
}

pub(super) async fn get_action_items_to_sync(
    context: Context,
    input: GetActionItemsToSync,
) -> Result<ActionItemsToSync> {
    let (pending_export, synced_items) = context.action_items().to_sync(&input.platform).await?;
    Ok(ActionItemsToSync { pending_export, synced_items })
}

pub(super) async fn sync_action_items(context: Context, input: SyncActionItems) -> Result<ChangedActionItems> {
    let mut changes = Vec::with_capacity(input.items.len());
    for item in input.items {
        let exported_now = (item.exported == Some(true)).then(resources::now);
        let change = ActionItemChange {
            description: item.description.map(|text| filled(&text, BLANK_DESCRIPTION)).transpose()?,
            status: status_of(item.completed, None)?,
            due_at: item.due_at,
            exported: item.exported,
            export_date: item.export_date.or(exported_now),
            export_platform: item.export_platform,
            apple_reminder_id: item.apple_reminder_id,
            ..ActionItemChange::default()
        };
        changes.push((item.id, change));
    }
    change_many(&context, changes).await
}

async fn change_many(context: &Context, changes: Vec<(String, ActionItemChange)>) -> Result<ChangedActionItems> {
    let changed = context.action_items().change_many(changes).await?;
    let updated_ids: Vec<String> = changed.into_iter().map(|item| item.id).collect();
    Ok(ChangedActionItems { updated_count: updated_ids.len(), updated_ids })
}
