//! Share links, of messages and of action items: a row with the ids of what is shared, found by a token. The shared rows are
//! read when the link is opened, so that rows deleted since are not shown.

use identity::crypto::{digest, random_secret};
use surrealdb::types::{RecordId, SurrealValue};

use crate::{
    Result,
    database::{Database, Params, record},
};

/// The share links of one kind of row.
pub(crate) struct ShareLinks {
    /// The table of the links.
    pub(crate) table: &'static str,
    /// The table of the shared rows.
    pub(crate) of: &'static str,
    /// The column with the ids of the shared rows.
    pub(crate) column: &'static str,
}

/// An existing share link.
#[derive(Debug, SurrealValue)]
pub(crate) struct ShareLink {
    /// The user who shares.
    pub(crate) user: String,
    /// The name of the user.
    pub(crate) user_name: Option<String>,
    /// The ids of the shared rows, in order.
    pub(crate) ids: Vec<String>,
}

impl ShareLinks {
    /// Creates a link to rows of `user`; returns its token, or `None` when a row does not exist.
    pub(crate) async fn create(&self, database: &Database, user: &str, ids: &[String]) -> Result<Option<String>> {
        let mut distinct: Vec<String> = Vec::with_capacity(ids.len());
        for id in ids {
            if !distinct.contains(id) {
                distinct.push(id.clone());
            }
        }
        let token = random_secret();
        let statements = format!(
            "BEGIN;
            LET $all = count(SELECT VALUE id FROM $rows) = count($rows);
            IF $all {{ CREATE $share SET user = $user, {} = $ids, created_at = $now; }};
            RETURN $all;
            COMMIT;",
            self.column
        );
        let rows: Vec<RecordId> = distinct.iter().map(|id| record(self.of, user, id)).collect();
        let params = Params::new()
            .with("user", user)
            .with("rows", rows)
            .with("share", self.record(&token))
            .with("ids", distinct)
            .with("now", crate::now());
        let has_all: bool = database.run(&statements, params).await?.take(3)?;
        Ok(has_all.then_some(token))
    }

    /// The link with this token.
    pub(crate) async fn find(&self, database: &Database, token: &str) -> Result<Option<ShareLink>> {
        let statement = format!(
            "SELECT user, type::record('user', user).name AS user_name, {} AS ids FROM ONLY $share",
            self.column
        );
        database.run(&statement, Params::new().with("share", self.record(token))).await?.take(0)
    }

    fn record(&self, token: &str) -> RecordId {
        RecordId::new(self.table, digest(token))
    }
}
