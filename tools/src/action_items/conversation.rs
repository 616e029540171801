//! The action items of one conversation, identified by index or by text.

use resources::action_items::ActionItemChange;
use schemas::{action_item::*, memory::Done};

use super::{
    changes::{BLANK_DESCRIPTION, status_of},
    filled, not_found,
};
use crate::{Context, Error, Result};

pub(super) async fn get_conversation_action_items(
    context: Context,
    input: GetConversationActionItems,
) -> Result<ConversationActionItems> {
    let action_items = items_of(&context, &input.conversation_id).await?;
    Ok(ConversationActionItems { action_items, conversation_id: input.conversation_id })
}

pub(super) async fn complete_conversation_action_items(
    context: Context,
    input: CompleteConversationActionItems,
) -> Result<Done> {
    let items = items_of(&context, &input.conversation_id).await?;
    if input.items_idx.len() != input.values.len() {
        return Err(Error::Invalid("items_idx and values must have the same length".into()));
    }
    let mut changes = Vec::with_capacity(items.len());
    for (index, completed) in input.items_idx.into_iter().zip(input.values) {
        let item = items.get(index as usize).ok_or_else(not_found)?;
        changes.push((
            item.id.clone(),
            ActionItemChange { status: status_of(Some(completed), None)?, ..ActionItemChange::default() },
        ));
    }
    context.action_items().change_many(changes).await?;
    Ok(Done::DONE)
}

pub(super) async fn rename_conversation_action_item(
    context: Context,
    input: RenameConversationActionItem,
) -> Result<Done> {
    let items = items_of(&context, &input.conversation_id).await?;
    let with_text = || items.iter().enumerate().filter(|(_, item)| item.description == input.old_description);
    let found = with_text().find(|(index, _)| *index == input.idx as usize).or_else(|| with_text().next());
    let (_, item) = found.ok_or_else(not_found)?;
    let change = ActionItemChange {
        description: Some(filled(&input.description, BLANK_DESCRIPTION)?),
        ..ActionItemChange::default()
    };
    context.action_items().change(&item.id, change).await?.ok_or_else(not_found)?;
    Ok(Done::DONE)
}

pub(super) async fn delete_conversation_action_items(
    context: Context,
    input: DeleteConversationActionItems,
) -> Result<DeletedActionItems> {
    let items = items_of(&context, &input.conversation_id).await?;
    let matches = |item: &ActionItem| input.description.as_ref().is_none_or(|text| *text == item.description);
    let ids: Vec<String> = items.into_iter().filter(matches).map(|item| item.id).collect();
    let deleted_ids = context.action_items().delete(&ids).await?;
    Ok(DeletedActionItems { deleted_count: deleted_ids.len(), deleted_ids })
}

async fn items_of(context: &Context, conversation_id: &str) -> Result<Vec<ActionItem>> {
    let items = context.action_items().of_conversation(conversation_id).await?;
    items.ok_or_else(|| Error::NotFound("Conversation not found".into()))
}
