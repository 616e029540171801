//! Browsers in which a user has signed in, to agree to what clients ask for.

use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use surrealdb::types::{RecordId, SurrealValue};

use super::{admits, tokens::long_secret};
use crate::{
    Resources, Result,
    database::{Bound, row},
    keys::{challenge, digest},
    users::User,
};

/// How long a browser stays signed in, in hours.
const BROWSER_HOURS: i64 = 12;

#[derive(SurrealValue)]
struct BrowserRow {
    user: String,
    expires_at: DateTime<Utc>,
}

/// The browsers of every user, known by a secret that each keeps.
pub struct Browsers<'a>(pub(crate) &'a Resources);

impl Browsers<'_> {
    /// Signs `user` in, in the browser that keeps `secret` from now on.
    pub async fn sign_in(&self, secret: &str, user: &str) -> Result<()> {
        let fields = BrowserRow { user: user.to_owned(), expires_at: crate::now() + TimeDelta::hours(BROWSER_HOURS) };
        let bound = Bound::new().with("row", row(browser_record(secret), fields));
        self.0.database.run("INSERT INTO oauth_browser $row", bound).await.map(drop)
    }

    /// Who has signed in, in the browser that keeps `secret`, unless they are locked out.
    pub async fn user(&self, secret: &str) -> Result<Option<User>> {
        let bound = Bound::new().with("id", browser_record(secret));
        let rows: Vec<BrowserRow> = self.0.database.run("SELECT * FROM $id", bound).await?.take(0)?;
        match rows.into_iter().next().filter(|row| row.expires_at > Utc::now()) {
            Some(row) if admits(self.0, &row.user).await? => self.0.users().find(&row.user).await,
            _ => Ok(None),
        }
    }

    /// Signs whoever it is out.
    pub async fn sign_out(&self, secret: &str) -> Result<()> {
        self.0.database.run("DELETE $id", Bound::new().with("id", browser_record(secret))).await.map(drop)
    }
}

/// A secret for a browser to keep.
pub fn new_browser_secret() -> String {
    long_secret()
}

/// The challenge (RFC 7636, S256) that the browser answers which keeps `secret`.
pub fn browser_challenge(secret: &str) -> String {
    challenge(secret)
}

/// What stands in the forms that are made for the browser that keeps `secret`, so that a form which comes back from it is
/// known to be one of ours.
pub fn form_secret(secret: &str) -> String {
    hex::encode(form_mac(secret).finalize().into_bytes())
}

/// Whether a form was made for the browser that keeps `secret`.
pub fn is_form_secret(secret: &str, given: &str) -> bool {
    hex::decode(given).is_ok_and(|given| form_mac(secret).verify_slice(&given).is_ok())
}

fn form_mac(secret: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(b"form");
    mac
}

fn browser_record(secret: &str) -> RecordId {
    RecordId::new("oauth_browser", digest(secret))
}
