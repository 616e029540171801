//! A user as the database keeps them.

use chrono::{DateTime, Utc};
use schemas::user::{Role, User};
use surrealdb::types::{RecordId, SurrealValue};

use crate::database::{name_of, value_of};

#[derive(Debug, Clone, SurrealValue)]
pub(super) struct UserRow {
    pub(super) uid: String,
    pub(super) name: String,
    /// The digest of the token that signs them in for as long as they like.
    pub(super) token: Option<String>,
    pub(super) email: Option<String>,
    pub(super) email_verified: bool,
    /// The hash of their password.
    pub(super) password: Option<String>,
    pub(super) role: String,
    pub(super) disabled_at: Option<DateTime<Utc>>,
    /// Since when their account is being deleted.
    pub(super) leaving_at: Option<DateTime<Utc>>,
    pub(super) created_at: DateTime<Utc>,
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        Self {
            id: row.uid,
            name: row.name,
            email: row.email,
            email_verified: row.email_verified,
            role: role_of(&row.role),
            has_password: row.password.is_some(),
            disabled_at: row.disabled_at,
            created_at: row.created_at,
        }
    }
}

/// The id of a user's row.
pub(super) fn record(id: &str) -> RecordId {
    RecordId::new("user", id)
}

pub(super) fn role_of(name: &str) -> Role {
    value_of(name).unwrap_or_default()
}

pub(super) fn name_of_role(role: Role) -> String {
    name_of(&role)
}
