//! Action items that are handed to others by a link. What a link leads to is read when it is followed: an item that was
//! deleted since is gone from it.

use identity::crypto::{digest, random_secret};
use schemas::action_item::{ActionItem, SharedActionItem, SharedActionItems};
use surrealdb::types::{RecordId, SurrealValue};

use super::{ActionItems, NewActionItem, row::ActionItemRow, values};
use crate::{
    Database, Index, Result,
    database::{Params, record},
    outbox::{self, Kind},
};

/// What a link leads to.
#[derive(Debug, Clone)]
pub struct Share {
    /// The id of the user who shares.
    pub sender: String,
    /// What to call them.
    pub sender_name: String,
    /// The items, in the order in which they were shared.
    pub items: Vec<ActionItem>,
    key: String,
}

/// What became of taking over what is shared.
#[derive(Debug, Clone)]
pub enum Acceptance {
    /// These copies were made.
    Copied(Vec<ActionItem>),
    /// The user has copies already.
    Before,
}

/// A row of `action_item_share`.
#[derive(SurrealValue)]
struct ShareRow {
    user: String,
    items: Vec<String>,
}

/// What the share link with this token contains; `None` when there is no such link, or its items have been deleted.
pub async fn find_share(database: &Database, index: &Index, token: &str) -> Result<Option<Share>> {
    let key = digest(token);
    let statement = "SELECT * FROM $share";
    let params = Params::new().with("share", RecordId::new("action_item_share", key.as_str()));
    let mut rows: Vec<ShareRow> = database.run(statement, params).await?.take(0)?;
    let Some(ShareRow { user, items }) = rows.pop() else { return Ok(None) };
    let items = ActionItems::new(database, index, &user).get_many(&items).await?;
    if items.is_empty() {
        return Ok(None);
    }
    let params = Params::new().with("sender", RecordId::new("user", user.as_str()));
    let name: Option<String> = database.run("SELECT VALUE name FROM ONLY $sender", params).await?.take(0)?;
    Ok(Some(Share { sender: user, sender_name: name.unwrap_or_default(), items, key }))
}

impl Share {
    /// What everybody sees who has the link.
    pub fn shown(&self) -> SharedActionItems {
        let show = |item: &ActionItem| SharedActionItem { description: item.description.clone(), due_at: item.due_at };
        let tasks: Vec<_> = self.items.iter().map(show).collect();
        SharedActionItems { sender_name: self.sender_name.clone(), count: tasks.len(), tasks }
    }
}

impl ActionItems<'_> {
    /// Makes a link to these action items; gives the token that it ends with, or `None` when one of them is not there.
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
            IF $all { CREATE $share SET user = $user, items = $items, created_at = $now; };
            RETURN $all;
            COMMIT;";
        let params = self
            .params()
            .with("ids", self.records(&distinct))
            .with("share", RecordId::new("action_item_share", digest(&token)))
            .with("items", distinct)
            .with("now", crate::now());
        let all: bool = self.database.run(statements, params).await?.take(3)?;
        Ok(all.then_some(token))
    }

    /// Writes copies of what is shared, once for each user.
    pub async fn accept(&self, share: &Share, copies: &[NewActionItem]) -> Result<Acceptance> {
        let _writing = self.index.outbox.writing().await;
        let rows: Vec<ActionItemRow> = copies.iter().map(|new| ActionItemRow::new(self.user, new)).collect();
        let ids: Vec<String> = rows.iter().map(|row| row.aid.clone()).collect();
        let statements = "BEGIN;
            LET $before = (SELECT VALUE id FROM ONLY $acceptance) != NONE;
            LET $written = IF $before { [] } ELSE {
                CREATE $acceptance SET at = $now;
                INSERT INTO outbox $outbox;
                (INSERT INTO action_item $rows)
            };
            RETURN $written;
            COMMIT;";
        let params = Params::new()
            .with("acceptance", record("action_item_acceptance", &share.key, self.user))
            .with("now", crate::now())
            .with("outbox", outbox::rows(Kind::ActionItem, self.user, &ids))
            .with("rows", values(&rows));
        let written: Vec<ActionItemRow> = self.database.run(statements, params).await?.take(3)?;
        if written.is_empty() {
            return Ok(Acceptance::Before);
        }
        self.index.index_rows(self.user, &written).await;
        Ok(Acceptance::Copied(written.into_iter().map(ActionItem::from).collect()))
    }
}
