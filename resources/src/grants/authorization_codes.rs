//! Codes: what a user has agreed to, on its way to the client.

use chrono::{DateTime, TimeDelta, Utc};
use schemas::{key::KeyFamily, scope::Scope};
use surrealdb::types::{RecordId, SurrealValue};

use super::{
    Client, Grants, admits,
    tokens::{Denied, Issued, NewGrant, SHUT_OUT, long_secret},
};
use crate::{
    Result,
    database::{Bound, row},
    keys::{challenge, digest},
};

const CODE_PREFIX: &str = "omi_oac_";

/// What a user has agreed to.
#[derive(Debug)]
pub struct Agreement<'a> {
    /// Who.
    pub user: &'a str,
    /// With whom.
    pub client: &'a Client,
    /// Where the client waits for the code.
    pub redirect_uri: &'a str,
    /// The SHA-256 of a secret that the client keeps until it fetches the tokens, in base64url.
    pub challenge: &'a str,
    /// The address that the tokens are for.
    pub resource: &'a str,
    /// What the client may do.
    pub scopes: &'a [Scope],
}

/// A code, given back for tokens.
#[derive(Debug)]
pub struct Exchange<'a> {
    /// The code.
    pub code: &'a str,
    /// Who gives it back.
    pub client_id: &'a str,
    /// Where it was sent; a client of OAuth 2.1 need not say.
    pub redirect_uri: Option<&'a str>,
    /// The secret behind the challenge.
    pub verifier: &'a str,
    /// What the tokens are to be for, where the client says that again.
    pub resource: Option<&'a str>,
}

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
    /// The grant that came of it.
    grant_id: Option<String>,
}

impl Grants<'_> {
    /// Writes down what a user has agreed to; the code stands for it once, for some minutes.
    pub async fn agree(&self, agreement: Agreement<'_>) -> Result<String> {
        let secret = long_secret();
        let fields = CodeRow {
            user: agreement.user.to_owned(),
            client_id: agreement.client.id.clone(),
            client_name: agreement.client.name.clone(),
            refreshes: agreement.client.refreshes,
            redirect_uri: agreement.redirect_uri.to_owned(),
            challenge: agreement.challenge.to_owned(),
            resource: agreement.resource.to_owned(),
            scopes: agreement.scopes.iter().map(|scope| scope.spelling(KeyFamily::Mcp)).collect(),
            expires_at: crate::now() + TimeDelta::seconds(self.0.grant_settings.code_seconds.into()),
            grant_id: None,
        };
        let statements = "INSERT INTO oauth_code $row; UPDATE $client SET used_at = $now RETURN NONE";
        let bound = Bound::new()
            .with("row", row(code_record(&secret), fields))
            .with("client", super::clients::client_record(&agreement.client.id))
            .with("now", crate::now());
        self.0.database.run(statements, bound).await?;
        self.sweep().await?;
        Ok(format!("{CODE_PREFIX}{secret}"))
    }

    /// Gives tokens for a code, once. Whoever comes with it again, the client or a thief, ends what came of it.
    pub async fn exchange(&self, exchange: Exchange<'_>) -> Result<Result<Issued, Denied>> {
        let unknown = || Ok(Err(Denied::Grant("The code is unknown or has expired")));
        let Some(secret) = exchange.code.strip_prefix(CODE_PREFIX) else { return unknown() };
        let id = code_record(secret);
        let Some(code) = self.code(&id).await? else { return unknown() };
        if let Some(grant) = &code.grant_id {
            return self.refuse_second_use(&code.user, grant).await;
        }
        if code.expires_at <= Utc::now() {
            return unknown();
        }
        if let Some(denied) = objection(&code, &exchange) {
            return Ok(Err(denied));
        }
        if !admits(self.0, &code.user).await? {
            return Ok(Err(SHUT_OUT));
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
        let bound = rows.bound().with("code", id.clone());
        let taken: Option<i64> = self.0.database.run(statements, bound).await?.take(3)?;
        if taken == Some(1) {
            return Ok(Ok(issued));
        }
        match self.code(&id).await?.and_then(|code| code.grant_id) {
            Some(grant) => self.refuse_second_use(&code.user, &grant).await,
            None => unknown(),
        }
    }

    async fn code(&self, id: &RecordId) -> Result<Option<CodeRow>> {
        let rows: Vec<CodeRow> =
            self.0.database.run("SELECT * FROM $id", Bound::new().with("id", id.clone())).await?.take(0)?;
        Ok(rows.into_iter().next())
    }

    async fn refuse_second_use(&self, user: &str, grant: &str) -> Result<Result<Issued, Denied>> {
        if self.revoke(user, grant).await? {
            tracing::warn!(user, grant, "a code was used twice: the grant that came of it is revoked");
        }
        Ok(Err(Denied::Grant("The code was used before; what came of it is revoked")))
    }
}

/// Why this code is not for whoever came with it.
fn objection(code: &CodeRow, exchange: &Exchange<'_>) -> Option<Denied> {
    if code.client_id != exchange.client_id {
        return Some(Denied::Grant("The code was given to another client"));
    }
    if exchange.redirect_uri.is_some_and(|given| given != code.redirect_uri) {
        return Some(Denied::Grant("redirect_uri is not the one that the code was sent to"));
    }
    if exchange.resource.is_some_and(|given| given != code.resource) {
        return Some(Denied::Target("resource is not the one that the user agreed to"));
    }
    // Both are hashes, of which the time that a comparison takes tells nothing.
    (challenge(exchange.verifier) != code.challenge)
        .then_some(Denied::Grant("code_verifier does not fit the code_challenge"))
}

fn code_record(secret: &str) -> RecordId {
    RecordId::new("oauth_code", digest(secret))
}
