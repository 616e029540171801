//! Invitations: single-use codes that create an account.

use chrono::{DateTime, TimeDelta, Utc};
use identity::{
    MAX_NAME_LENGTH,
    crypto::{digest, random_secret},
    sanitize,
};
use schemas::user::{CreatedInvitation, Invitation, User};
use surrealdb::types::{RecordId, SurrealValue};

use super::{AccountError, NewAccount, Users, normalize_email};
use crate::{
    Result,
    database::{Params, row},
};

/// The prefix of invitation codes.
const PREFIX: &str = "omi_invite_";

#[derive(Debug, Clone, SurrealValue)]
struct InvitationRow {
    iid: String,
    /// The digest of the code.
    code: String,
    email: Option<String>,
    name: Option<String>,
    /// The user who invited.
    inviter: Option<String>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

impl From<InvitationRow> for Invitation {
    fn from(row: InvitationRow) -> Self {
        Self { id: row.iid, email: row.email, name: row.name, created_at: row.created_at, expires_at: row.expires_at }
    }
}

impl Users<'_> {
    /// Creates an invitation that is valid for so many days. Its code is only in the answer; the digest is stored.
    pub async fn invite(
        &self,
        inviter: Option<&str>,
        email: Option<&str>,
        name: Option<&str>,
        days: u32,
    ) -> Result<CreatedInvitation> {
        let (secret, now) = (random_secret(), crate::now());
        let fields = InvitationRow {
            iid: crate::new_id(),
            code: digest(&secret),
            email: email.map(normalize_email),
            name: name.and_then(|name| sanitize(name, MAX_NAME_LENGTH)),
            inviter: inviter.map(str::to_owned),
            created_at: now,
            expires_at: now + TimeDelta::days(days.into()),
        };
        let invitation = Invitation::from(fields.clone());
        let statements =
            "DELETE invitation WHERE expires_at < $now RETURN NONE; INSERT INTO invitation $row RETURN NONE;";
        let params = Params::new().with("now", now).with("row", row(invitation_record(&fields.iid), fields));
        self.0.database.run(statements, params).await?;
        Ok(CreatedInvitation { invitation, code: format!("{PREFIX}{secret}") })
    }

    /// The invitations that can still be used, newest first.
    pub async fn invitations(&self) -> Result<Vec<Invitation>> {
        let statement = "SELECT * FROM invitation WHERE expires_at > $now ORDER BY created_at DESC";
        let rows: Vec<InvitationRow> =
            self.0.database.run(statement, Params::new().with("now", crate::now())).await?.take(0)?;
        Ok(rows.into_iter().map(Invitation::from).collect())
    }

    /// Withdraws an invitation; `false` when there is none with this id.
    pub async fn withdraw_invitation(&self, id: &str) -> Result<bool> {
        let params = Params::new().with("id", invitation_record(id));
        let withdrawn: Vec<InvitationRow> = self.0.database.run("DELETE $id RETURN BEFORE", params).await?.take(0)?;
        Ok(!withdrawn.is_empty())
    }

    /// Creates the account that a code invites to, with this password. Name and e-mail address are those of the
    /// invitation unless others are given; an address that the invitation does not have is unverified.
    pub async fn accept_invitation(
        &self,
        code: &str,
        name: Option<String>,
        email: Option<String>,
        password: String,
    ) -> Result<Result<User, AccountError>> {
        let Some(secret) = code.strip_prefix(PREFIX) else { return Ok(Err(AccountError::UnknownInvitation)) };
        let statement = "SELECT * FROM invitation WHERE code = $code AND expires_at > $now";
        let params = Params::new().with("code", digest(secret)).with("now", crate::now());
        let found: Vec<InvitationRow> = self.0.database.run(statement, params).await?.take(0)?;
        let Some(row) = found.into_iter().next() else { return Ok(Err(AccountError::UnknownInvitation)) };
        let given = email.as_deref().map(normalize_email).filter(|given| Some(given) != row.email.as_ref());
        let account = NewAccount {
            name: name.or(row.name).unwrap_or_default(),
            email_verified: given.is_none() && row.email.is_some(),
            email: given.or(row.email),
            password: Some(password),
        };
        // The password is hashed first, so that the invitation is deleted only together with the insertion.
        self.insert(account.into_row().await?, Some(invitation_record(&row.iid))).await
    }
}

fn invitation_record(id: &str) -> RecordId {
    RecordId::new("invitation", id)
}
