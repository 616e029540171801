//! Users: accounts, sign-in and invitations.

mod invitation;
mod session;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use invitation::*;
pub use session::*;

/// A user's role: the `owner` manages the users of the server, a `member` has only their own data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum Role {
    Owner,
    #[default]
    Member,
}

/// A user of this server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct User {
    /// Identifies the user.
    pub id: String,
    /// Their display name.
    #[schemars(example = &"Ana")]
    pub name: String,
    /// Their e-mail address, in lower case.
    #[schemars(example = &"ana@example.com")]
    pub email: Option<String>,
    /// Whether that address is verified, by the owner or by an identity provider.
    pub email_verified: bool,
    /// Their role.
    pub role: Role,
    /// Whether they can sign in with a password.
    pub has_password: bool,
    /// When the account was disabled; null while it is active.
    pub disabled_at: Option<DateTime<Utc>>,
    /// When the account was created.
    pub created_at: DateTime<Utc>,
}

/// The users of this server.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Users {
    /// Oldest first.
    pub users: Vec<User>,
}

/// One user.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OneUser {
    /// The user.
    pub user: User,
}

/// Get the signed-in user.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetMe {}

/// List the users of this server.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ListUsers {}

/// Disable a user's access at once, for all credentials; their data stay.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct DisableUser {
    /// The user's id.
    pub user_id: String,
}

/// Enable a disabled user again.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct EnableUser {
    /// The user's id.
    pub user_id: String,
}

/// Delete a user with all their data. This cannot be undone.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct DeleteUser {
    /// The user's id.
    pub user_id: String,
}

/// Delete your account with all your data. This cannot be undone.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct DeleteAccount {
    /// The reason; it is written to the server's log.
    #[serde(default)]
    #[schemars(length(max = 200))]
    pub reason: Option<String>,
    /// Details of the reason; they are not stored.
    #[serde(default)]
    #[schemars(length(max = 2000))]
    pub reason_details: Option<String>,
}

/// The state of a deleted account.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AccountDeleted {
    /// Always `ok`.
    pub status: String,
    /// The state in words.
    pub message: String,
}
