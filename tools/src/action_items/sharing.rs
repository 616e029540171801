//! Sharing action items by link.

use chrono::TimeDelta;
use resources::action_items::{self, Acceptance, NewActionItem, Share};
use schemas::{
    action_item::*,
    memory::Done,
    share_link::{ActiveShareLinks, CreatedShareLink, ShareLinkKind},
};

use super::not_found;
use crate::{Context, Error, Result, share_links};

pub(super) async fn share_action_items(context: Context, input: ShareActionItems) -> Result<CreatedShareLink> {
    share_links::check_expiry(input.expires_at)?;
    let creation = context.action_items().share(&input.task_ids, input.expires_at).await?;
    share_links::created_link(&context, creation, "/v1/action-items/shared/{token}", input.expires_at, not_found)
}

pub(super) async fn get_action_item_links(context: Context, _: GetActionItemLinks) -> Result<ActiveShareLinks> {
    share_links::list(&context, ShareLinkKind::ActionItem).await
}

pub(super) async fn revoke_action_item_link(context: Context, input: RevokeActionItemLink) -> Result<Done> {
    share_links::revoke(&context, ShareLinkKind::ActionItem, &input.link_id).await
}

pub(super) async fn get_shared_action_items(
    context: Context,
    input: GetSharedActionItems,
) -> Result<SharedActionItems> {
    Ok(find_share(&context, &input.token).await?.to_public())
}

pub(super) async fn accept_action_items(context: Context, input: AcceptActionItems) -> Result<AcceptedActionItems> {
    let share = find_share(&context, &input.token).await?;
    if share.sender == context.caller.user {
        return Err(Error::Rejected("These action items are your own".into()));
    }
    let now = resources::now();
    let copy = |(place, item): (i64, &SharedActionItem)| NewActionItem {
        due_at: item.due_at,
        source: Some("shared".into()),
        ..NewActionItem::new(&item.description, context.provenance(), now + TimeDelta::microseconds(place))
    };
    let copies: Vec<NewActionItem> = (0i64..).zip(&share.items).map(copy).collect();
    match context.action_items().accept(&share, &copies).await? {
        Acceptance::Copied(created) => {
            Ok(AcceptedActionItems { count: created.len(), created: created.into_iter().map(|item| item.id).collect() })
        }
        Acceptance::AlreadyAccepted => Err(Error::Conflict("These action items have been accepted already".into())),
    }
}

async fn find_share(context: &Context, token: &str) -> Result<Share> {
    let share = action_items::find_share(&context.resources.database, token).await?;
    share.ok_or_else(|| Error::NotFound("Shared action items not found".into()))
}
