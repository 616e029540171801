//! Invitations: how people come to have an account.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An invitation to make an account, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Invitation {
    /// Identifies the invitation, for taking it back.
    pub id: String,
    /// The e-mail address of whom it is for.
    #[schemars(example = &"ben@example.com")]
    pub email: Option<String>,
    /// What to call them.
    #[schemars(example = &"Ben")]
    pub name: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Until when it can be used.
    pub expires_at: DateTime<Utc>,
}

/// An invitation just made, with the code that is shown this once.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CreatedInvitation {
    /// The invitation.
    #[serde(flatten)]
    pub invitation: Invitation,
    /// Makes the account, once: hand it to whom you invite.
    pub code: String,
}

/// The invitations that can still be used.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Invitations {
    /// Newest first.
    pub invitations: Vec<Invitation>,
}

/// Invite somebody to make an account; hand them the code yourself, for nothing is sent.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct InviteUser {
    /// Their e-mail address. With it they may also come by an issuer that vouches for it, without the code.
    #[serde(default)]
    #[schemars(example = &"ben@example.com", length(min = 3, max = 320))]
    pub email: Option<String>,
    /// What to call them.
    #[serde(default)]
    #[schemars(example = &"Ben", length(min = 1, max = 200))]
    pub name: Option<String>,
    /// For how many days it can be used.
    #[serde(default = "week")]
    #[schemars(range(min = 1, max = 90))]
    pub days: u32,
}

fn week() -> u32 {
    7
}

/// List the invitations that can still be used, newest first.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ListInvitations {}

/// Take an invitation back.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct WithdrawInvitation {
    /// The invitation's id.
    pub invitation_id: String,
}

/// Make the account that you were invited to, with a password, and sign in.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AcceptInvitation {
    /// The code that you were given.
    #[schemars(length(max = 100))]
    pub code: String,
    /// What to call you; left out, what the invitation says.
    #[serde(default)]
    #[schemars(example = &"Ben", length(min = 1, max = 200))]
    pub name: Option<String>,
    /// Your e-mail address; left out, the one that the invitation is for.
    #[serde(default)]
    #[schemars(example = &"ben@example.com", length(min = 3, max = 320))]
    pub email: Option<String>,
    /// The password to sign in with.
    #[schemars(length(min = 8, max = 256))]
    pub password: String,
    /// What to call this device in the list of sessions.
    #[serde(default)]
    #[schemars(example = &"Ben's phone", length(max = 100))]
    pub device: Option<String>,
}
