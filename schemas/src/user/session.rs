//! Signing in with a password, and the sessions that follow.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What signs a user in from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tokens {
    /// Goes with every request, as `Authorization: Bearer …`.
    pub access_token: String,
    /// How it goes there: always `Bearer`.
    pub token_type: String,
    /// For how many seconds it is good.
    pub expires_in: i64,
    /// Gives new tokens, once; keep it where nobody else reads.
    pub refresh_token: String,
    /// The id of the user.
    pub uid: String,
}

/// A place where a user is signed in.
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
    /// When it ends unless it is used before.
    pub expires_at: DateTime<Utc>,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// The places where a user is signed in.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Sessions {
    /// Newest first.
    pub sessions: Vec<Session>,
}

/// Sign in with a password.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct LogIn {
    /// The user's e-mail address, or their name where nobody else has it.
    #[schemars(example = &"ana@example.com", length(min = 1, max = 320))]
    pub account: String,
    /// The password.
    #[schemars(length(min = 1, max = 256))]
    pub password: String,
    /// What to call this device in the list of sessions.
    #[serde(default)]
    #[schemars(example = &"Ana's laptop", length(max = 100))]
    pub device: Option<String>,
}

/// Make an account, where the server is open to everybody.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SignUp {
    /// What to call the user.
    #[schemars(example = &"Ana", length(min = 1, max = 200))]
    pub name: String,
    /// The user's e-mail address.
    #[schemars(example = &"ana@example.com", length(min = 3, max = 320))]
    pub email: String,
    /// The password to sign in with.
    #[schemars(length(min = 8, max = 256))]
    pub password: String,
    /// What to call this device in the list of sessions.
    #[serde(default)]
    #[schemars(example = &"Ana's laptop", length(max = 100))]
    pub device: Option<String>,
}

/// Get new tokens for a refresh token, which is good no more ten seconds later.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct RefreshSession {
    /// The refresh token that came last.
    #[schemars(length(max = 300))]
    pub refresh_token: String,
}

/// End the session that a refresh token belongs to; any other changes nothing.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct LogOut {
    /// The refresh token that came last.
    #[schemars(length(max = 300))]
    pub refresh_token: String,
}

/// Change your password, or set your first one. It ends every other session, those of the sign-in page too.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ChangePassword {
    /// The password of now; none where there is none yet.
    #[serde(default)]
    #[schemars(length(max = 256))]
    pub current_password: Option<String>,
    /// The password from now on.
    #[schemars(length(min = 8, max = 256))]
    pub new_password: String,
}

/// List the places where you are signed in, newest first.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ListSessions {}

/// End one of your sessions at once.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct EndSession {
    /// The session's id.
    pub session_id: String,
}
