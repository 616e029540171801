//! Users: who they are, how they sign in, how they are invited.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
