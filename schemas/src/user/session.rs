//! Sign-in with a password, and sessions.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The tokens of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tokens {
    /// The access token, sent with every request as `Authorization: Bearer …`.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// Lifetime of the access token, in seconds.
    pub expires_in: i64,
    /// Single-use token for new tokens; store it safely.
    pub refresh_token: String,
    /// The id of the user.
    pub uid: String,
}

/// A sign-in session of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Session {
    /// Identifies the session, for ending it.
    pub id: String,
    /// What the user called the device.
    #[schemars(example = &"Ana's laptop")]
    pub device: Option<String>,
    /// When the user signed in there.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub last_used_at: DateTime<Utc>,
    /// When it expires unless it is used before.
    pub expires_at: DateTime<Utc>,
    /// Whether it is the calling session.
    pub current: bool,
}

/// The sessions of a user.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Sessions {
    /// Newest first.
    pub sessions: Vec<Session>,
}

/// Sign in with a password.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct LogIn {
    /// The user's e-mail address or name.
    #[schemars(example = &"ana@example.com", length(min = 1, max = 320))]
    pub account: String,
    /// The password.
    #[schemars(length(min = 1, max = 256))]
    pub password: String,
    /// The name of this device in the list of sessions.
    #[serde(default)]
    #[schemars(example = &"Ana's laptop", length(max = 100))]
    pub device: Option<String>,
}

/// Create an account, if the server allows sign-up.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SignUp {
    /// The user's display name.
    #[schemars(example = &"Ana", length(min = 1, max = 200))]
    pub name: String,
    /// The user's e-mail address.
    #[schemars(example = &"ana@example.com", length(min = 3, max = 320))]
    pub email: String,
    /// The password to sign in with.
    #[schemars(length(min = 8, max = 256))]
    pub password: String,
    /// The name of this device in the list of sessions.
    #[serde(default)]
    #[schemars(example = &"Ana's laptop", length(max = 100))]
    pub device: Option<String>,
}

/// Exchange a refresh token for new tokens; it becomes invalid five minutes later.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct RefreshSession {
    /// The latest refresh token.
    #[schemars(length(max = 300))]
    pub refresh_token: String,
}

/// End the session of a refresh token; an unknown token changes nothing.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct LogOut {
    /// The latest refresh token.
    #[schemars(length(max = 300))]
    pub refresh_token: String,
}

/// Change your password, or set your first one. This ends all other sessions, browser sessions included.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ChangePassword {
    /// The current password; omitted if there is none.
    #[serde(default)]
    #[schemars(length(max = 256))]
    pub current_password: Option<String>,
    /// The new password.
    #[schemars(length(min = 8, max = 256))]
    pub new_password: String,
}

/// List your sign-in sessions, newest first.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ListSessions {}

/// End one of your sessions at once.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct EndSession {
    /// The session's id.
    pub session_id: String,
}
