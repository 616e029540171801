//! Messages that are handed to others by a link. What a link leads to is read when it is followed: a message that was
//! deleted since is gone from it.

use identity::crypto::{digest, random_secret};
use schemas::chat::{Message, SharedMessage, SharedMessages};
use surrealdb::types::{RecordId, SurrealValue};

use super::Messages;
use crate::{Resources, Result, database::Bound};

/// A row of `message_share`.
#[derive(SurrealValue)]
struct ShareRow {
    user: String,
    messages: Vec<String>,
}

impl Resources {
    /// What everybody sees who has the link with this token; `None` when it leads nowhere, or to nothing any more.
    pub async fn shared_messages(&self, token: &str) -> Result<Option<SharedMessages>> {
        let bound = Bound::new().with("share", RecordId::new("message_share", digest(token)));
        let mut rows: Vec<ShareRow> = self.database.run("SELECT * FROM $share", bound).await?.take(0)?;
        let Some(ShareRow { user, messages }) = rows.pop() else { return Ok(None) };
        let messages = self.messages(&user).export(&messages).await?;
        if messages.is_empty() {
            return Ok(None);
        }
        let bound = Bound::new().with("sender", RecordId::new("user", user.as_str()));
        let name: Option<String> = self.database.run("SELECT VALUE name FROM ONLY $sender", bound).await?.take(0)?;
        let messages: Vec<SharedMessage> = messages.into_iter().map(shown).collect();
        Ok(Some(SharedMessages { sender_name: name.unwrap_or_default(), count: messages.len(), messages }))
    }
}

impl Messages<'_> {
    /// Makes a link to these messages; gives the token that it ends with, or `None` when one of them is not there.
    pub async fn share(&self, ids: &[String]) -> Result<Option<String>> {
        let mut distinct: Vec<String> = Vec::with_capacity(ids.len());
        for id in ids {
            if !distinct.contains(id) {
                distinct.push(id.clone());
            }
        }
        let token = random_secret();
        let statements = "BEGIN;
            LET $all = count(SELECT VALUE id FROM $ids) = count($ids);
            IF $all { CREATE $share SET user = $user, messages = $messages, created_at = $now; };
            RETURN $all;
            COMMIT;";
        let bound = Bound::new()
            .with("user", self.user)
            .with("ids", self.records(&distinct))
            .with("share", RecordId::new("message_share", digest(&token)))
            .with("messages", distinct)
            .with("now", crate::now());
        let all: bool = self.resources.database.run(statements, bound).await?.take(3)?;
        Ok(all.then_some(token))
    }
}

fn shown(message: Message) -> SharedMessage {
    let Message { id, text, sender, created_at, .. } = message;
    SharedMessage { id, text, sender, created_at }
}
