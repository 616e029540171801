//! The people whose lives are kept here: who they are, and how they sign in by what only they know.

mod account_status;
mod accounts;
mod authenticate;
mod deletion;
mod identity_links;
mod invitations;
mod oidc_state;
mod refresh_tokens;
mod row;
mod sessions;

use std::net::IpAddr;

use chrono::{DateTime, Utc};
pub use schemas::user::{Role, User};

use crate::{
    Error, Resources, Result,
    database::Bound,
    identity::{self, Refused, password},
    keys::{digest, random_secret},
};
pub use account_status::Standing;
pub(crate) use account_status::Standings;
pub use accounts::NewAccount;
pub use authenticate::Arrival;
pub use deletion::{Deletion, delete};
pub use invitations::Uninvited;
pub use oidc_state::{Visit, Welcomed};
use row::{UserRow, record};

/// What a user's token starts with.
pub const TOKEN_PREFIX: &str = "omi_user_";

/// Ends what begins on the sign-in page: `$user` is signed in there without the secret that opened it, and may have
/// agreed to what no client has fetched yet.
const SIGN_BROWSERS_OUT: &str = "DELETE oauth_browser WHERE user = $user RETURN NONE;
    DELETE visit WHERE user = $user RETURN NONE;
    DELETE oauth_code WHERE user = $user AND grant_id = NONE RETURN NONE;";

/// A user just added, with the token that is shown this once.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The user.
    pub user: User,
    /// Signs them in on the app routes; only its hash is kept.
    pub token: String,
}

/// The users of this server.
pub struct Users<'a>(pub(crate) &'a Resources);

