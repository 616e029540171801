//! Sign-in sessions: each has a refresh token, which gives short-lived access tokens.

use chrono::{DateTime, TimeDelta, Utc};
use identity::{
    AuthError,
    crypto::{digest, long_random_secret, random_secret},
    rotation::{RotatingSecret, Successor},
};
use schemas::user::{Session, Tokens};
use surrealdb::types::{RecordId, SurrealValue};

use super::{Users, refresh_tokens::RefreshToken};
use crate::{
    Database, Result,
    database::{Params, row},
};

/// How often the last use of a session is recorded.
const RECORD_USE_INTERVAL: TimeDelta = TimeDelta::minutes(1);

/// A row of `session`.
#[derive(Debug, Clone, SurrealValue)]
struct SessionRow {
    /// The digest of the session's secret, which is part of its tokens.
    sid: String,
    user: String,
    /// How many refresh tokens came before the valid one.
    turn: i64,
    /// The digest of the valid refresh token's secret.
    secret: String,
    /// The digest of the secret before it, the salt of the rotation, and its time.
    previous: Option<String>,
    salt: Option<String>,
    rotated_at: Option<DateTime<Utc>>,
    device: Option<String>,
    created_at: DateTime<Utc>,
    last_used_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

impl SessionRow {
    fn rotating_secret(&self) -> RotatingSecret<'_> {
        RotatingSecret {
            current: &self.secret,
            previous: self.previous.as_deref(),
            salt: self.salt.as_deref(),
            rotated_at: self.rotated_at,
        }
    }
}

