//! Invitations to create an account.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A single-use invitation to create an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Invitation {
    /// Identifies the invitation, for withdrawing it.
    pub id: String,
    /// The invited e-mail address.
    #[schemars(example = &"ben@example.com")]
    pub email: Option<String>,
    /// The display name of the new user.
    #[schemars(example = &"Ben")]
    pub name: Option<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it expires.
    pub expires_at: DateTime<Utc>,
}

/// A new invitation, with the code that is shown only once.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CreatedInvitation {
    /// The invitation.
    #[serde(flatten)]
    pub invitation: Invitation,
    /// The single-use code; give it to the invited person.
    pub code: String,
}

/// The valid invitations.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Invitations {
    /// Newest first.
    pub invitations: Vec<Invitation>,
}

/// Invite a person to create an account. No mail is sent: give them the code.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct InviteUser {
    /// Their e-mail address. With it they can also sign in through an identity provider that has verified it, without
    /// the code.
    #[serde(default)]
    #[schemars(example = &"ben@example.com", length(min = 3, max = 320))]
    pub email: Option<String>,
    /// The display name of the new user.
    #[serde(default)]
    #[schemars(example = &"Ben", length(min = 1, max = 200))]
    pub name: Option<String>,
    /// For how many days it is valid.
    #[serde(default = "default_days")]
    #[schemars(range(min = 1, max = 90))]
    pub days: u32,
}

fn default_days() -> u32 {
    7
}

/// List the valid invitations, newest first.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ListInvitations {}

/// Withdraw an invitation.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct WithdrawInvitation {
    /// The invitation's id.
    pub invitation_id: String,
}

/// Accept an invitation: create the account with a password, and sign in.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AcceptInvitation {
    /// The invitation code.
    #[schemars(length(max = 100))]
    pub code: String,
    /// Your display name; defaults to the one in the invitation.
    #[serde(default)]
    #[schemars(example = &"Ben", length(min = 1, max = 200))]
    pub name: Option<String>,
    /// Your e-mail address; defaults to the one in the invitation.
    #[serde(default)]
    #[schemars(example = &"ben@example.com", length(min = 3, max = 320))]
    pub email: Option<String>,
    /// The password to sign in with.
    #[schemars(length(min = 8, max = 256))]
    pub password: String,
    /// The name of this device in the list of sessions.
    #[serde(default)]
    #[schemars(example = &"Ben's phone", length(max = 100))]
    pub device: Option<String>,
}
