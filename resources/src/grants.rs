//! Grants: what users have let MCP clients do through OAuth, and the tokens by which the clients do it.
//!
//! Tokens are opaque. Of each only a hash is kept, so that a look into the database opens no door, and revoking needs no
//! list of the revoked: the row is gone.

mod authorization_codes;
mod browser_sessions;
mod client_metadata;
mod clients;
mod redirect_uris;
mod row;
mod tokens;

use std::sync::Arc;

use schemas::grant::Grant;
use serde::Deserialize;
use surrealdb::types::RecordId;

pub use authorization_codes::{Agreement, Exchange};
pub use browser_sessions::{Browsers, browser_challenge, form_secret, is_form_secret, new_browser_secret};
pub(crate) use client_metadata::Documents;
pub use clients::{Client, Clients, NewClient, NoClient, RegisteredClient, Vouched, is_document};
pub use redirect_uris::{is_loopback, is_redirect, is_same_redirect};
pub use tokens::{Denied, Issued};

use crate::{
    Resources, Result,
    database::{Bound, record},
    keys::{GrantedKey, digest},
    ttl_cache::Lately,
    users::Standing,
};
use row::{AccessRow, GrantRow};

/// What every access token starts with.
pub const ACCESS_PREFIX: &str = "omi_oat_";

/// How long codes and tokens live, and which clients may ask for them.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GrantSettings {
    /// Whether clients may register themselves.
    pub registration: bool,
    /// Whether metadata documents may lie on this machine and in private networks, and come without TLS.
    pub allow_private_metadata: bool,
    /// Where the old client `omi` may be sent back to.
    pub omi_redirects: Vec<String>,
    /// How long an access token lives, in seconds.
    pub access_seconds: u32,
    /// How long a code lives, in seconds.
    pub code_seconds: u32,
    /// How long a refresh token lives that is not used, in days.
    pub refresh_days: u32,
}

impl Default for GrantSettings {
    fn default() -> Self {
        Self {
            registration: false,
            allow_private_metadata: false,
            omi_redirects: Vec::new(),
            access_seconds: 3600,
            code_seconds: 600,
            refresh_days: 365,
        }
    }
}

/// Access tokens found lately, by their hash.
#[derive(Default)]
pub(crate) struct GrantCache(Lately<Arc<GrantedKey>>);

/// The grants of every user; each call names whose.
pub struct Grants<'a>(pub(crate) &'a Resources);

impl Grants<'_> {
    /// The grants of `user`, newest first.
    pub async fn list(&self, user: &str) -> Result<Vec<Grant>> {
        let statement = "SELECT * FROM oauth_grant:[$user, NONE]..=[$user, {}] WHERE expires_at > $now";
        let bound = Bound::new().with("user", user).with("now", crate::now());
        let mut rows: Vec<GrantRow> = self.0.database.run(statement, bound).await?.take(0)?;
        rows.sort_by_key(|row| std::cmp::Reverse(row.created_at));
        Ok(rows.into_iter().map(GrantRow::listed).collect())
    }

    /// Takes a grant of `user` away, and every token with it, at once; `false` where there is none.
    pub async fn revoke(&self, user: &str, id: &str) -> Result<bool> {
        let statements = "BEGIN;
            DELETE $grant RETURN BEFORE;
            DELETE oauth_access WHERE user = $user AND grant_id = $id RETURN BEFORE;
            COMMIT;";
        let bound = Bound::new().with("grant", grant_record(user, id)).with("user", user).with("id", id);
        let mut answers = self.0.database.run(statements, bound).await?;
        let gone: Vec<GrantRow> = answers.take(1)?;
        let tokens: Vec<AccessRow> = answers.take(2)?;
        tokens.iter().for_each(|row| self.0.grant_cache.0.forget(&row.digest));
        self.0.endings.end(id);
        Ok(!gone.is_empty())
    }

    /// What the access token `raw` may do, as a key that the client holds.
    pub async fn find(&self, raw: &str) -> Result<Option<Arc<GrantedKey>>> {
        let Some(secret) = raw.strip_prefix(ACCESS_PREFIX).filter(|secret| secret.is_ascii()) else { return Ok(None) };
        let (digest, GrantCache(lately)) = (digest(secret), &self.0.grant_cache);
        if let Some(key) = lately.get(&digest, &self.0.database) {
            return Ok(Some(key).filter(|key| !key.is_over()));
        }
        let before = lately.before();
        let bound = Bound::new().with("id", access_record(&digest));
        let rows: Vec<AccessRow> = self.0.database.run("SELECT * FROM $id", bound).await?.take(0)?;
        let Some(row) = rows.into_iter().next() else { return Ok(None) };
        let ended = self.0.endings.of(&row.grant_id);
        let key = Arc::new(row.granted(secret, ended));
        lately.keep(&digest, Arc::clone(&key), before);
        Ok(Some(key).filter(|key| !key.is_over()))
    }

    /// Writes down that a grant was used just now.
    pub async fn note_use(&self, key: &GrantedKey) -> Result<()> {
        let statement = "UPDATE $id SET last_used_at = $now RETURN NONE";
        let bound = Bound::new().with("id", grant_record(&key.user, &key.id)).with("now", crate::now());
        self.0.database.run(statement, bound).await.map(drop)
    }

    /// Takes away what has run out. A code stays for a day after that, to be known when it comes a second time.
    async fn sweep(&self) -> Result<()> {
        let statements = "DELETE oauth_code WHERE expires_at < $yesterday;
            DELETE oauth_access WHERE expires_at < $now;
            DELETE oauth_grant WHERE expires_at < $now;
            DELETE oauth_browser WHERE expires_at < $now;";
        let now = crate::now();
        let bound = Bound::new().with("now", now).with("yesterday", now - chrono::TimeDelta::days(1));
        self.0.database.run(statements, bound).await.map(drop)
    }
}

/// Whether a user may come in at present: nobody is given anything for one who is locked out, or is leaving.
async fn admits(resources: &Resources, user: &str) -> Result<bool> {
    Ok(matches!(resources.users().standing(user).await?, Standing::Active(_)))
}

fn grant_record(user: &str, id: &str) -> RecordId {
    record("oauth_grant", user, id)
}

fn access_record(digest: &str) -> RecordId {
    RecordId::new("oauth_access", digest)
}
