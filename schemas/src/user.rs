//! Users: who they are, how they sign in, how they are invited.

mod invitation;
mod session;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use invitation::*;
pub use session::*;

/// What a user may do beyond their own data: an `owner` manages the users of the server, a `member` does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum Role {
    Owner,
    #[default]
    Member,
}

/// Somebody who has an account on this server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct User {
    /// Identifies the user.
    pub id: String,
    /// What to call them.
    #[schemars(example = &"Ana")]
    pub name: String,
    /// Their e-mail address, in lower case.
    #[schemars(example = &"ana@example.com")]
    pub email: Option<String>,
    /// Whether the owner, or an issuer that signed them in, vouches for that address.
    pub email_verified: bool,
    /// What they may do beyond their own data.
    pub role: Role,
    /// Whether they can sign in with a password.
    pub has_password: bool,
    /// Since when they are locked out; null when they are not.
    pub disabled_at: Option<DateTime<Utc>>,
    /// When the account was made.
    pub created_at: DateTime<Utc>,
}

/// The users of this server.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Users {
    /// In the order in which they came.
    pub users: Vec<User>,
}

/// One user.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OneUser {
    /// The user.
    pub user: User,
}

/// Describe the user who is signed in.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetMe {}

/// List the users of this server.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ListUsers {}

/// Lock a user out at once, whatever they sign in with; their data stay.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct DisableUser {
    /// The user's id.
    pub user_id: String,
}

/// Let a user in again who was locked out.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct EnableUser {
    /// The user's id.
    pub user_id: String,
}

/// Delete a user with everything that is theirs; it cannot be brought back.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct DeleteUser {
    /// The user's id.
    pub user_id: String,
}

/// Delete your account with everything that is yours; it cannot be brought back.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct DeleteAccount {
    /// Why you go; it is kept in the server's log.
    #[serde(default)]
    #[schemars(length(max = 200))]
    pub reason: Option<String>,
    /// More on that; it is not kept.
    #[serde(default)]
    #[schemars(length(max = 2000))]
    pub reason_details: Option<String>,
}

/// What has become of an account.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AccountDeleted {
    /// Always `ok`.
    pub status: String,
    /// The same in words.
    pub message: String,
}
