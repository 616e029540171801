//! Browser sessions: where users are signed in to authorize clients.

use std::time::Duration;

use chrono::{DateTime, Utc};
use identity::crypto::digest;
use surrealdb::types::{RecordId, SurrealValue};

use super::is_active;
use crate::{
    Resources, Result,
    database::{Params, row},
    users::User,
};

/// How long a browser stays signed in, unless its user decides before.
pub const BROWSER_SESSION_TTL: Duration = Duration::from_secs(15 * 60);

/// A row of `oauth_browser`.
#[derive(SurrealValue)]
struct BrowserSessionRow {
    user: String,
    expires_at: DateTime<Utc>,
}

/// The browser sessions of all users, each known by the secret in its cookie.
pub struct BrowserSessions<'a>(pub(crate) &'a Resources);

impl BrowserSessions<'_> {
    /// Signs `user` in; the browser keeps `secret` as its cookie.
    pub async fn sign_in(&self, secret: &str, user: &str) -> Result<()> {
        let fields = BrowserSessionRow { user: user.to_owned(), expires_at: crate::now() + BROWSER_SESSION_TTL };
        let params = Params::new().with("row", row(browser_session_record(secret), fields));
        self.0.database.run("INSERT INTO oauth_browser $row", params).await.map(drop)
    }

    /// The user of the session with this secret, whose account is active.
    pub async fn user(&self, secret: &str) -> Result<Option<User>> {
        let params = Params::new().with("id", browser_session_record(secret));
        let rows: Vec<BrowserSessionRow> = self.0.database.run("SELECT * FROM $id", params).await?.take(0)?;
        match rows.into_iter().next().filter(|row| row.expires_at > Utc::now()) {
            Some(row) if is_active(self.0, &row.user).await? => self.0.users().find(&row.user).await,
            _ => Ok(None),
        }
    }

    /// Ends the session with this secret.
    pub async fn sign_out(&self, secret: &str) -> Result<()> {
        self.0.database.run("DELETE $id", Params::new().with("id", browser_session_record(secret))).await.map(drop)
    }
}

fn browser_session_record(secret: &str) -> RecordId {
    RecordId::new("oauth_browser", digest(secret))
}