impl Users<'_> {
    /// Begins a session of `user`; `device` is what they call this device.
    pub async fn begin_session(&self, user: &str, device: Option<&str>) -> Result<Tokens> {
        let (session, secret, now) = (random_secret(), random_secret(), crate::now());
        let fields = SessionRow {
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
            expires_at: now + self.session_ttl(),
        };
        let row = row(session_record(&fields.sid), fields);
        let params = Params::new().with("user", user).with("now", now).with("row", row);
        let statements = "DELETE session WHERE user = $user AND expires_at < $now RETURN NONE;
            INSERT INTO session $row RETURN NONE;";
        self.0.database.run(statements, params).await?;
        self.issue_tokens(user, &session, RefreshToken::format(&session, 0, &secret))
    }

    /// Exchanges a refresh token for new tokens; it is invalid a short while later. When it is used after that, it or
    /// its successor has been stolen, and the session ends.
    ///
    /// # Errors
    /// Why the token is not accepted.
    pub async fn refresh_session(&self, token: &str) -> Result<Tokens, AuthError> {
        let invalid = || AuthError::Invalid("unknown refresh token");
        let given = RefreshToken::parse(token).ok_or_else(invalid)?;
        // Again if a concurrent request with the same token came first: both get the same successor.
        for _ in 0..2 {
            let row = self.find_session(given.session).await?.ok_or_else(invalid)?;
            // A disabled account keeps its sessions until it is enabled again.
            self.ensure_active(&row.user).await?;
            let Some(next) = given.successor(row.turn, row.rotating_secret(), crate::now()) else {
                return Err(if given.turn < row.turn { self.end_reused_session(&row).await? } else { invalid() });
            };
            if next.new_salt.is_none() || self.rotate_session(&row, &next).await? {
                let refresh_token = RefreshToken::format(given.session, given.turn + 1, &next.secret);
                return Ok(self.issue_tokens(&row.user, given.session, refresh_token)?);
            }
        }
        Err(invalid())
    }

    /// Ends the session of a refresh token; any other token changes nothing.
    pub async fn log_out(&self, token: &str) -> Result<()> {
        let Some(token) = RefreshToken::parse(token) else { return Ok(()) };
        let params = Params::new().with("id", session_record(&digest(token.session)));
        self.0.database.run("DELETE $id RETURN NONE", params).await.map(drop)
    }

    /// The sessions of `user`, newest first; `current` is the id of the calling one.
    pub async fn list_sessions(&self, user: &str, current: Option<&str>) -> Result<Vec<Session>> {
        let statement = "SELECT * FROM session WHERE user = $user AND expires_at > $now ORDER BY created_at DESC";
        let params = Params::new().with("user", user).with("now", crate::now());
        let rows: Vec<SessionRow> = self.0.database.run(statement, params).await?.take(0)?;
        let listed = |row: SessionRow| Session {
            current: current == Some(row.sid.as_str()),
            id: row.sid,
            device: row.device,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
        };
        Ok(rows.into_iter().map(listed).collect())
    }

    /// Ends a session of `user` at once, with its access tokens; `false` when there is none with this id.
    pub async fn end_session(&self, user: &str, id: &str) -> Result<bool> {
        let statement = "DELETE $id WHERE user = $user RETURN BEFORE";
        let params = Params::new().with("id", session_record(id)).with("user", user);
        let ended: Vec<SessionRow> = self.0.database.run(statement, params).await?.take(0)?;
        Ok(!ended.is_empty())
    }

    /// Whether a session of `user` is valid; records its use.
    pub(super) async fn touch_session(&self, user: &str, id: &str) -> Result<bool> {
        let statement = "SELECT * FROM $id WHERE user = $user AND expires_at > $now";
        let now = crate::now();
        let params = Params::new().with("id", session_record(id)).with("user", user).with("now", now);
        let rows: Vec<SessionRow> = self.0.database.run(statement, params).await?.take(0)?;
        let Some(row) = rows.first() else { return Ok(false) };
        if now - row.last_used_at > RECORD_USE_INTERVAL {
            let params = Params::new().with("id", session_record(id)).with("now", now);
            self.0.database.run("UPDATE $id SET last_used_at = $now RETURN NONE", params).await?;
        }
        Ok(true)
    }

    /// The session with this secret, unless it has ended.
    async fn find_session(&self, secret: &str) -> Result<Option<SessionRow>> {
        let params = Params::new().with("id", session_record(&digest(secret))).with("now", crate::now());
        let rows: Vec<SessionRow> =
            self.0.database.run("SELECT * FROM $id WHERE expires_at > $now", params).await?.take(0)?;
        Ok(rows.into_iter().next())
    }

    /// Replaces the refresh token that `row` was read with; `false` when another request has replaced it.
    async fn rotate_session(&self, row: &SessionRow, next: &Successor) -> Result<bool> {
        let statement = "UPDATE $id SET turn += 1, secret = $next, previous = $given, salt = $salt, rotated_at = $now,
            last_used_at = $now, expires_at = $until WHERE turn = $turn AND secret = $given RETURN AFTER";
        let now = crate::now();
        let params = Params::new()
            .with("id", session_record(&row.sid))
            .with("turn", row.turn)
            .with("given", row.secret.as_str())
            .with("next", digest(&next.secret))
            .with("salt", next.new_salt.clone())
            .with("now", now)
            .with("until", now + self.session_ttl());
        let rotated: Vec<SessionRow> = self.0.database.run(statement, params).await?.take(0)?;
        Ok(!rotated.is_empty())
    }

    /// Ends a session whose refresh token was used a second time.
    async fn end_reused_session(&self, row: &SessionRow) -> Result<AuthError> {
        let params = Params::new().with("id", session_record(&row.sid));
        self.0.database.run("DELETE $id RETURN NONE", params).await?;
        tracing::warn!(target: "audit", user = row.user, "refresh token reused: the session was ended");
        Ok(AuthError::SessionRevoked)
    }

    fn issue_tokens(&self, user: &str, session_secret: &str, refresh_token: String) -> Result<Tokens> {
        let app_tokens = &self.0.identity.app_tokens;
        Ok(Tokens {
            access_token: app_tokens.issue(user, session_secret)?,
            token_type: "Bearer".into(),
            expires_in: app_tokens.lifetime_seconds(),
            refresh_token,
            uid: user.to_owned(),
        })
    }

    fn session_ttl(&self) -> TimeDelta {
        TimeDelta::days(self.0.identity.settings.refresh_days.into())
    }
}

/// The secret with this name of all servers on this database; the first one to start creates it.
pub(crate) async fn load_server_secret(database: &Database, name: &str) -> Result<String> {
    let statements = "INSERT IGNORE INTO server_secret { id: $id, secret: $new } RETURN NONE;
        SELECT VALUE secret FROM ONLY $id;";
    let id = RecordId::new("server_secret", name);
    let params = Params::new().with("id", id).with("new", long_random_secret());
    database.run(statements, params).await?.take(1)
}

fn session_record(id: &str) -> RecordId {
    RecordId::new("session", id)
}
