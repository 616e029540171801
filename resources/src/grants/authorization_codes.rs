//! Authorization codes: issued when a user agrees, exchanged by the client for tokens.

use chrono::{DateTime, TimeDelta, Utc};
use identity::crypto::{digest, long_random_secret, pkce_challenge};
use schemas::{key::KeyFamily, scope::Scope};
use surrealdb::types::{RecordId, SurrealValue};

use super::{
    Client, Grants, is_active, is_same_server,
    tokens::{INACTIVE_ACCOUNT, IssuedTokens, NewGrant, TokenError},
};
use crate::{
    Result,
    database::{Params, row},
};

const CODE_PREFIX: &str = "omi_oac_";

/// What a user has agreed to, for which a code is issued.
#[derive(Debug)]
pub struct AuthorizationCode<'a> {
    /// The user's id.
    pub user: &'a str,
    /// The client.
    pub client: &'a Client,
    /// Where the code is sent.
    pub redirect_uri: &'a str,
    /// The client's PKCE challenge (S256).
    pub challenge: &'a str,
    /// The resource that the tokens are for.
    pub resource: &'a str,
    /// What the client may do.
    pub scopes: &'a [Scope],
}

/// A token request with a code.
#[derive(Debug)]
pub struct CodeExchange<'a> {
    /// The code.
    pub code: &'a str,
    /// The client that presents it.
    pub client_id: &'a str,
    /// Where the code was sent; optional in OAuth 2.1.
    pub redirect_uri: Option<&'a str>,
    /// The PKCE verifier.
    pub verifier: &'a str,
    /// The URL of the MCP endpoint that the tokens are to be for, if the client repeats it.
    pub resource: Option<&'a str>,
}

/// A row of `oauth_code`.
#[derive(SurrealValue)]
struct CodeRow {
    user: String,
    client_id: String,
    client_name: String,
    refreshes: bool,
    redirect_uri: String,
    challenge: String,
    resource: String,
    scopes: Vec<String>,
    expires_at: DateTime<Utc>,
    /// The grant it was exchanged for.
    grant_id: Option<String>,
}

impl Grants<'_> {
    /// Issues an authorization code. It can be exchanged once, within some minutes.
    pub async fn create_authorization_code(&self, new: AuthorizationCode<'_>) -> Result<String> {
        let secret = long_random_secret();
        let fields = CodeRow {
            user: new.user.to_owned(),
            client_id: new.client.id.clone(),
            client_name: new.client.name.clone(),
            refreshes: new.client.refreshes,
            redirect_uri: new.redirect_uri.to_owned(),
            challenge: new.challenge.to_owned(),
            resource: new.resource.to_owned(),
            scopes: new.scopes.iter().map(|scope| scope.spelling(KeyFamily::Mcp)).collect(),
            expires_at: crate::now() + TimeDelta::seconds(self.0.grant_settings.code_seconds.into()),
            grant_id: None,
        };
        let statements = "INSERT INTO oauth_code $row; UPDATE $client SET used_at = $now RETURN NONE";
        let params = Params::new()
            .with("row", row(code_record(&secret), fields))
            .with("client", super::clients::client_record(&new.client.id))
            .with("now", crate::now());
        self.0.database.run(statements, params).await?;
        self.delete_expired().await?;
        Ok(format!("{CODE_PREFIX}{secret}"))
    }

    /// Exchanges a code for the tokens of a new grant. A second use, by the client or a thief, revokes that grant.
    pub async fn exchange_code(&self, exchange: CodeExchange<'_>) -> Result<Result<IssuedTokens, TokenError>> {
        let unknown = || Ok(Err(TokenError::InvalidGrant("The code is unknown or has expired")));
        let Some(secret) = exchange.code.strip_prefix(CODE_PREFIX) else { return unknown() };
        let id = code_record(secret);
        let Some(code) = self.find_code(&id).await? else { return unknown() };
        if let Some(grant) = &code.grant_id {
            return self.revoke_reused_code(&code.user, grant).await;
        }
        if code.expires_at <= Utc::now() {
            return unknown();
        }
        if let Err(error) = code.check(&exchange) {
            return Ok(Err(error));
        }
        if !is_active(self.0, &code.user).await? {
            return Ok(Err(INACTIVE_ACCOUNT));
        }
        let (issued, rows) = self.new_grant(NewGrant {
            user: &code.user,
            client_id: &code.client_id,
            client_name: &code.client_name,
            refreshes: code.refreshes,
            resource: &code.resource,
            scopes: &code.scopes,
        });
        let statements = "BEGIN;
            LET $taken = (UPDATE $code SET grant_id = $grant_id WHERE grant_id = NONE RETURN AFTER);
            IF count($taken) > 0 { INSERT INTO oauth_grant $grant; INSERT INTO oauth_access $token_row; };
            RETURN count($taken);
            COMMIT;";
        let params = rows.params().with("code", id.clone());
        let taken: Option<i64> = self.0.database.run(statements, params).await?.take(3)?;
        if taken == Some(1) {
            return Ok(Ok(issued));
        }
        match self.find_code(&id).await?.and_then(|code| code.grant_id) {
            Some(grant) => self.revoke_reused_code(&code.user, &grant).await,
            None => unknown(),
        }
    }

    async fn find_code(&self, id: &RecordId) -> Result<Option<CodeRow>> {
        let rows: Vec<CodeRow> =
            self.0.database.run("SELECT * FROM $id", Params::new().with("id", id.clone())).await?.take(0)?;
        Ok(rows.into_iter().next())
    }

    async fn revoke_reused_code(&self, user: &str, grant: &str) -> Result<Result<IssuedTokens, TokenError>> {
        if self.revoke(user, grant).await? {
            tracing::warn!(user, grant, "authorization code reused: its grant was revoked");
        }
        Ok(Err(TokenError::InvalidGrant("The code was used before; its grant is revoked")))
    }
}

impl CodeRow {
    /// Checks that the code was issued for this token request.
    fn check(&self, exchange: &CodeExchange<'_>) -> Result<(), TokenError> {
        if self.client_id != exchange.client_id {
            return Err(TokenError::InvalidGrant("The code was issued to another client"));
        }
        if exchange.redirect_uri.is_some_and(|given| given != self.redirect_uri) {
            return Err(TokenError::InvalidGrant("redirect_uri differs from the one in the authorization request"));
        }
        if exchange.resource.is_some_and(|given| !is_same_server(given, &self.resource)) {
            return Err(TokenError::InvalidTarget("resource differs from the one in the authorization request"));
        }
        // Both are hashes, whose comparison need not take constant time.
        if pkce_challenge(exchange.verifier) != self.challenge {
            return Err(TokenError::InvalidGrant("code_verifier does not match the code_challenge"));
        }
        Ok(())
    }
}

fn code_record(secret: &str) -> RecordId {
    RecordId::new("oauth_code", digest(secret))
}
