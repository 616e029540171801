//! Sessions: a refresh token each, and the access tokens that it gives.

use chrono::{DateTime, TimeDelta, Utc};
use schemas::user::{Session, Tokens};
use surrealdb::types::{RecordId, SurrealValue};

use super::{Users, refresh_tokens::Refresh};
use crate::{
    Result,
    database::{Bound, row},
    keys::{digest, random_secret},
};

/// How often the last use of a session is written down.
const NOTED_EVERY: TimeDelta = TimeDelta::minutes(1);

#[derive(Debug, Clone, SurrealValue)]
pub(super) struct LoginRow {
    /// The digest of the secret that the tokens of the session have in them.
    pub(super) sid: String,
    pub(super) user: String,
    /// How many refresh tokens there were before the one that is good.
    pub(super) turn: i64,
    /// The digest of that one's secret.
    pub(super) secret: String,
    /// The digest of the secret before it, what this one was made of together with that, and when.
    pub(super) previous: Option<String>,
    pub(super) salt: Option<String>,
    pub(super) rotated_at: Option<DateTime<Utc>>,
    pub(super) device: Option<String>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) last_used_at: DateTime<Utc>,
    pub(super) expires_at: DateTime<Utc>,
}

impl Users<'_> {
    /// Begins a session of `user`, on what they call this device.
    pub async fn begin_session(&self, user: &str, device: Option<&str>) -> Result<Tokens> {
        let (session, secret, now) = (random_secret(), random_secret(), crate::now());
        let fields = LoginRow {
            sid: digest(&session),
            user: user.to_owned(),
            turn: 0,
            secret: digest(&secret),
            previous: None,
            salt: None,
            rotated_at: None,
            device: device.map(str::to_owned),
            created_at: now,
            last_used_at: now,
            expires_at: now + self.lifetime(),
        };
        let bound = Bound::new().with("user", user).with("now", now).with("row", row(record(&fields.sid), fields));
        let statements = "DELETE login WHERE user = $user AND expires_at < $now RETURN NONE;
            INSERT INTO login $row RETURN NONE;";
        self.0.database.run(statements, bound).await?;
        self.tokens(user, &session, Refresh::write(&session, 0, &secret))
    }

    /// Ends the session that a refresh token belongs to; whatever else comes changes nothing.
    pub async fn log_out(&self, token: &str) -> Result<()> {
        let Some(Refresh { session, .. }) = Refresh::read(token) else { return Ok(()) };
        self.0.database.run("DELETE $id RETURN NONE", Bound::new().with("id", record(&digest(session)))).await.map(drop)
    }

    /// The sessions of `user`, newest first; `current` is the one that asks.
    pub async fn sessions(&self, user: &str, current: Option<&str>) -> Result<Vec<Session>> {
        let statement = "SELECT * FROM login WHERE user = $user AND expires_at > $now ORDER BY created_at DESC";
        let bound = Bound::new().with("user", user).with("now", crate::now());
        let rows: Vec<LoginRow> = self.0.database.run(statement, bound).await?.take(0)?;
        let listed = |row: LoginRow| Session {
            current: current == Some(row.sid.as_str()),
            id: row.sid,
            device: row.device,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
        };
        Ok(rows.into_iter().map(listed).collect())
    }

    /// Ends a session of `user` at once, its access tokens too. Says whether it was there.
    pub async fn end_session(&self, user: &str, id: &str) -> Result<bool> {
        let statement = "DELETE $id WHERE user = $user RETURN BEFORE";
        let bound = Bound::new().with("id", record(id)).with("user", user);
        let gone: Vec<LoginRow> = self.0.database.run(statement, bound).await?.take(0)?;
        Ok(!gone.is_empty())
    }

    /// Whether a session of `user` goes on; notes that it is used.
    pub(super) async fn session_goes_on(&self, user: &str, id: &str) -> Result<bool> {
        let statement = "SELECT * FROM $id WHERE user = $user AND expires_at > $now";
        let now = crate::now();
        let bound = Bound::new().with("id", record(id)).with("user", user).with("now", now);
        let rows: Vec<LoginRow> = self.0.database.run(statement, bound).await?.take(0)?;
        let Some(row) = rows.first() else { return Ok(false) };
        if now - row.last_used_at > NOTED_EVERY {
            let bound = Bound::new().with("id", record(id)).with("now", now);
            self.0.database.run("UPDATE $id SET last_used_at = $now RETURN NONE", bound).await?;
        }
        Ok(true)
    }

    pub(super) fn tokens(&self, user: &str, session: &str, refresh_token: String) -> Result<Tokens> {
        let local = &self.0.sign_in.local;
        Ok(Tokens {
            access_token: local.issue(user, session)?,
            token_type: "Bearer".into(),
            expires_in: local.seconds(),
            refresh_token,
            uid: user.to_owned(),
        })
    }

    pub(super) fn lifetime(&self) -> TimeDelta {
        TimeDelta::days(self.0.sign_in.settings.refresh_days.into())
    }
}

pub(super) fn record(id: &str) -> RecordId {
    RecordId::new("login", id)
}
