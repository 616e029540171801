//! Creating accounts.

use std::net::IpAddr;

use identity::{MAX_NAME_LENGTH, password, sanitize, throttle::AnonymousAction};
use schemas::user::{Role, User};
use surrealdb::types::{RecordId, SurrealValue};

use super::{InvitationError, UserRow, Users, normalize_email, role_name, user_record};
use crate::{
    Error, Result,
    database::{Params, row},
};

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
            name: sanitize(&self.name, MAX_NAME_LENGTH).unwrap_or_else(|| "somebody".into()),
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
    /// Creates an account; `None` when another one has the e-mail address. The first user becomes the owner.
    pub async fn create(&self, account: NewAccount) -> Result<Option<User>> {
        Ok(self.insert(account.into_row().await?, None).await?.ok())
    }

    /// Creates an account for a client at this address, without an invitation.
    ///
    /// # Errors
    /// [`Error::RateLimited`] after too many from the address.
    pub async fn sign_up(&self, address: Option<IpAddr>, account: NewAccount) -> Result<Option<User>> {
        self.0.auth.throttle.count_anonymous(AnonymousAction::SignUp, address).map_err(Error::RateLimited)?;
        // Before the password is hashed, which takes most of a processor.
        if let Some(email) = &account.email
            && self.find_by_email(email).await?.is_some()
        {
            return Ok(None);
        }
        self.create(account).await
    }

    /// Inserts the row of a new user and, in the same transaction, deletes the invitation that they accept.
    pub(super) async fn insert(
        &self,
        fields: UserRow,
        invitation: Option<RecordId>,
    ) -> Result<Result<User, InvitationError>> {
        #[derive(SurrealValue)]
        struct Outcome {
            invited: bool,
            made: Vec<UserRow>,
        }
        let statements = "BEGIN;
            LET $role = IF (SELECT VALUE id FROM user LIMIT 1) = [] { 'owner' } ELSE { 'member' };
            LET $clash = $email != NONE AND (SELECT VALUE id FROM user WHERE email = $email) != [];
            LET $invited = $invitation = NONE OR (SELECT VALUE id FROM $invitation) != [];
            LET $makes = $invited AND !$clash;
            IF $makes { INSERT INTO user object::extend($row, { role: $role }); };
            IF $makes AND $invitation != NONE { DELETE $invitation RETURN NONE; };
            LET $made = IF $makes { SELECT * FROM $id } ELSE { [] };
            RETURN { invited: $invited, made: $made };
            COMMIT;";
        let params = Params::new()
            .with("id", user_record(&fields.uid))
            .with("email", fields.email.clone())
            .with("invitation", invitation)
            .with("row", row(user_record(&fields.uid), fields));
        let outcome: Option<Outcome> = self.0.database.run(statements, params).await?.take(8)?;
        let Outcome { invited, made } = outcome.ok_or_else(|| Error::internal("the transaction returned nothing"))?;
        let error = if invited { InvitationError::EmailTaken } else { InvitationError::Unknown };
        Ok(made.into_iter().next().map(User::from).ok_or(error))
    }
}
