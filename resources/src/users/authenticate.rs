//! Authentication: which user a token, a password or an identity of another issuer belongs to.

use std::net::IpAddr;

use identity::{AuthError, Identity, MAX_EMAIL_LENGTH, crypto::secrets_match, password, sanitize};
use schemas::user::{Role, User};

use super::{AccountStatus, TOKEN_PREFIX, UserRow, Users, normalize_email, user_record};
use crate::{Error, Result, Secret, database::Params};

/// The user of a valid token.
#[derive(Debug, Clone)]
pub struct Authenticated {
    /// The user's id.
    pub user: String,
    /// What they may do beyond their own data.
    pub role: Role,
    /// The session that the token belongs to, if any.
    pub session: Option<String>,
    /// Whether the administrator acts for the user.
    pub is_impersonated: bool,
}

impl Users<'_> {
    /// The user of a token, whose account is active.
    ///
    /// # Errors
    /// Why the token is not accepted.
    pub async fn authenticate(&self, token: &str) -> Result<Authenticated, AuthError> {
        if let Some(user) = self.impersonated_user(token) {
            let role = self.ensure_active(user).await?;
            return Ok(Authenticated { user: user.to_owned(), role, session: None, is_impersonated: true });
        }
        if token.starts_with(TOKEN_PREFIX) {
            let user = self.find_by_token(token).await?.ok_or(AuthError::Invalid("unknown token"))?;
            return self.authenticated(user.id).await;
        }
        let identity = self.0.identity.verify(token).await?;
        match &identity.session {
            Some(session) => self.authenticate_session(&identity.subject, session).await,
            None => {
                let user = self.resolve_identity(&identity).await?;
                self.authenticated(user.id).await
            }
        }
    }

    /// The user with this name or e-mail address and this password, whose account is active. A name that several users
    /// have belongs to the oldest account with a password. Failures are counted for the name, the account and the `address`
    /// of the client.
    ///
    /// # Errors
    /// [`AuthError::Invalid`] when the name or the password is wrong. Which of them is not disclosed, not even by the
    /// time it takes. [`Error::RateLimited`] after too many failures.
    pub async fn authenticate_with_password(
        &self,
        address: Option<IpAddr>,
        name_or_email: &str,
        password: &str,
    ) -> Result<User, AuthError> {
        // An e-mail address is longer than any name.
        let name = sanitize(name_or_email, MAX_EMAIL_LENGTH).unwrap_or_default();
        let email = normalize_email(&name);
        let statements = "SELECT * FROM user WHERE email = $email;
            SELECT * FROM user WHERE name = $name AND password != NONE ORDER BY created_at LIMIT 1;";
        let params = Params::new().with("email", email.as_str()).with("name", name);
        let mut answers = self.0.database.run(statements, params).await?;
        let (by_email, by_name): (Vec<UserRow>, Vec<UserRow>) = (answers.take(0)?, answers.take(1)?);
        let row = by_email.into_iter().chain(by_name).next();
        let user = row.as_ref().map(|row| row.uid.as_str());
        let attempt = self.0.auth.throttle.begin_login(&email, user, address).map_err(Error::RateLimited)?;
        let hash = row.as_ref().and_then(|row| row.password.clone());
        let hash = hash.filter(|_| self.0.identity.settings.passwords);
        let is_right = password::verify(password.to_owned(), hash).await?;
        let user = row.filter(|_| is_right).map(User::from);
        let user = user.ok_or(AuthError::Invalid("the name or the password is wrong"))?;
        attempt.succeed();
        self.ensure_active(&user.id).await?;
        Ok(user)
    }

    /// Whether this is the password of a user who is signed in already.
    ///
    /// # Errors
    /// [`Error::RateLimited`] after too many failures.
    pub async fn verify_password(&self, id: &str, password: &str) -> Result<bool> {
        let attempt = self.0.auth.throttle.begin_password_check(id).map_err(Error::RateLimited)?;
        let params = Params::new().with("id", user_record(id));
        let hashes: Vec<Option<String>> =
            self.0.database.run("SELECT VALUE password FROM $id", params).await?.take(0)?;
        let is_right = password::verify(password.to_owned(), hashes.into_iter().next().flatten()).await?;
        if is_right {
            attempt.succeed();
        }
        Ok(is_right)
    }

    /// The active account of an identity: the one it is linked to or, as far as the configuration allows, the one with
    /// its verified e-mail address, or a new one.
    ///
    /// # Errors
    /// [`AuthError::NoAccount`] when there is none; [`AuthError::Disabled`] and [`AuthError::Deleting`] by its status.
    pub async fn resolve_identity(&self, identity: &Identity) -> Result<User, AuthError> {
        let user = match self.linked_user(identity).await? {
            Some(user) => user,
            None => self.link_identity(identity).await?.ok_or(AuthError::NoAccount)?,
        };
        self.ensure_active(&user.id).await?;
        Ok(user)
    }

    /// The role of a user whose account is active.
    ///
    /// # Errors
    /// Why it is not; [`AuthError::Invalid`] when there is no such user.
    pub async fn ensure_active(&self, user: &str) -> Result<Role, AuthError> {
        match self.account_status(user).await? {
            AccountStatus::Active(role) => Ok(role),
            AccountStatus::Disabled => Err(AuthError::Disabled),
            AccountStatus::Deleting => Err(AuthError::Deleting),
            AccountStatus::Unknown => Err(AuthError::Invalid("unknown user")),
        }
    }

    async fn authenticated(&self, user: String) -> Result<Authenticated, AuthError> {
        let role = self.ensure_active(&user).await?;
        Ok(Authenticated { user, role, session: None, is_impersonated: false })
    }

    /// The account's status decides first, whatever the session; sessions of a user who is gone are revoked.
    async fn authenticate_session(&self, user: &str, session: &str) -> Result<Authenticated, AuthError> {
        let role = match self.ensure_active(user).await {
            Err(AuthError::Invalid(_)) => return Err(AuthError::SessionRevoked),
            checked => checked?,
        };
        if !self.touch_session(user, session).await? {
            return Err(AuthError::SessionRevoked);
        }
        Ok(Authenticated { user: user.to_owned(), role, session: Some(session.to_owned()), is_impersonated: false })
    }

    /// The user whom the administrator acts for with this token: the admin key, followed by the user's id.
    fn impersonated_user<'t>(&self, token: &'t str) -> Option<&'t str> {
        let key = self.0.identity.settings.admin_key.as_ref().map(Secret::expose)?;
        let (given, user) = token.split_at_checked(key.len())?;
        (secrets_match(given, key) && !user.is_empty()).then_some(user)
    }
}
