//! Refresh tokens: each gives the next one.

use chrono::{DateTime, Utc};
use schemas::user::Tokens;

use super::{
    Refused, Users,
    sessions::{LoginRow, record},
};
use crate::{
    Result,
    database::Bound,
    keys::{GRACE, digest, next_secret, random_secret},
};

/// What a refresh token starts with.
const PREFIX: &str = "omi_refresh_";

/// What a refresh token consists of.
pub(super) struct Refresh<'a> {
    pub(super) session: &'a str,
    turn: i64,
    secret: &'a str,
}

/// What comes after a refresh token.
#[derive(Debug, PartialEq, Eq)]
struct Next {
    secret: String,
    /// What it was made with, where it is new.
    salt: Option<String>,
}

impl<'a> Refresh<'a> {
    pub(super) fn read(token: &'a str) -> Option<Self> {
        let mut parts = token.strip_prefix(PREFIX)?.splitn(3, '.');
        let (session, turn, secret) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
        Some(Self { session, turn, secret })
    }

    pub(super) fn write(session: &str, turn: i64, secret: &str) -> String {
        format!("{PREFIX}{session}.{turn}.{secret}")
    }

    /// What comes after it in this session; `None` when it is neither the last one nor, for a short while, the one
    /// before.
    fn follow_up(&self, row: &LoginRow, now: DateTime<Utc>) -> Option<Next> {
        let given = digest(self.secret);
        if self.turn == row.turn && given == row.secret {
            let salt = random_secret();
            return Some(Next { secret: next_secret(self.secret, &salt), salt: Some(salt) });
        }
        let is_recent = row.rotated_at.is_some_and(|time| now - time < GRACE);
        let is_before = self.turn == row.turn - 1 && row.previous.as_ref() == Some(&given);
        let salt = row.salt.as_deref().filter(|_| is_recent && is_before)?;
        Some(Next { secret: next_secret(self.secret, salt), salt: None })
    }
}

impl Users<'_> {
    /// New tokens for a refresh token, which is good no more a short while later. One that comes after that is in the
    /// wrong hands, or its successor is: then the session ends.
    pub async fn refresh(&self, token: &str) -> Result<Tokens, Refused> {
        let invalid = || Refused::Invalid("it is no refresh token");
        let given = Refresh::read(token).ok_or_else(invalid)?;
        // Once more when another request with the same token was quicker: it is answered as that one was.
        for _ in 0..2 {
            let row = self.session(given.session).await?.ok_or_else(invalid)?;
            // Whoever is locked out keeps the session for the time after that.
            self.admit(&row.user).await?;
            let Some(next) = given.follow_up(&row, crate::now()) else {
                return Err(if given.turn < row.turn { self.end_overtaken(&row).await? } else { invalid() });
            };
            if next.salt.is_none() || self.rotate(&row, &next).await? {
                let refresh_token = Refresh::write(given.session, given.turn + 1, &next.secret);
                return Ok(self.tokens(&row.user, given.session, refresh_token)?);
            }
        }
        Err(invalid())
    }

    /// The session that tokens with this secret belong to, unless it has ended.
    async fn session(&self, secret: &str) -> Result<Option<LoginRow>> {
        let bound = Bound::new().with("id", record(&digest(secret))).with("now", crate::now());
        let rows: Vec<LoginRow> =
            self.0.database.run("SELECT * FROM $id WHERE expires_at > $now", bound).await?.take(0)?;
        Ok(rows.into_iter().next())
    }

    /// Puts the next refresh token in the place of the one that `row` was read with; `false` when that is gone.
    async fn rotate(&self, row: &LoginRow, next: &Next) -> Result<bool> {
        let statement = "UPDATE $id SET turn += 1, secret = $next, previous = $given, salt = $salt, rotated_at = $now,
            last_used_at = $now, expires_at = $until WHERE turn = $turn AND secret = $given RETURN AFTER";
        let now = crate::now();
        let bound = Bound::new()
            .with("id", record(&row.sid))
            .with("turn", row.turn)
            .with("given", row.secret.as_str())
            .with("next", digest(&next.secret))
            .with("salt", next.salt.clone())
            .with("now", now)
            .with("until", now + self.lifetime());
        let rotated: Vec<LoginRow> = self.0.database.run(statement, bound).await?.take(0)?;
        Ok(!rotated.is_empty())
    }

    /// Ends a session of which a token has come that was used before.
    async fn end_overtaken(&self, row: &LoginRow) -> Result<Refused> {
        self.0.database.run("DELETE $id RETURN NONE", Bound::new().with("id", record(&row.sid))).await?;
        tracing::warn!(target: "audit", user = row.user, "a refresh token came a second time: its session was ended");
        Ok(Refused::Ended)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    /// A session whose second token is the good one.
    fn row(now: DateTime<Utc>) -> LoginRow {
        LoginRow {
            sid: String::new(),
            user: String::new(),
            turn: 1,
            secret: digest("second"),
            previous: Some(digest("first")),
            salt: Some("salt".into()),
            rotated_at: Some(now),
            device: None,
            created_at: now,
            last_used_at: now,
            expires_at: now,
        }
    }

    #[test]
    fn a_token_that_was_just_used_is_followed_by_the_same_one_again() {
        let now = crate::now();
        let row = row(now);
        let last = Refresh { session: "", turn: 1, secret: "second" };
        let (one, other) = (last.follow_up(&row, now).unwrap(), last.follow_up(&row, now).unwrap());
        assert!(one.salt.is_some() && one.secret != other.secret, "nobody foresees what comes next");
        let before = Refresh { session: "", turn: 0, secret: "first" };
        let again = before.follow_up(&row, now + TimeDelta::seconds(9)).unwrap();
        assert_eq!(again, Next { secret: next_secret("first", "salt"), salt: None });
        assert_eq!(before.follow_up(&row, now + GRACE), None);
    }

    #[test]
    fn what_was_never_given_is_followed_by_nothing() {
        let now = crate::now();
        for (turn, secret) in [(0, "second"), (1, "first"), (2, "second"), (-1, "first"), (i64::MAX, "second"), (0, "")]
        {
            assert_eq!(Refresh { session: "", turn, secret }.follow_up(&row(now), now), None, "{turn} {secret}");
        }
    }

    #[test]
    fn tokens_are_read_as_they_are_written() {
        let token = Refresh::write("abc", 7, "def");
        let Refresh { session, turn, secret } = Refresh::read(&token).unwrap();
        assert_eq!((session, turn, secret), ("abc", 7, "def"));
        for odd in ["", "omi_refresh_", "omi_refresh_abc.7", "omi_refresh_abc.x.def", "omi_user_abc.7.def"] {
            assert!(Refresh::read(odd).is_none(), "{odd}");
        }
    }
}
