//! The people whose lives are kept here.

use chrono::{DateTime, Utc};
use surrealdb::types::{RecordId, SurrealValue};

use crate::{
    Resources, Result,
    database::{Bound, row},
    keys::{digest, random_secret},
};

/// What a user's token starts with.
const TOKEN_PREFIX: &str = "omi_user_";

/// Someone whose life is kept here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Identifies the user in every row that is theirs.
    pub id: String,
    /// What to call them.
    pub name: String,
}

/// A user just added, with the token that is shown this once.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The user.
    pub user: User,
    /// Signs them in on the app routes; only its hash is kept.
    pub token: String,
}

#[derive(SurrealValue)]
struct UserRow {
    uid: String,
    name: String,
    token: String,
    created_at: DateTime<Utc>,
}

/// The users of this server.
pub struct Users<'a>(pub(crate) &'a Resources);

impl Users<'_> {
    /// Adds a user called `name`, with a token of their own.
    pub async fn add(&self, name: &str) -> Result<NewUser> {
        let user = User { id: uuid::Uuid::new_v4().to_string(), name: name.to_owned() };
        let secret = random_secret();
        let fields =
            UserRow { uid: user.id.clone(), name: user.name.clone(), token: digest(&secret), created_at: crate::now() };
        let row = row(RecordId::new("user", user.id.as_str()), fields);
        self.0.database.run("INSERT INTO user $row", Bound::new().with("row", row)).await?;
        Ok(NewUser { user, token: format!("{TOKEN_PREFIX}{secret}") })
    }

    /// The user who was added first: the owner of the server.
    pub async fn first(&self) -> Result<Option<User>> {
        self.one("SELECT * FROM user ORDER BY created_at LIMIT 1", Bound::new()).await
    }

    /// The user called by this id.
    pub async fn find(&self, id: &str) -> Result<Option<User>> {
        self.one("SELECT * FROM $id", Bound::new().with("id", RecordId::new("user", id))).await
    }

    /// The user whom `token` signs in.
    pub async fn find_by_token(&self, token: &str) -> Result<Option<User>> {
        let Some(secret) = token.strip_prefix(TOKEN_PREFIX) else { return Ok(None) };
        self.one("SELECT * FROM user WHERE token = $digest", Bound::new().with("digest", digest(secret))).await
    }

    async fn one(&self, statement: &str, bound: Bound) -> Result<Option<User>> {
        let rows: Vec<UserRow> = self.0.database.run(statement, bound).await?.take(0)?;
        Ok(rows.into_iter().next().map(|row| User { id: row.uid, name: row.name }))
    }
}
