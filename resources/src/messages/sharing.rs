//! Sharing messages by link.

use schemas::chat::{Message, SharedMessage, SharedMessages};

use super::Messages;
use crate::{Database, Result, share_links::ShareLinks};

const LINKS: ShareLinks = ShareLinks { table: "message_share", of: "message", column: "messages" };

/// What the share link with this token contains; `None` when there is no such link, or its messages have been deleted.
pub async fn find_share(database: &Database, token: &str) -> Result<Option<SharedMessages>> {
    let Some(link) = LINKS.find(database, token).await? else { return Ok(None) };
    let messages = Messages::new(database, &link.user).export(&link.ids).await?;
    if messages.is_empty() {
        return Ok(None);
    }
    let messages: Vec<SharedMessage> = messages.into_iter().map(public_message).collect();
    Ok(Some(SharedMessages { sender_name: link.user_name.unwrap_or_default(), count: messages.len(), messages }))
}

impl Messages<'_> {
    /// Creates a link to these messages; returns its token, or `None` when one of them does not exist.
    pub async fn share(&self, ids: &[String]) -> Result<Option<String>> {
        LINKS.create(self.database, self.user, ids).await
    }
}

fn public_message(message: Message) -> SharedMessage {
    let Message { id, text, sender, created_at, .. } = message;
    SharedMessage { id, text, sender, created_at }
}
