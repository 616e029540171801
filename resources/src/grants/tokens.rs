//! Tokens: issued, refreshed, given back.

use chrono::{TimeDelta, Utc};

use super::{
    ACCESS_PREFIX, Grants, access_record, admits, grant_record,
    row::{AccessRow, GrantRow},
};
use crate::{
    Result,
    database::{Bound, row},
    keys::{GRACE, digest, next_secret, random_secret},
};

/// What every refresh token starts with. Then come the half that stays, 32 characters, and the half that changes.
const REFRESH_PREFIX: &str = "omi_ort_";
const STAYS: usize = 32;

/// Tokens, shown this once.
#[derive(Clone)]
pub struct Issued {
    /// Opens the MCP endpoint.
    pub access_token: String,
    /// Gets the next ones; `None` for a client that takes none.
    pub refresh_token: Option<String>,
    /// How long the access token lives, in seconds.
    pub expires_in: u32,
    /// What it may do.
    pub scopes: Vec<String>,
}

/// Why no tokens are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// The code or the refresh token is no good: `invalid_grant`.
    Grant(&'static str),
    /// More is asked for than was granted: `invalid_scope`.
    Scope(&'static str),
    /// It is asked for another address than was granted: `invalid_target`.
    Target(&'static str),
}

/// The client's user is locked out, or their account is being deleted.
pub(super) const SHUT_OUT: Denied = Denied::Grant("The account may not come in at present");

/// A grant about to be made.
pub(super) struct NewGrant<'a> {
    pub(super) user: &'a str,
    pub(super) client_id: &'a str,
    pub(super) client_name: &'a str,
    pub(super) refreshes: bool,
    pub(super) resource: &'a str,
    pub(super) scopes: &'a [String],
}

/// The rows of a new grant.
pub(super) struct Rows {
    grant: GrantRow,
    token: AccessRow,
}

impl Rows {
    /// Both, and the grant's id, for a statement.
    pub(super) fn bound(self) -> Bound {
        let (grant, token) = (self.grant, self.token);
        Bound::new()
            .with("grant_id", grant.grant_id.clone())
            .with("grant", row(grant_record(&grant.user, &grant.grant_id), grant))
            .with("token_row", row(access_record(&token.digest), token))
    }
}

impl Grants<'_> {
    /// Tokens of a new grant, and its rows.
    pub(super) fn new_grant(&self, new: NewGrant<'_>) -> (Issued, Rows) {
        let (now, settings) = (crate::now(), &self.0.grant_settings);
        let (family, secret) = (random_secret(), long_secret());
        let lifetime = match new.refreshes {
            true => TimeDelta::days(settings.refresh_days.into()),
            false => TimeDelta::seconds(settings.access_seconds.into()),
        };
        let grant = GrantRow {
            grant_id: crate::new_id(),
            user: new.user.to_owned(),
            client_id: new.client_id.to_owned(),
            client_name: new.client_name.to_owned(),
            resource: new.resource.to_owned(),
            scopes: new.scopes.to_vec(),
            created_at: now,
            last_used_at: None,
            expires_at: now + lifetime,
            family: new.refreshes.then(|| digest(&family)),
            refresh: new.refreshes.then(|| digest(&secret)),
            previous: None,
            salt: None,
            rotated_at: None,
        };
        let (access_token, token) = self.new_access(&grant, new.scopes.to_vec());
        let issued = Issued {
            access_token,
            refresh_token: new.refreshes.then(|| format!("{REFRESH_PREFIX}{family}{secret}")),
            expires_in: settings.access_seconds,
            scopes: new.scopes.to_vec(),
        };
        (issued, Rows { grant, token })
    }

    /// Gives the next tokens for a refresh token of `client_id`. One that was used before ends its grant, since two hold
    /// it.
    pub async fn refresh(
        &self,
        raw: &str,
        client_id: &str,
        scopes: Option<Vec<String>>,
        resource: Option<&str>,
    ) -> Result<Result<Issued, Denied>> {
        let unknown = || Ok(Err(Denied::Grant("The refresh token is unknown, has expired or was revoked")));
        let Some((family, secret)) = halves(raw) else { return unknown() };
        // Once more when another request with the same token was quicker: it is answered as that one was.
        for _ in 0..2 {
            let Some(grant) = self.of_family(family).await? else { return unknown() };
            if grant.client_id != client_id || grant.expires_at <= Utc::now() {
                return unknown();
            }
            let Some((next, salt)) = follow_up(&grant, secret) else {
                return self.refuse_stale(&grant).await;
            };
            if !admits(self.0, &grant.user).await? {
                return Ok(Err(SHUT_OUT));
            }
            if resource.is_some_and(|resource| resource != grant.resource) {
                return Ok(Err(Denied::Target("resource is not the one that the user agreed to")));
            }
            let scopes = scopes.clone().filter(|asked| !asked.is_empty()).unwrap_or_else(|| grant.scopes.clone());
            if scopes.iter().any(|scope| !grant.scopes.contains(scope)) {
                return Ok(Err(Denied::Scope("The user has not granted all of these scopes")));
            }
            let (access_token, token) = self.new_access(&grant, scopes.clone());
            if self.rotate(&grant, secret, &next, salt, token).await? {
                let refresh_token = Some(format!("{REFRESH_PREFIX}{family}{next}"));
                let expires_in = self.0.grant_settings.access_seconds;
                return Ok(Ok(Issued { access_token, refresh_token, expires_in, scopes }));
            }
        }
        unknown()
    }

    /// Takes back what a token of `client_id` stands for: a refresh token its grant, an access token itself. `false` where
    /// it is another client's.
    pub async fn give_back(&self, raw: &str, client_id: &str) -> Result<bool> {
        if let Some((family, _)) = halves(raw) {
            let Some(grant) = self.of_family(family).await? else { return Ok(true) };
            let is_theirs = grant.client_id == client_id;
            if is_theirs {
                self.revoke(&grant.user, &grant.grant_id).await?;
            }
            return Ok(is_theirs);
        }
        let Some(key) = self.find(raw).await? else { return Ok(true) };
        let is_theirs = key.listed.app_id.as_deref() == Some(client_id);
        if is_theirs {
            let digest = digest(raw.trim_start_matches(ACCESS_PREFIX));
            self.0.database.run("DELETE $id", Bound::new().with("id", access_record(&digest))).await?;
            self.0.grant_cache.0.forget(&digest);
        }
        Ok(is_theirs)
    }

    async fn of_family(&self, family: &str) -> Result<Option<GrantRow>> {
        let statement = "SELECT * FROM oauth_grant WHERE family = $family";
        let bound = Bound::new().with("family", digest(family));
        let rows: Vec<GrantRow> = self.0.database.run(statement, bound).await?.take(0)?;
        Ok(rows.into_iter().next())
    }

    /// Puts the next refresh token in the place of the one that `grant` was read with; `false` when that is there no more.
    async fn rotate(
        &self,
        grant: &GrantRow,
        secret: &str,
        next: &str,
        salt: Option<String>,
        token: AccessRow,
    ) -> Result<bool> {
        // Without a salt the next token is in its place already: then only an access token is added.
        let statements = "BEGIN;
            LET $rows = (UPDATE $grant SET
                refresh = $next,
                previous = $given,
                salt = $salt ?? salt,
                rotated_at = IF $salt { $now } ELSE { rotated_at },
                expires_at = $expires_at
                WHERE refresh = $current RETURN AFTER);
            DELETE oauth_access WHERE user = $user AND grant_id = $grant_id AND expires_at < $now;
            IF count($rows) > 0 { INSERT INTO oauth_access $token_row; };
            RETURN count($rows);
            COMMIT;";
        let now = crate::now();
        let bound = Bound::new()
            .with("grant", grant_record(&grant.user, &grant.grant_id))
            .with("user", grant.user.as_str())
            .with("grant_id", grant.grant_id.as_str())
            .with("current", grant.refresh.clone())
            .with("given", digest(secret))
            .with("next", digest(next))
            .with("salt", salt)
            .with("now", now)
            .with("expires_at", now + TimeDelta::days(self.0.grant_settings.refresh_days.into()))
            .with("token_row", row(access_record(&token.digest), token));
        let rows: Option<i64> = self.0.database.run(statements, bound).await?.take(4)?;
        Ok(rows == Some(1))
    }

    async fn refuse_stale(&self, grant: &GrantRow) -> Result<Result<Issued, Denied>> {
        self.revoke(&grant.user, &grant.grant_id).await?;
        let (user, client) = (&grant.user, &grant.client_id);
        tracing::warn!(user, client, "a refresh token was used twice: its grant is revoked");
        Ok(Err(Denied::Grant("The refresh token was used before; the grant is revoked")))
    }

    /// A new access token of a grant, and its row.
    fn new_access(&self, grant: &GrantRow, scopes: Vec<String>) -> (String, AccessRow) {
        let (secret, now) = (long_secret(), crate::now());
        let row = AccessRow {
            digest: digest(&secret),
            grant_id: grant.grant_id.clone(),
            user: grant.user.clone(),
            client_id: grant.client_id.clone(),
            client_name: grant.client_name.clone(),
            resource: grant.resource.clone(),
            scopes,
            created_at: now,
            expires_at: now + TimeDelta::seconds(self.0.grant_settings.access_seconds.into()),
        };
        (format!("{ACCESS_PREFIX}{secret}"), row)
    }
}

/// What comes after `secret` in this grant: the next half that changes, and the salt it was made with where it is new.
/// `None` when the secret is neither the last one nor, for a short while, the one before.
fn follow_up(grant: &GrantRow, secret: &str) -> Option<(String, Option<String>)> {
    let given = Some(digest(secret));
    if grant.refresh == given {
        let salt = random_secret();
        return Some((next_secret(secret, &salt), Some(salt)));
    }
    let is_recent = grant.rotated_at.is_some_and(|time| Utc::now() - time < GRACE);
    let salt = grant.salt.as_deref().filter(|_| is_recent && grant.previous == given)?;
    Some((next_secret(secret, salt), None))
}

/// The half of a refresh token that stays, and the half that changes.
fn halves(raw: &str) -> Option<(&str, &str)> {
    raw.strip_prefix(REFRESH_PREFIX)?.split_at_checked(STAYS)
}

/// 64 hexadecimal characters that nobody can guess.
pub(super) fn long_secret() -> String {
    random_secret() + &random_secret()
}
