//! Sharing action items by link.

use chrono::{DateTime, Utc};
use schemas::{
    action_item::{ActionItem, SharedActionItem, SharedActionItems},
    share_link::ShareLinkKind,
};

use super::{ActionItems, NewActionItem, row::ActionItemRow, values};
use crate::{
    Database, Result,
    database::{Params, record},
    outbox::{self, Kind},
    share_links::{self, Creation, ShareLinks, SharedRow},
};

/// What a link leads to.
#[derive(Debug, Clone)]
pub struct Share {
    /// The id of the user who shares.
    pub sender: String,
    /// What to call them.
    pub sender_name: String,
    /// The items as they were when they were shared, in that order.
    pub items: Vec<SharedActionItem>,
    key: String,
}

/// The result of accepting shared items.
#[derive(Debug, Clone)]
pub enum Acceptance {
    /// These copies were made.
    Copied(Vec<ActionItem>),
    /// The user has accepted them before.
    AlreadyAccepted,
}

/// What the share link with this token shows; `None` when there is no such link.
pub async fn find_share(database: &Database, token: &str) -> Result<Option<Share>> {
    let followed = share_links::follow::<SharedActionItem>(database, ShareLinkKind::ActionItem, token).await?;
    Ok(followed.map(|link| Share {
        sender: link.user,
        sender_name: link.user_name,
        items: link.rows.into_iter().map(|row| row.copy).collect(),
        key: link.key,
    }))
}

impl Share {
    /// The items as everybody with the link sees them.
    pub fn to_public(&self) -> SharedActionItems {
        let tasks = self.items.clone();
        SharedActionItems { sender_name: self.sender_name.clone(), count: tasks.len(), tasks }
    }
}

impl ActionItems<'_> {
    /// Creates a link to these action items as they are now.
    pub async fn share(&self, ids: &[String], expires_at: Option<DateTime<Utc>>) -> Result<Creation> {
        let ids = share_links::distinct(ids);
        let items = self.get_many(&ids).await?;
        if items.len() < ids.len() {
            return Ok(Creation::Missing);
        }
        let copy = |item: ActionItem| {
            let ActionItem { id, description, due_at, .. } = item;
            SharedRow { id, copy: SharedActionItem { description, due_at } }
        };
        let rows: Vec<_> = items.into_iter().map(copy).collect();
        ShareLinks::new(self.database, self.user).create(ShareLinkKind::ActionItem, &rows, expires_at).await
    }

    /// Creates copies of shared items, once for each user.
    pub async fn accept(&self, share: &Share, copies: &[NewActionItem]) -> Result<Acceptance> {
        let _writing = self.index.outbox.begin_write().await;
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
            return Ok(Acceptance::AlreadyAccepted);
        }
        self.index.index_rows(self.user, &written).await;
        Ok(Acceptance::Copied(written.into_iter().map(ActionItem::from).collect()))
    }
}
