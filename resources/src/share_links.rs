//! Share links: a row with a copy of what the link shows, found by the digest of its token. The copy is made when the link is
//! created, so that later changes are not shown; it is deleted with what it is a copy of.

use chrono::{DateTime, Utc};
use identity::crypto::{digest, random_secret};
use schemas::share_link::{ShareLink, ShareLinkKind};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use surrealdb::types::{RecordId, SurrealValue};

use crate::{
    Error, Result,
    database::{Database, Params, name_of, record, value_of},
};

/// How many links a user can have in use.
pub const MAX_SHARE_LINKS: usize = 500;

/// Queries of one user's share links.
pub struct ShareLinks<'a> {
    database: &'a Database,
    user: &'a str,
}

/// The result of creating a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Creation {
    /// It is created.
    Created {
        /// Identifies the link.
        id: String,
        /// The secret that opens it. Only its digest is stored.
        token: String,
    },
    /// Something that it was to show does not exist.
    Missing,
    /// The user has [`MAX_SHARE_LINKS`] links.
    TooMany,
}

/// What a link shows: the id of a row, and the copy that was made of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SharedRow<T> {
    /// The id of the row.
    pub id: String,
    /// The copy.
    #[serde(flatten)]
    pub copy: T,
}

/// A copy of nothing: what is shown is read when the link is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoCopy {}

/// A link that was followed.
#[derive(Debug, Clone)]
pub struct FollowedLink<T> {
    /// The id of the user who shares.
    pub user: String,
    /// The name of the user.
    pub user_name: String,
    /// What it shows, in the order in which it was shared.
    pub rows: Vec<SharedRow<T>>,
    /// The digest of its token.
    pub(crate) key: String,
}

/// What has ended when a user ended all sharing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, SurrealValue)]
pub struct RevokedSharing {
    /// How many links were revoked.
    pub links: i64,
    /// How many conversations were made private.
    pub conversations: i64,
}

/// A row of `share_link`.
#[derive(SurrealValue)]
struct LinkRow {
    link_id: String,
    user: String,
    kind: String,
    items: serde_json::Value,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
}

#[derive(SurrealValue)]
struct FollowedRow {
    user: String,
    kind: String,
    items: serde_json::Value,
    expires_at: Option<DateTime<Utc>>,
    user_name: Option<String>,
    disabled_at: Option<DateTime<Utc>>,
    deleting_at: Option<DateTime<Utc>>,
}

#[derive(SurrealValue)]
struct Outcome {
    exist: bool,
    fits: bool,
}

/// The active link of this kind with this token; `None` when there is none, or its user's account is disabled.
pub async fn follow<T: DeserializeOwned>(
    database: &Database,
    kind: ShareLinkKind,
    token: &str,
) -> Result<Option<FollowedLink<T>>> {
    let key = digest(token);
    let statement = "SELECT user, kind, items, expires_at, type::record('user', user).name AS user_name,
        type::record('user', user).disabled_at AS disabled_at, type::record('user', user).deleting_at AS deleting_at
        FROM ONLY $link";
    let params = Params::new().with("link", link_record(&key));
    let found: Option<FollowedRow> = database.run(statement, params).await?.take(0)?;
    let Some(row) = found else { return Ok(None) };
    let is_active = row.kind == name_of(&kind) && row.expires_at.is_none_or(|end| end > Utc::now());
    let is_open = row.disabled_at.is_none() && row.deleting_at.is_none();
    let Some(user_name) = row.user_name.filter(|_| is_active && is_open) else { return Ok(None) };
    let rows = serde_json::from_value(row.items).map_err(Error::internal)?;
    Ok(Some(FollowedLink { user: row.user, user_name, rows, key }))
}

/// Statements for the transaction that deletes rows of `$user`: links lose the copies of rows that no longer exist, and are
/// deleted when they have none left. There are two of them.
pub(crate) fn forget_deleted(kind: ShareLinkKind) -> String {
    let table = name_of(&kind);
    format!(
        "UPDATE share_link SET items = items.filter(|$item| record::exists(type::record('{table}', [$user, $item.id])))
            WHERE user = $user AND kind = '{table}' RETURN NONE;
        DELETE share_link WHERE user = $user AND items = [] RETURN NONE;"
    )
}

/// The ids, each once.
pub(crate) fn distinct(ids: &[String]) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::with_capacity(ids.len());
    for id in ids {
        if !distinct.contains(id) {
            distinct.push(id.clone());
        }
    }
    distinct
}

impl<'a> ShareLinks<'a> {
    /// Queries of the rows of `user`.
    pub(crate) fn new(database: &'a Database, user: &'a str) -> Self {
        Self { database, user }
    }
}

