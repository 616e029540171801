//! The format of refresh tokens of sessions: the session's secret, a counter, and a secret that changes with every use.

use chrono::{DateTime, Utc};
use identity::rotation::{RotatingSecret, Successor};

/// The prefix of refresh tokens.
const PREFIX: &str = "omi_refresh_";

/// The parts of a refresh token.
pub(super) struct RefreshToken<'a> {
    /// The secret of the session.
    pub(super) session: &'a str,
    /// How many refresh tokens of the session came before it.
    pub(super) turn: i64,
    secret: &'a str,
}

impl<'a> RefreshToken<'a> {
    pub(super) fn parse(token: &'a str) -> Option<Self> {
        let mut parts = token.strip_prefix(PREFIX)?.splitn(3, '.');
        let (session, turn, secret) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
        Some(Self { session, turn, secret })
    }

    pub(super) fn format(session: &str, turn: i64, secret: &str) -> String {
        format!("{PREFIX}{session}.{turn}.{secret}")
    }

    /// The secret that follows this token in a session whose valid token is the one numbered `turn`.
    pub(super) fn successor(&self, turn: i64, stored: RotatingSecret<'_>, now: DateTime<Utc>) -> Option<Successor> {
        let successor = stored.successor_of(self.secret, now)?;
        let expected_turn = if successor.new_salt.is_some() { turn } else { turn - 1 };
        (self.turn == expected_turn).then_some(successor)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use identity::{crypto::digest, rotation::REUSE_GRACE};

    use super::*;

    #[test]
    fn only_the_last_two_tokens_have_successors() {
        let now = Utc::now();
        let (second, first) = (digest("second"), digest("first"));
        let stored =
            RotatingSecret { current: &second, previous: Some(&first), salt: Some("salt"), rotated_at: Some(now) };
        let follow = |turn, secret, now| RefreshToken { session: "", turn, secret }.successor(1, stored, now);
        let (one, other) = (follow(1, "second", now).unwrap(), follow(1, "second", now).unwrap());
        assert!(one.new_salt.is_some() && one.secret != other.secret);
        let again = follow(0, "first", now + REUSE_GRACE - TimeDelta::seconds(1)).unwrap();
        assert_eq!((again.secret.len(), again.new_salt), (64, None));
        assert_eq!(follow(0, "first", now + REUSE_GRACE), None);
        for (turn, secret) in [(0, "second"), (1, "first"), (2, "second"), (-1, "first"), (i64::MAX, "second"), (0, "")]
        {
            assert_eq!(follow(turn, secret, now), None, "{turn} {secret}");
        }
    }

    #[test]
    fn tokens_are_parsed_as_they_are_formatted() {
        let token = RefreshToken::format("abc", 7, "def");
        let RefreshToken { session, turn, secret } = RefreshToken::parse(&token).unwrap();
        assert_eq!((session, turn, secret), ("abc", 7, "def"));
        for odd in ["", "omi_refresh_", "omi_refresh_abc.7", "omi_refresh_abc.x.def", "omi_user_abc.7.def"] {
            assert!(RefreshToken::parse(odd).is_none(), "{odd}");
        }
    }
}
