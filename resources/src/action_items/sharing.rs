//! Sharing action items by link.

use identity::crypto::digest;
use schemas::action_item::{ActionItem, SharedActionItem, SharedActionItems};

use super::{ActionItems, NewActionItem, row::ActionItemRow, values};
use crate::{
    Database, Index, Result,
    database::{Params, record},
    outbox::{self, Kind},
    share_links::ShareLinks,
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

/// The result of accepting shared items.
#[derive(Debug, Clone)]
pub enum Acceptance {
    /// These copies were made.
    Copied(Vec<ActionItem>),
    /// The user has accepted them before.
    AlreadyAccepted,
}

const LINKS: ShareLinks = ShareLinks { table: "action_item_share", of: "action_item", column: "items" };

/// What the share link with this token contains; `None` when there is no such link, or its items have been deleted.
pub async fn find_share(database: &Database, index: &Index, token: &str) -> Result<Option<Share>> {
    let Some(link) = LINKS.find(database, token).await? else { return Ok(None) };
    let items = ActionItems::new(database, index, &link.user).get_many(&link.ids).await?;
    if items.is_empty() {
        return Ok(None);
    }
    Ok(Some(Share { sender: link.user, sender_name: link.user_name.unwrap_or_default(), items, key: digest(token) }))
}

impl Share {
    /// The items as everybody with the link sees them.
    pub fn to_public(&self) -> SharedActionItems {
        let show = |item: &ActionItem| SharedActionItem { description: item.description.clone(), due_at: item.due_at };
        let tasks: Vec<_> = self.items.iter().map(show).collect();
        SharedActionItems { sender_name: self.sender_name.clone(), count: tasks.len(), tasks }
    }
}

impl ActionItems<'_> {
    /// Creates a link to these action items; returns its token, or `None` when one of them does not exist.
    pub async fn share(&self, ids: &[String]) -> Result<Option<String>> {
        LINKS.create(self.database, self.user, ids).await
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
