//! Share links: what the links of all nouns have in common, and ending all sharing at once.

use chrono::{DateTime, Utc};
use resources::share_links::{Creation, MAX_SHARE_LINKS};
use schemas::{
    memory::Done,
    share_link::{ActiveShareLinks, CreatedShareLink, EndedSharing, RevokeShareLinks, ShareLinkKind},
};

use crate::{Context, Error, Result, Tool, tool::Noun, toolsets::Toolset};

/// Links by which the user shares.
pub(crate) const SHARE_LINKS: Noun = Noun::new("share_link", "share_links", "link_id", Toolset::Conversations);

pub(crate) fn tools() -> Vec<Tool> {
    SHARE_LINKS.tools([delete!(revoke_share_links).app("/v1/share-links")])
}

async fn revoke_share_links(context: Context, _: RevokeShareLinks) -> Result<EndedSharing> {
    let ended = context.resources.share_links(&context.caller.user).revoke_all().await?;
    let count = |count: i64| usize::try_from(count).unwrap_or_default();
    Ok(EndedSharing { revoked_links: count(ended.links), private_conversations: count(ended.conversations) })
}

/// Checks when a new link is to end.
pub(crate) fn check_expiry(expires_at: Option<DateTime<Utc>>) -> Result<()> {
    match expires_at {
        Some(end) if end <= Utc::now() => Err(Error::Invalid("expires_at must be in the future".into())),
        _ => Ok(()),
    }
}

/// The link that was created, at `path` with the token in place of `{token}`.
pub(crate) fn created_link(
    context: &Context,
    creation: Creation,
    path: &str,
    expires_at: Option<DateTime<Utc>>,
    missing: impl FnOnce() -> Error,
) -> Result<CreatedShareLink> {
    match creation {
        Creation::Created { id, token } => {
            let url = context.absolute_url(&path.replace("{token}", &token));
            Ok(CreatedShareLink { url, token, id, expires_at })
        }
        Creation::Missing => Err(missing()),
        Creation::TooMany => {
            Err(Error::Rejected(format!("No more than {MAX_SHARE_LINKS} links can be in use; revoke some")))
        }
    }
}

/// The caller's links of this kind.
pub(crate) async fn list(context: &Context, kind: ShareLinkKind) -> Result<ActiveShareLinks> {
    let links = context.resources.share_links(&context.caller.user).list(kind).await?;
    Ok(ActiveShareLinks { links })
}

/// Revokes the caller's link of this kind with this id.
pub(crate) async fn revoke(context: &Context, kind: ShareLinkKind, id: &str) -> Result<Done> {
    match context.resources.share_links(&context.caller.user).revoke(kind, id).await? {
        true => Ok(Done::DONE),
        false => Err(Error::NotFound("Link not found".into())),
    }
}
