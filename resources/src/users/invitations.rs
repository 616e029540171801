//! Invitations: a code that makes an account, once.

use chrono::{DateTime, TimeDelta, Utc};
use schemas::user::{CreatedInvitation, Invitation, User};
use surrealdb::types::{RecordId, SurrealValue};

use super::{NewAccount, Users, normal_email};
use crate::{
    Result,
    database::{Bound, row},
    identity::{LONGEST_NAME, shown},
    keys::{digest, random_secret},
};

/// What an invitation's code starts with.
const PREFIX: &str = "omi_invite_";

#[derive(Debug, Clone, SurrealValue)]
struct InvitationRow {
    iid: String,
    /// The digest of its code.
    code: String,
    email: Option<String>,
    name: Option<String>,
    /// Who has invited.
    inviter: Option<String>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

impl From<InvitationRow> for Invitation {
    fn from(row: InvitationRow) -> Self {
        Self { id: row.iid, email: row.email, name: row.name, created_at: row.created_at, expires_at: row.expires_at }
    }
}

/// Why an invitation makes no account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uninvited {
    /// There is none with this code: it was used, was withdrawn or is over.
    Unknown,
    /// Another account has the e-mail address.
    Taken,
}

impl Users<'_> {
    /// Invites somebody to make an account within so many days; the code is in the answer and nowhere else.
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
            email: email.map(normal_email),
            name: name.and_then(|name| shown(name, LONGEST_NAME)),
            inviter: inviter.map(str::to_owned),
            created_at: now,
            expires_at: now + TimeDelta::days(days.into()),
        };
        let invitation = Invitation::from(fields.clone());
        let statements =
            "DELETE invitation WHERE expires_at < $now RETURN NONE; INSERT INTO invitation $row RETURN NONE;";
        let bound = Bound::new().with("now", now).with("row", row(record(&fields.iid), fields));
        self.0.database.run(statements, bound).await?;
        Ok(CreatedInvitation { invitation, code: format!("{PREFIX}{secret}") })
    }

    /// The invitations that can still be used, newest first.
    pub async fn invitations(&self) -> Result<Vec<Invitation>> {
        let statement = "SELECT * FROM invitation WHERE expires_at > $now ORDER BY created_at DESC";
        let rows: Vec<InvitationRow> =
            self.0.database.run(statement, Bound::new().with("now", crate::now())).await?.take(0)?;
        Ok(rows.into_iter().map(Invitation::from).collect())
    }

    /// Takes an invitation back. Says whether it was there.
    pub async fn withdraw_invitation(&self, id: &str) -> Result<bool> {
        let bound = Bound::new().with("id", record(id));
        let gone: Vec<InvitationRow> = self.0.database.run("DELETE $id RETURN BEFORE", bound).await?.take(0)?;
        Ok(!gone.is_empty())
    }

    /// Makes the account that a code invites to, with this password; name and e-mail address are those of the invitation
    /// unless others are given. Nobody vouches for an address that only the guest gives.
    pub async fn accept_invitation(
        &self,
        code: &str,
        name: Option<String>,
        email: Option<String>,
        password: String,
    ) -> Result<Result<User, Uninvited>> {
        let Some(secret) = code.strip_prefix(PREFIX) else { return Ok(Err(Uninvited::Unknown)) };
        let statement = "SELECT * FROM invitation WHERE code = $code AND expires_at > $now";
        let bound = Bound::new().with("code", digest(secret)).with("now", crate::now());
        let found: Vec<InvitationRow> = self.0.database.run(statement, bound).await?.take(0)?;
        let Some(row) = found.into_iter().next() else { return Ok(Err(Uninvited::Unknown)) };
        let given = email.as_deref().map(normal_email).filter(|given| Some(given) != row.email.as_ref());
        let account = NewAccount {
            name: name.or(row.name).unwrap_or_default(),
            email_verified: given.is_none() && row.email.is_some(),
            email: given.or(row.email),
            password: Some(password),
        };
        // The password is hashed first: a code is used up together with what it is for, or not at all.
        self.insert(account.into_row().await?, Some(record(&row.iid))).await
    }
}

fn record(id: &str) -> RecordId {
    RecordId::new("invitation", id)
}