impl Users<'_> {
    /// Adds a user called `name`, with a token of their own. Whoever is first is the owner.
    pub async fn add(&self, name: &str) -> Result<NewUser> {
        let account = NewAccount { name: name.to_owned(), ..NewAccount::default() };
        let user = self.create(account).await?.ok_or_else(|| Error::internal("a user without an address clashes"))?;
        let token = self.renew_token(&user.id).await?.ok_or_else(|| Error::internal("a user was lost"))?;
        Ok(NewUser { user, token })
    }

    /// Every user, in the order in which they came.
    pub async fn list(&self) -> Result<Vec<User>> {
        self.read("SELECT * FROM user ORDER BY created_at", Bound::new()).await
    }

    /// The owner of the server: who was added first.
    pub async fn owner(&self) -> Result<Option<User>> {
        self.one("SELECT * FROM user WHERE role = 'owner' ORDER BY created_at LIMIT 1", Bound::new()).await
    }

    /// The user called by this id.
    pub async fn find(&self, id: &str) -> Result<Option<User>> {
        self.one("SELECT * FROM $id", Bound::new().with("id", record(id))).await
    }

    /// The user with this e-mail address.
    pub async fn find_by_email(&self, email: &str) -> Result<Option<User>> {
        let bound = Bound::new().with("email", normal_email(email));
        self.one("SELECT * FROM user WHERE email = $email", bound).await
    }

    /// The user whom `token` signs in, disabled or not: ask for their [`standing`](Self::standing) too.
    pub async fn find_by_token(&self, token: &str) -> Result<Option<User>> {
        let Some(secret) = token.strip_prefix(TOKEN_PREFIX) else { return Ok(None) };
        self.one("SELECT * FROM user WHERE token = $digest", Bound::new().with("digest", digest(secret))).await
    }

    /// Gives a user a new token, which ends the one before at once, and signs out the browsers that it may have signed
    /// in; `None` when there is no such user.
    pub async fn renew_token(&self, id: &str) -> Result<Option<String>> {
        let secret = random_secret();
        let statements = format!("BEGIN; UPDATE $id SET token = $digest; {SIGN_BROWSERS_OUT} COMMIT;");
        let bound = Bound::new().with("id", record(id)).with("user", id).with("digest", digest(&secret));
        let rows: Vec<UserRow> = self.0.database.run(&statements, bound).await?.take(1)?;
        Ok(rows.first().map(|_| format!("{TOKEN_PREFIX}{secret}")))
    }

    /// The user with this name or e-mail address and this password, if they may come in; `from` is the address of whoever
    /// tries, of whom no other attempt is heard for a while when they are wrong too often.
    ///
    /// # Errors
    /// [`Refused::Invalid`] when the name or the password is wrong: which of them, nobody can tell, not even by the time it
    /// takes. [`Error::RateLimited`] after too many failures.
    pub async fn sign_in_with_password(
        &self,
        from: Option<IpAddr>,
        name_or_email: &str,
        password: &str,
    ) -> Result<User, Refused> {
        let account = normal_email(name_or_email);
        let named = "SELECT * FROM user WHERE email = $email;
            SELECT * FROM user WHERE name = $name AND password != NONE LIMIT 2;";
        let name = identity::shown(name_or_email, identity::LONGEST_NAME).unwrap_or_default();
        let bound = Bound::new().with("email", account.as_str()).with("name", name);
        let mut answers = self.0.database.run(named, bound).await?;
        let (by_email, by_name): (Vec<UserRow>, Vec<UserRow>) = (answers.take(0)?, answers.take(1)?);
        // A name that two have says nothing.
        let row = by_email.into_iter().next().or_else(|| <[UserRow; 1]>::try_from(by_name).ok().map(|[row]| row));
        // An account is one, whatever it is called by.
        let counted = row.as_ref().map_or(account.as_str(), |row| &row.uid);
        let attempt = self.0.throttle.begin(counted, from).map_err(Error::RateLimited)?;
        let hash = row.as_ref().and_then(|row| row.password.clone());
        // With passwords switched off, nobody has one.
        let hash = hash.filter(|_| self.0.sign_in.settings.passwords);
        let is_right = password::matches(password.to_owned(), hash).await?;
        let user =
            row.filter(|_| is_right).map(User::from).ok_or(Refused::Invalid("the name or the password is wrong"))?;
        attempt.succeeded();
        self.admit(&user.id).await?;
        Ok(user)
    }

    /// Sets a user's password, which is of [`LENGTH`](password::LENGTH); with it end their sessions, but for the one
    /// called `kept`, and they are signed out of the browsers in which they agree to what clients ask for.
    pub async fn set_password(&self, id: &str, password: &str, kept: Option<&str>) -> Result<()> {
        let hash = password::hash(password.to_owned()).await?;
        let statements = format!(
            "BEGIN; UPDATE $id SET password = $hash RETURN NONE;
            DELETE login WHERE user = $user AND sid != $kept RETURN NONE; {SIGN_BROWSERS_OUT} COMMIT;"
        );
        let bound = Bound::new()
            .with("id", record(id))
            .with("hash", hash)
            .with("user", id)
            .with("kept", kept.unwrap_or_default());
        self.0.database.run(&statements, bound).await.map(drop)
    }

    /// Whether this is the user's password.
    ///
    /// # Errors
    /// [`Error::RateLimited`] after too many failures.
    pub async fn has_password(&self, id: &str, password: &str) -> Result<bool> {
        let attempt = self.0.throttle.begin(id, None).map_err(Error::RateLimited)?;
        let bound = Bound::new().with("id", record(id));
        let hashes: Vec<Option<String>> =
            self.0.database.run("SELECT VALUE password FROM $id", bound).await?.take(0)?;
        let is_right = password::matches(password.to_owned(), hashes.into_iter().next().flatten()).await?;
        if is_right {
            attempt.succeeded();
        }
        Ok(is_right)
    }

    /// Locks a user out at once, whatever they sign in with; `None` when there is no such user.
    pub async fn disable(&self, id: &str) -> Result<Option<User>> {
        self.set_disabled(id, Some(crate::now())).await
    }

    /// Lets a user in again; `None` when there is no such user.
    pub async fn enable(&self, id: &str) -> Result<Option<User>> {
        self.set_disabled(id, None).await
    }

    async fn set_disabled(&self, id: &str, since: Option<DateTime<Utc>>) -> Result<Option<User>> {
        // Who is locked out already was so since then.
        let statement = "UPDATE $id SET disabled_at = IF $since { disabled_at ?? $since } ELSE { NONE }";
        self.change_standing(id, statement, Bound::new().with("since", since)).await
    }

    async fn one(&self, statement: &str, bound: Bound) -> Result<Option<User>> {
        Ok(self.read(statement, bound).await?.into_iter().next())
    }

    async fn read(&self, statement: &str, bound: Bound) -> Result<Vec<User>> {
        let rows: Vec<UserRow> = self.0.database.run(statement, bound).await?.take(0)?;
        Ok(rows.into_iter().map(User::from).collect())
    }
}

/// An e-mail address as it is kept and compared.
pub(crate) fn normal_email(email: &str) -> String {
    email.trim().to_lowercase()
}
