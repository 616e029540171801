//! User accounts, and the tokens and passwords that users sign in with.

mod account_status;
mod accounts;
mod authenticate;
mod deletion;
mod identity_links;
mod invitations;
mod oidc_state;
mod refresh_tokens;
mod sessions;

use chrono::{DateTime, Utc};
use identity::{
    crypto::{digest, random_secret},
    password,
};
pub use schemas::user::{Role, User};
use surrealdb::types::{RecordId, SurrealValue};

use crate::{
    Error, Resources, Result,
    database::{Params, name_of, value_of},
};
pub use account_status::AccountStatus;
pub use accounts::{AccountError, NewAccount};
pub use authenticate::Authenticated;
pub use deletion::{Deletion, delete_account};
pub use oidc_state::{LoginCode, OidcLoginState};
pub(crate) use sessions::load_server_secret;

/// The prefix of user tokens.
pub const TOKEN_PREFIX: &str = "omi_user_";

/// Ends the browser sessions of `$user`, sign-ins that are under way, and authorization codes that no client has
/// redeemed yet: they were obtained with the credential that is being replaced.
const END_BROWSER_SESSIONS: &str = "DELETE oauth_browser WHERE user = $user RETURN NONE;
    DELETE oidc_state WHERE user = $user RETURN NONE;
    DELETE oauth_code WHERE user = $user AND grant_id = NONE RETURN NONE;";

/// A new user, with the token that is shown only once.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The user.
    pub user: User,
    /// Signs them in on the app routes; only its digest is stored.
    pub token: String,
}

/// A row of `user`.
#[derive(Debug, Clone, SurrealValue)]
struct UserRow {
    uid: String,
    name: String,
    /// The digest of their token, which does not expire.
    token: Option<String>,
    email: Option<String>,
    email_verified: bool,
    /// The hash of their password.
    password: Option<String>,
    role: String,
    disabled_at: Option<DateTime<Utc>>,
    /// When the deletion of the account began.
    deleting_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

/// The users of this server.
pub struct Users<'a>(pub(crate) &'a Resources);

impl Users<'_> {
    /// Adds a user with this name and a token. The first user becomes the owner.
    pub async fn add(&self, name: &str) -> Result<NewUser> {
        let account = NewAccount { name: name.to_owned(), ..NewAccount::default() };
        let created = self.create(account).await?;
        let user = created.map_err(|_| Error::internal("a user without an address and a password clashes"))?;
        let token = self.renew_token(&user.id).await?.ok_or_else(|| Error::internal("the new user is missing"))?;
        Ok(NewUser { user, token })
    }

    /// All users, oldest first.
    pub async fn list(&self) -> Result<Vec<User>> {
        self.query("SELECT * FROM user ORDER BY created_at", Params::new()).await
    }

    /// The owner of the server: its first user.
    pub async fn owner(&self) -> Result<Option<User>> {
        self.query_one("SELECT * FROM user WHERE role = 'owner' ORDER BY created_at LIMIT 1", Params::new()).await
    }

    /// The user with this id.
    pub async fn find(&self, id: &str) -> Result<Option<User>> {
        self.query_one("SELECT * FROM $id", Params::new().with("id", user_record(id))).await
    }

    /// The user with this e-mail address.
    pub async fn find_by_email(&self, email: &str) -> Result<Option<User>> {
        let params = Params::new().with("email", normalize_email(email));
        self.query_one("SELECT * FROM user WHERE email = $email", params).await
    }

    /// The user with this token, disabled or not: check their [`account_status`](Self::account_status) too.
    pub async fn find_by_token(&self, token: &str) -> Result<Option<User>> {
        let Some(secret) = token.strip_prefix(TOKEN_PREFIX) else { return Ok(None) };
        self.query_one("SELECT * FROM user WHERE token = $digest", Params::new().with("digest", digest(secret))).await
    }

    /// Replaces a user's token; the previous one is invalid at once, and their browser sessions end. `None` when there
    /// is no such user.
    pub async fn renew_token(&self, id: &str) -> Result<Option<String>> {
        let secret = random_secret();
        let statements = format!("BEGIN; UPDATE $id SET token = $digest; {END_BROWSER_SESSIONS} COMMIT;");
        let params = Params::new().with("id", user_record(id)).with("user", id).with("digest", digest(&secret));
        let rows: Vec<UserRow> = self.0.database.run(&statements, params).await?.take(1)?;
        Ok(rows.first().map(|_| format!("{TOKEN_PREFIX}{secret}")))
    }

    /// Sets a user's password, whose length is in [`PASSWORD_LENGTH`](identity::PASSWORD_LENGTH). It ends their
    /// sessions, except `kept_session`, and their browser sessions.
    pub async fn set_password(&self, id: &str, password: &str, kept_session: Option<&str>) -> Result<()> {
        let hash = password::hash(password.to_owned()).await?;
        let statements = format!(
            "BEGIN; UPDATE $id SET password = $hash RETURN NONE;
            DELETE session WHERE user = $user AND sid != $kept_session RETURN NONE; {END_BROWSER_SESSIONS} COMMIT;"
        );
        let params = Params::new()
            .with("id", user_record(id))
            .with("hash", hash)
            .with("user", id)
            .with("kept_session", kept_session.unwrap_or_default());
        self.0.database.run(&statements, params).await.map(drop)
    }

    /// Disables an account at once, for all credentials; `None` when there is no such user.
    pub async fn disable(&self, id: &str) -> Result<Option<User>> {
        self.set_disabled(id, Some(crate::now())).await
    }

    /// Enables an account again; `None` when there is no such user.
    pub async fn enable(&self, id: &str) -> Result<Option<User>> {
        self.set_disabled(id, None).await
    }

    async fn set_disabled(&self, id: &str, since: Option<DateTime<Utc>>) -> Result<Option<User>> {
        // An account that is disabled already keeps its time.
        let statement = "UPDATE $id SET disabled_at = IF $since { disabled_at ?? $since } ELSE { NONE }";
        self.update_status(id, statement, Params::new().with("since", since)).await
    }

    async fn query_one(&self, statement: &str, params: Params) -> Result<Option<User>> {
        Ok(self.query(statement, params).await?.into_iter().next())
    }

    async fn query(&self, statement: &str, params: Params) -> Result<Vec<User>> {
        let rows: Vec<UserRow> = self.0.database.run(statement, params).await?.take(0)?;
        Ok(rows.into_iter().map(User::from).collect())
    }
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        Self {
            id: row.uid,
            name: row.name,
            email: row.email,
            email_verified: row.email_verified,
            role: role_from_name(&row.role),
            has_password: row.password.is_some(),
            disabled_at: row.disabled_at,
            created_at: row.created_at,
        }
    }
}

fn user_record(id: &str) -> RecordId {
    RecordId::new("user", id)
}

fn role_from_name(name: &str) -> Role {
    value_of(name).unwrap_or_default()
}

fn role_name(role: Role) -> String {
    name_of(&role)
}

/// An e-mail address as it is stored and compared.
fn normalize_email(email: &str) -> String {
    email.trim().to_lowercase()
}
