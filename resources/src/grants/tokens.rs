//! OAuth tokens: issued, refreshed and revoked.

use chrono::{TimeDelta, Utc};
use identity::{
    crypto::{digest, long_random_secret, random_secret},
    rotation::{RotatingSecret, Successor},
};

use super::{
    ACCESS_PREFIX, AccessTokenRow, GrantRow, Grants, access_token_record, grant_record, is_active, is_same_server,
};
use crate::{
    Result,
    database::{Params, row},
};

/// The prefix of refresh tokens. Then follow the constant part, of [`FAMILY_LENGTH`], and the part that changes with
/// every use.
const REFRESH_PREFIX: &str = "omi_ort_";

/// Length of the constant part of a refresh token, in characters.
const FAMILY_LENGTH: usize = 32;

/// A token response; the tokens are shown only once.
#[derive(Clone)]
pub struct IssuedTokens {
    /// The access token for the MCP endpoint.
    pub access_token: String,
    /// The refresh token; `None` for a client that takes none.
    pub refresh_token: Option<String>,
    /// Lifetime of the access token, in seconds.
    pub expires_in: u32,
    /// What the access token may do.
    pub scopes: Vec<String>,
}

/// Why a token request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenError {
    /// `invalid_grant`: the code or the refresh token is not valid.
    InvalidGrant(&'static str),
    /// `invalid_scope`: the request exceeds the granted scopes.
    InvalidScope(&'static str),
    /// `invalid_target`: the request is for another resource.
    InvalidTarget(&'static str),
}

/// The user's account is not active.
pub(super) const INACTIVE_ACCOUNT: TokenError = TokenError::InvalidGrant("Account is disabled or being deleted");

/// A grant to be created.
pub(super) struct NewGrant<'a> {
    pub(super) user: &'a str,
    pub(super) client_id: &'a str,
    pub(super) client_name: &'a str,
    pub(super) refreshes: bool,
    pub(super) resource: &'a str,
    pub(super) scopes: &'a [String],
}

/// The rows of a new grant.
pub(super) struct NewGrantRows {
    grant: GrantRow,
    token: AccessTokenRow,
}

impl NewGrantRows {
    /// The parameters `$grant_id`, `$grant` and `$token_row`.
    pub(super) fn params(self) -> Params {
        let (grant, token) = (self.grant, self.token);
        Params::new()
            .with("grant_id", grant.grant_id.clone())
            .with("grant", row(grant_record(&grant.user, &grant.grant_id), grant))
            .with("token_row", row(access_token_record(&token.digest), token))
    }
}

impl Grants<'_> {
    /// The tokens of a new grant, and its rows, which are still to be inserted.
    pub(super) fn new_grant(&self, new: NewGrant<'_>) -> (IssuedTokens, NewGrantRows) {
        let (now, settings) = (crate::now(), &self.0.grant_settings);
        let (family, secret) = (random_secret(), long_random_secret());
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
        let (access_token, token) = self.new_access_token(&grant, new.scopes.to_vec());
        let issued = IssuedTokens {
            access_token,
            refresh_token: new.refreshes.then(|| format!("{REFRESH_PREFIX}{family}{secret}")),
            expires_in: settings.access_seconds,
            scopes: new.scopes.to_vec(),
        };
        (issued, NewGrantRows { grant, token })
    }

    /// Exchanges a refresh token of `client_id` for new tokens; without `scopes`, for all that were granted. `resource`, if
    /// given, is a URL of the MCP endpoint. The
    /// token before the valid one gets the same successor for some minutes. Reuse of any other replaced token revokes the
    /// grant: it has been stolen.
    pub async fn refresh(
        &self,
        raw: &str,
        client_id: &str,
        scopes: Vec<String>,
        resource: Option<&str>,
    ) -> Result<Result<IssuedTokens, TokenError>> {
        let unknown = || Ok(Err(TokenError::InvalidGrant("The refresh token is unknown, has expired or was revoked")));
        let Some((family, secret)) = split_refresh_token(raw) else { return unknown() };
        // Again if a concurrent request with the same token came first: both get the same successor.
        for _ in 0..2 {
            let Some(grant) = self.find_by_family(family).await? else { return unknown() };
            if grant.client_id != client_id || grant.expires_at <= Utc::now() {
                return unknown();
            }
            let Some(next) = grant.successor_of(secret) else {
                return self.revoke_reused_token(&grant).await;
            };
            if !is_active(self.0, &grant.user).await? {
                return Ok(Err(INACTIVE_ACCOUNT));
            }
            if resource.is_some_and(|resource| !is_same_server(resource, &grant.resource)) {
                let sentence = "resource differs from the one in the authorization request";
                return Ok(Err(TokenError::InvalidTarget(sentence)));
            }
            let scopes = if scopes.is_empty() { grant.scopes.clone() } else { scopes.clone() };
            if scopes.iter().any(|scope| !grant.scopes.contains(scope)) {
                return Ok(Err(TokenError::InvalidScope("scope exceeds the scopes that were granted")));
            }
            let (access_token, token) = self.new_access_token(&grant, scopes.clone());
            if self.rotate(&grant, secret, &next, token).await? {
                let refresh_token = Some(format!("{REFRESH_PREFIX}{family}{}", next.secret));
                let expires_in = self.0.grant_settings.access_seconds;
                return Ok(Ok(IssuedTokens { access_token, refresh_token, expires_in, scopes }));
            }
        }
        unknown()
    }

    /// Revokes a token of `client_id` (RFC 7009): a refresh token with its grant, an access token alone. `false` when
    /// it was issued to another client.
    pub async fn revoke_token(&self, raw: &str, client_id: &str) -> Result<bool> {
        if let Some((family, _)) = split_refresh_token(raw) {
            let Some(grant) = self.find_by_family(family).await? else { return Ok(true) };
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
            self.0.database.run("DELETE $id", Params::new().with("id", access_token_record(&digest))).await?;
            self.0.auth.access_tokens.invalidate(&digest);
        }
        Ok(is_theirs)
    }

    async fn find_by_family(&self, family: &str) -> Result<Option<GrantRow>> {
        let statement = "SELECT * FROM oauth_grant WHERE family = $family";
        let params = Params::new().with("family", digest(family));
        let rows: Vec<GrantRow> = self.0.database.run(statement, params).await?.take(0)?;
        Ok(rows.into_iter().next())
    }

    /// Replaces the refresh token that `grant` was read with, and stores an access token; `false` when another request
    /// has replaced it.
    async fn rotate(&self, grant: &GrantRow, secret: &str, next: &Successor, token: AccessTokenRow) -> Result<bool> {
        // Without a new salt, the rotation has taken place already: only the access token is added.
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
        let params = Params::new()
            .with("grant", grant_record(&grant.user, &grant.grant_id))
            .with("user", grant.user.as_str())
            .with("grant_id", grant.grant_id.as_str())
            .with("current", grant.refresh.clone())
            .with("given", digest(secret))
            .with("next", digest(&next.secret))
            .with("salt", next.new_salt.clone())
            .with("now", now)
            .with("expires_at", now + TimeDelta::days(self.0.grant_settings.refresh_days.into()))
            .with("token_row", row(access_token_record(&token.digest), token));
        let rows: Option<i64> = self.0.database.run(statements, params).await?.take(4)?;
        Ok(rows == Some(1))
    }

    async fn revoke_reused_token(&self, grant: &GrantRow) -> Result<Result<IssuedTokens, TokenError>> {
        self.revoke(&grant.user, &grant.grant_id).await?;
        let (user, client) = (&grant.user, &grant.client_id);
        tracing::warn!(user, client, "refresh token reused: its grant was revoked");
        Ok(Err(TokenError::InvalidGrant("The refresh token was used before; its grant is revoked")))
    }

    /// A new access token of a grant, and its row.
    fn new_access_token(&self, grant: &GrantRow, scopes: Vec<String>) -> (String, AccessTokenRow) {
        let (secret, now) = (long_random_secret(), crate::now());
        let row = AccessTokenRow {
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

impl GrantRow {
    /// The changing part of the refresh token after the one with this `secret`.
    fn successor_of(&self, secret: &str) -> Option<Successor> {
        let stored = RotatingSecret {
            current: self.refresh.as_deref()?,
            previous: self.previous.as_deref(),
            salt: self.salt.as_deref(),
            rotated_at: self.rotated_at,
        };
        stored.successor_of(secret, Utc::now())
    }
}

/// The constant and the changing part of a refresh token.
fn split_refresh_token(raw: &str) -> Option<(&str, &str)> {
    raw.strip_prefix(REFRESH_PREFIX)?.split_at_checked(FAMILY_LENGTH)
}