impl ShareLinks<'_> {
    /// Creates a link that shows these rows, if all of them exist.
    pub async fn create<T: Serialize>(
        &self,
        kind: ShareLinkKind,
        rows: &[SharedRow<T>],
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<Creation> {
        let (token, now) = (random_secret(), crate::now());
        let table = name_of(&kind);
        let originals: Vec<RecordId> = rows.iter().map(|row| record(&table, self.user, &row.id)).collect();
        let link = LinkRow {
            link_id: crate::new_id(),
            user: self.user.to_owned(),
            kind: table,
            items: serde_json::to_value(rows).map_err(Error::internal)?,
            created_at: now,
            expires_at,
        };
        let statements = "BEGIN;
            DELETE share_link WHERE user = $user AND expires_at != NONE AND expires_at <= $now RETURN NONE;
            LET $exist = count(SELECT VALUE id FROM $rows) = count($rows);
            LET $fits = count(SELECT VALUE id FROM share_link WHERE user = $user) < $max;
            IF $exist AND $fits { CREATE $id CONTENT $link RETURN NONE; };
            RETURN { exist: $exist, fits: $fits };
            COMMIT;";
        let id = link.link_id.clone();
        let params = Params::new()
            .with("user", self.user)
            .with("now", now)
            .with("rows", originals)
            .with("max", MAX_SHARE_LINKS as i64)
            .with("id", link_record(&digest(&token)))
            .with("link", link);
        let outcome: Outcome = self.database.run(statements, params).await?.take(5)?;
        Ok(match outcome {
            Outcome { exist: false, .. } => Creation::Missing,
            Outcome { fits: false, .. } => Creation::TooMany,
            Outcome { .. } => Creation::Created { id, token },
        })
    }

    /// The links of this kind that are in use, newest first.
    pub async fn list(&self, kind: ShareLinkKind) -> Result<Vec<ShareLink>> {
        let statement = "SELECT * FROM share_link WHERE user = $user AND kind = $kind ORDER BY created_at DESC";
        let params = Params::new().with("user", self.user).with("kind", name_of(&kind));
        let rows: Vec<LinkRow> = self.database.run(statement, params).await?.take(0)?;
        let is_active = |row: &LinkRow| row.expires_at.is_none_or(|end| end > Utc::now());
        Ok(rows.into_iter().filter(is_active).map(ShareLink::from).collect())
    }

    /// Revokes the link of this kind with this id. Returns whether it existed.
    pub async fn revoke(&self, kind: ShareLinkKind, id: &str) -> Result<bool> {
        let statement = "RETURN count((DELETE share_link WHERE user = $user AND kind = $kind AND link_id = $id
            RETURN BEFORE))";
        let params = Params::new().with("user", self.user).with("kind", name_of(&kind)).with("id", id);
        let revoked: i64 = self.database.run(statement, params).await?.take(0)?;
        Ok(revoked > 0)
    }

    /// Revokes the links to a conversation.
    pub async fn revoke_of_conversation(&self, conversation_id: &str) -> Result<()> {
        let statement =
            "DELETE share_link WHERE user = $user AND kind = 'conversation' AND items[0].id = $id RETURN NONE";
        let params = Params::new().with("user", self.user).with("id", conversation_id);
        self.database.run(statement, params).await.map(drop)
    }

    /// Revokes all links, and makes all conversations private.
    pub async fn revoke_all(&self) -> Result<RevokedSharing> {
        let statements = "BEGIN;
            LET $links = (DELETE share_link WHERE user = $user RETURN BEFORE);
            LET $conversations = (UPDATE conversation SET visibility = 'private', shared_at = NONE, updated_at = $now
                WHERE user = $user AND visibility != 'private' RETURN VALUE cid);
            RETURN { links: count($links), conversations: count($conversations) };
            COMMIT;";
        let params = Params::new().with("user", self.user).with("now", crate::now());
        self.database.run(statements, params).await?.take(3)
    }
}

impl From<LinkRow> for ShareLink {
    fn from(row: LinkRow) -> Self {
        let ids = row.items.as_array().into_iter().flatten().filter_map(|item| item["id"].as_str());
        Self {
            id: row.link_id,
            kind: value_of(&row.kind).unwrap_or(ShareLinkKind::Conversation),
            item_ids: ids.map(str::to_owned).collect(),
            created_at: row.created_at,
            expires_at: row.expires_at,
        }
    }
}

fn link_record(key: &str) -> RecordId {
    RecordId::new("share_link", key)
}
