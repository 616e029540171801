//! Messages that are handed to others by a link. What a link leads to is read when it is followed: a message that was
//! deleted since is gone from it.

use identity::crypto::{digest, random_secret};
use schemas::chat::{Message, SharedMessage, SharedMessages};
use surrealdb::types::{RecordId, SurrealValue};

use super::Messages;
use crate::{Database, Result, database::Params};

/// A row of `message_share`.
#[derive(SurrealValue)]
struct ShareRow {
    user: String,
    messages: Vec<String>,
}

/// What the share link with this token contains; `None` when there is no such link, or its messages have been deleted.
pub async fn find_share(database: &Database, token: &str) -> Result<Option<SharedMessages>> {
    let params = Params::new().with("share", RecordId::new("message_share", digest(token)));
    let mut rows: Vec<ShareRow> = database.run("SELECT * FROM $share", params).await?.take(0)?;
    let Some(ShareRow { user, messages }) = rows.pop() else { return Ok(None) };
    let messages = Messages::new(database, &user).export(&messages).await?;
    if messages.is_empty() {
        return Ok(None);
    }
    let params = Params::new().with("sender", RecordId::new("user", user.as_str()));
    let name: Option<String> = database.run("SELECT VALUE name FROM ONLY $sender", params).await?.take(0)?;
    let messages: Vec<SharedMessage> = messages.into_iter().map(shown).collect();
    Ok(Some(SharedMessages { sender_name: name.unwrap_or_default(), count: messages.len(), messages }))
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
        let params = Params::new()
            .with("user", self.user)
            .with("ids", self.records(&distinct))
            .with("share", RecordId::new("message_share", digest(&token)))
            .with("messages", distinct)
            .with("now", crate::now());
        let all: bool = self.database.run(statements, params).await?.take(3)?;
        Ok(all.then_some(token))
    }
}

fn shown(message: Message) -> SharedMessage {
    let Message { id, text, sender, created_at, .. } = message;
    SharedMessage { id, text, sender, created_at }
}
