//! Creating accounts.

use std::net::IpAddr;

use identity::{MAX_NAME_LENGTH, password, sanitize, throttle::AnonymousAction};
use schemas::user::{Role, User};
use surrealdb::types::{RecordId, SurrealValue};

use super::{UserRow, Users, normalize_email, role_name, user_record};
use crate::{
    Error, Result,
    database::{Params, row},
};

/// The name of a user who has given none. Any number of users have it.
const DEFAULT_NAME: &str = "somebody";

/// The condition on users who sign in by the name `$name`.
const CLAIMS_NAME: &str = "name = $name AND (password != NONE OR role = 'owner')";

/// Why an account is not created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountError {
    /// There is no invitation with this code: it was used, was withdrawn or has expired.
    UnknownInvitation,
    /// Another account has the e-mail address. An unverified one gives it up to an account that has verified it.
    EmailTaken,
    /// Another user, who has a password or is the owner, has the name.
    NameTaken,
}

/// An account to be created.
#[derive(Debug, Clone, Default)]
pub struct NewAccount {
    /// The display name.
    pub name: String,
    /// The e-mail address, if known.
    pub email: Option<String>,
    /// Whether that address is verified, by the owner or by an issuer.
    pub email_verified: bool,
    /// The password, if any.
    pub password: Option<String>,
}

impl NewAccount {
    /// The row of a new member, with a new id.
    pub(super) async fn into_row(self) -> Result<UserRow> {
        let password = match self.password {
            Some(password) => Some(password::hash(password).await?),
            None => None,
        };
        Ok(UserRow {
            uid: crate::new_id(),
            name: display_name(&self.name),
            token: None,
            email: self.email.as_deref().map(normalize_email),
            email_verified: self.email_verified,
            password,
            role: role_name(Role::Member),
            disabled_at: None,
            deleting_at: None,
            created_at: crate::now(),
        })
    }
}

impl Users<'_> {
    /// Creates an account. The first user becomes the owner.
    pub async fn create(&self, account: NewAccount) -> Result<Result<User, AccountError>> {
        self.insert(account.into_row().await?, None).await
    }

    /// Whether users sign in by this name already: the owner, and those with a password, but `except` that one.
    pub async fn is_name_taken(&self, name: &str, except: Option<&str>) -> Result<bool> {
        let statement = format!("RETURN (SELECT VALUE id FROM user WHERE uid != $except AND {CLAIMS_NAME}) != []");
        let params =
            Params::new().with("name", claimed_name(&display_name(name))).with("except", except.map(str::to_owned));
        let taken: Option<bool> = self.0.database.run(&statement, params).await?.take(0)?;
        Ok(taken.unwrap_or_default())
    }

    /// Creates an account for a client at this address, without an invitation.
    ///
    /// # Errors
    /// [`Error::RateLimited`] after too many from the address.
    pub async fn sign_up(&self, address: Option<IpAddr>, account: NewAccount) -> Result<Result<User, AccountError>> {
        self.0.auth.throttle.count_anonymous(AnonymousAction::SignUp, address).map_err(Error::RateLimited)?;
        // Before the password is hashed, which takes most of a processor.
        if let Some(email) = &account.email
            && self.find_by_email(email).await?.is_some()
        {
            return Ok(Err(AccountError::EmailTaken));
        }
        if self.is_name_taken(&account.name, None).await? {
            return Ok(Err(AccountError::NameTaken));
        }
        self.create(account).await
    }

    /// Inserts the row of a new user and, in the same transaction, deletes the invitation that they accept. A verified
    /// e-mail address is taken from an account that has not verified it.
    pub(super) async fn insert(
        &self,
        fields: UserRow,
        invitation: Option<RecordId>,
    ) -> Result<Result<User, AccountError>> {
        #[derive(SurrealValue)]
        struct Outcome {
            invited: bool,
            name_taken: bool,
            displaced: Vec<String>,
            made: Vec<UserRow>,
        }
        let statements = format!(
            "BEGIN;
            LET $role = IF (SELECT VALUE id FROM user LIMIT 1) = [] {{ 'owner' }} ELSE {{ 'member' }};
            LET $others = IF $email = NONE {{ [] }} ELSE {{ SELECT * FROM user WHERE email = $email }};
            LET $email_taken = $others != [] AND (!$verified OR $others[0].email_verified);
            LET $name_taken = (SELECT VALUE id FROM user WHERE {CLAIMS_NAME}) != [];
            LET $invited = $invitation = NONE OR (SELECT VALUE id FROM $invitation) != [];
            LET $makes = $invited AND !$email_taken AND !$name_taken;
            IF $makes AND $others != [] {{ UPDATE user SET email = NONE WHERE email = $email RETURN NONE; }};
            IF $makes {{ INSERT INTO user object::extend($row, {{ role: $role }}); }};
            IF $makes AND $invitation != NONE {{ DELETE $invitation RETURN NONE; }};
            LET $made = IF $makes {{ SELECT * FROM $id }} ELSE {{ [] }};
            LET $displaced = IF $makes {{ $others.uid }} ELSE {{ [] }};
            RETURN {{ invited: $invited, name_taken: $name_taken, displaced: $displaced, made: $made }};
            COMMIT;"
        );
        let params = Params::new()
            .with("id", user_record(&fields.uid))
            .with("email", fields.email.clone())
            .with("verified", fields.email_verified)
            .with("name", claimed_name(&fields.name).filter(|_| fields.password.is_some()))
            .with("invitation", invitation)
            .with("row", row(user_record(&fields.uid), fields));
        let outcome: Option<Outcome> = self.0.database.run(&statements, params).await?.take(12)?;
        let outcome = outcome.ok_or_else(|| Error::internal("the transaction returned nothing"))?;
        log_displaced(&outcome.displaced);
        let error = match (outcome.invited, outcome.name_taken) {
            (false, _) => AccountError::UnknownInvitation,
            (true, true) => AccountError::NameTaken,
            (true, false) => AccountError::EmailTaken,
        };
        Ok(outcome.made.into_iter().next().map(User::from).ok_or(error))
    }
}

/// The name that a user signs in by; nobody does by the default one.
fn claimed_name(name: &str) -> Option<String> {
    (name != DEFAULT_NAME).then(|| name.to_owned())
}

/// The name of an account whose user gives this one.
fn display_name(name: &str) -> String {
    sanitize(name, MAX_NAME_LENGTH).unwrap_or_else(|| DEFAULT_NAME.to_owned())
}

/// Logs the users whose unverified address another one has verified.
pub(super) fn log_displaced(users: &[String]) {
    for user in users {
        tracing::warn!(target: "audit", user, "e-mail address removed: it was not verified, and another user verified it");
    }
}
