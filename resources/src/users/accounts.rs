//! Making accounts.

use std::net::IpAddr;

use schemas::user::{Role, User};
use surrealdb::types::{RecordId, SurrealValue};

use super::{
    Uninvited, Users, normal_email,
    row::{UserRow, name_of_role, record},
};
use crate::{
    Error, Result,
    database::{Bound, row},
    identity::{LONGEST_NAME, password, shown, throttle::Knock},
};

/// What an account is made of.
#[derive(Debug, Clone, Default)]
pub struct NewAccount {
    /// What to call them.
    pub name: String,
    /// Their e-mail address, if it is known.
    pub email: Option<String>,
    /// Whether somebody who ought to know vouches for it.
    pub email_verified: bool,
    /// Their password, if they are to have one.
    pub password: Option<String>,
}

impl NewAccount {
    /// The row of a member, with an id of their own.
    pub(super) async fn into_row(self) -> Result<UserRow> {
        let password = match self.password {
            Some(password) => Some(password::hash(password).await?),
            None => None,
        };
        Ok(UserRow {
            uid: uuid::Uuid::new_v4().to_string(),
            name: shown(&self.name, LONGEST_NAME).unwrap_or_else(|| "somebody".into()),
            token: None,
            email: self.email.as_deref().map(normal_email),
            email_verified: self.email_verified,
            password,
            role: name_of_role(Role::Member),
            disabled_at: None,
            leaving_at: None,
            created_at: crate::now(),
        })
    }
}

impl Users<'_> {
    /// Makes an account; `None` when another one has the e-mail address. Whoever is first is the owner.
    pub async fn create(&self, account: NewAccount) -> Result<Option<User>> {
        Ok(self.insert(account.into_row().await?, None).await?.ok())
    }

    /// The same for somebody whom nobody has invited, and who comes from this address.
    ///
    /// # Errors
    /// [`Error::RateLimited`] after too many from there.
    pub async fn sign_up(&self, from: Option<IpAddr>, account: NewAccount) -> Result<Option<User>> {
        self.0.throttle.knock(Knock::SignUp, from).map_err(Error::RateLimited)?;
        // Hashing the password takes most of a processor: what is in vain is found out before.
        if let Some(email) = &account.email
            && self.find_by_email(email).await?.is_some()
        {
            return Ok(None);
        }
        self.create(account).await
    }

    /// Writes the row of a new user and, in the same transaction, uses up the invitation that they come with.
    pub(super) async fn insert(
        &self,
        fields: UserRow,
        invitation: Option<RecordId>,
    ) -> Result<Result<User, Uninvited>> {
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
        let bound = Bound::new()
            .with("id", record(&fields.uid))
            .with("email", fields.email.clone())
            .with("invitation", invitation)
            .with("row", row(record(&fields.uid), fields));
        let outcome: Option<Outcome> = self.0.database.run(statements, bound).await?.take(8)?;
        let Outcome { invited, made } = outcome.ok_or_else(|| Error::internal("a transaction says nothing"))?;
        let missing = if invited { Uninvited::Taken } else { Uninvited::Unknown };
        Ok(made.into_iter().next().map(User::from).ok_or(missing))
    }
}
