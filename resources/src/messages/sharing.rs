//! Sharing messages by link.

use chrono::{DateTime, Utc};
use schemas::{
    chat::{Message, Sender, SharedMessage, SharedMessages},
    share_link::ShareLinkKind,
};
use serde::{Deserialize, Serialize};

use super::Messages;
use crate::{
    Database, Result,
    share_links::{self, Creation, ShareLinks, SharedRow},
};

/// What a link shows of a message.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct MessageCopy {
    text: String,
    sender: Sender,
    created_at: DateTime<Utc>,
}

/// What the share link with this token shows; `None` when there is no such link.
pub async fn find_share(database: &Database, token: &str) -> Result<Option<SharedMessages>> {
    let followed = share_links::follow::<MessageCopy>(database, ShareLinkKind::Message, token).await?;
    Ok(followed.map(|link| {
        let messages: Vec<SharedMessage> = link.rows.into_iter().map(public_message).collect();
        SharedMessages { sender_name: link.user_name, count: messages.len(), messages }
    }))
}

impl Messages<'_> {
    /// Creates a link to these messages as they are now.
    pub async fn share(&self, ids: &[String], expires_at: Option<DateTime<Utc>>) -> Result<Creation> {
        let ids = share_links::distinct(ids);
        let messages = self.export(&ids).await?;
        if messages.len() < ids.len() {
            return Ok(Creation::Missing);
        }
        let copy = |message: Message| {
            let Message { id, text, sender, created_at, .. } = message;
            SharedRow { id, copy: MessageCopy { text, sender, created_at } }
        };
        let rows: Vec<_> = messages.into_iter().map(copy).collect();
        ShareLinks::new(self.database, self.user).create(ShareLinkKind::Message, &rows, expires_at).await
    }
}

fn public_message(row: SharedRow<MessageCopy>) -> SharedMessage {
    let MessageCopy { text, sender, created_at } = row.copy;
    SharedMessage { id: row.id, text, sender, created_at }
}
