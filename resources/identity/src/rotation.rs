//! Rotation of refresh tokens: each use replaces the secret, and a used secret is recognised when it comes again.

use chrono::{DateTime, TimeDelta, Utc};
use hmac::Mac;

use crate::crypto::{digest, keyed_mac, random_secret};

/// How long a replaced secret still gets its successor: the first response may be lost, and several windows of one client
/// share a secret and refresh within minutes of each other. All of them get the *same* successor, so that a session
/// never has two.
pub const REUSE_GRACE: TimeDelta = TimeDelta::minutes(5);

/// What is stored of a secret that changes with every use.
#[derive(Debug, Clone, Copy)]
pub struct RotatingSecret<'a> {
    /// The digest of the valid secret.
    pub current: &'a str,
    /// The digest of the secret before it.
    pub previous: Option<&'a str>,
    /// The salt that the valid secret was derived with.
    pub salt: Option<&'a str>,
    /// When the previous secret was replaced.
    pub rotated_at: Option<DateTime<Utc>>,
}

/// The secret that follows the one presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Successor {
    /// The new secret.
    pub secret: String,
    /// The salt it was derived with, if it is still to be stored; `None` if the rotation has taken place already.
    pub new_salt: Option<String>,
}

impl RotatingSecret<'_> {
    /// The successor of `secret`. `None` unless that is the valid secret or, within [`REUSE_GRACE`], the previous one.
    pub fn successor_of(&self, secret: &str, now: DateTime<Utc>) -> Option<Successor> {
        let presented = digest(secret);
        if presented == self.current {
            let salt = random_secret();
            return Some(Successor { secret: derive_secret(secret, &salt), new_salt: Some(salt) });
        }
        let is_recent = self.rotated_at.is_some_and(|time| now - time < REUSE_GRACE);
        let salt = self.salt.filter(|_| is_recent && self.previous == Some(presented.as_str()))?;
        Some(Successor { secret: derive_secret(secret, salt), new_salt: None })
    }
}

/// Derives the next secret. It takes the previous secret, which is not stored, and the salt, which clients never see.
fn derive_secret(secret: &str, salt: &str) -> String {
    hex::encode(keyed_mac(secret, salt).finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_secret_gets_the_same_successor_for_a_while() {
        let now = Utc::now();
        let (second, first) = (digest("second"), digest("first"));
        let stored =
            RotatingSecret { current: &second, previous: Some(&first), salt: Some("salt"), rotated_at: Some(now) };
        let (one, other) = (stored.successor_of("second", now).unwrap(), stored.successor_of("second", now).unwrap());
        assert!(one.new_salt.is_some() && one.secret != other.secret, "successors cannot be predicted");
        let again = stored.successor_of("first", now + REUSE_GRACE - TimeDelta::seconds(1)).unwrap();
        assert_eq!(again, Successor { secret: derive_secret("first", "salt"), new_salt: None });
        assert_eq!(stored.successor_of("first", now + REUSE_GRACE), None);
        assert_eq!(stored.successor_of("", now), None);
        assert_eq!(stored.successor_of("third", now), None);
    }
}
