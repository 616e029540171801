//! Browsers on their way through the sign-in page of an issuer, and the codes that they bring back to whoever sent them.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use surrealdb::types::{RecordId, SurrealValue};

use super::Users;
use crate::{
    Error, Result,
    database::{Bound, row},
    identity::throttle::Knock,
    keys::{challenge, digest, random_secret},
};

/// How long somebody may take to sign in, and a program to redeem the code.
const PATIENCE: TimeDelta = TimeDelta::seconds(300);

/// How many may be on their way at once.
const AT_ONCE: i64 = 10_000;

/// A browser on its way.
#[derive(Debug, Clone, PartialEq, Eq, SurrealValue)]
pub struct Visit {
    /// Where it is sent in the end.
    pub redirect_uri: String,
    /// What it takes there, as it was given.
    pub state: Option<String>,
    /// The challenge (S256) of whoever redeems the code, where they gave one.
    pub challenge: Option<String>,
    /// Where the issuer sends it back to.
    pub callback: String,
    /// What the issuer's token must have in it.
    pub nonce: String,
    /// What the issuer's code is redeemed with.
    pub verifier: String,
    /// What only this browser has, in a cookie.
    pub browser: String,
}

/// Somebody who has signed in, and whose program may now have its tokens.
#[derive(Debug, Clone, PartialEq, Eq, SurrealValue)]
pub struct Welcomed {
    /// Who.
    pub user: String,
    /// The token of the issuer.
    pub id_token: String,
    /// Where the browser was sent.
    pub redirect_uri: String,
    /// The challenge of whoever redeems the code.
    pub challenge: Option<String>,
}

#[derive(SurrealValue)]
struct VisitRow {
    visit: Option<Visit>,
    welcomed: Option<Welcomed>,
    /// Who was welcomed, so that their rows are found.
    user: Option<String>,
    expires_at: DateTime<Utc>,
}

impl Visit {
    /// A visit of a browser that the issuer sends back to `callback`, and that goes on to `redirect_uri` then.
    pub fn new(redirect_uri: String, state: Option<String>, challenge: Option<String>, callback: String) -> Self {
        let verifier = random_secret() + &random_secret();
        Self { redirect_uri, state, challenge, callback, nonce: random_secret(), verifier, browser: random_secret() }
    }
}

impl Users<'_> {
    /// Notes that a browser is on its way, which comes from this address; gives the state that it will come back with.
    ///
    /// # Errors
    /// [`Error::RateLimited`] after too many from there, [`Error::Unavailable`] when too many are on their way in all.
    pub async fn begin_visit(&self, from: Option<IpAddr>, visit: &Visit) -> Result<String> {
        self.0.throttle.knock(Knock::Visit, from).map_err(Error::RateLimited)?;
        self.note(Some(visit.clone()), None).await
    }

    /// The visit that a browser comes back from, once.
    pub async fn end_visit(&self, state: &str) -> Result<Option<Visit>> {
        Ok(self.take_note(state).await?.and_then(|row| row.visit))
    }

    /// A code for whoever sent the browser of somebody who has signed in.
    pub async fn welcome(&self, welcomed: Welcomed) -> Result<String> {
        self.note(None, Some(welcomed)).await
    }

    /// Who has signed in, for the code that their browser brought to `redirect_uri`, once.
    pub async fn redeem(&self, code: &str, redirect_uri: &str, verifier: Option<&str>) -> Result<Option<Welcomed>> {
        let welcomed = self.take_note(code).await?.and_then(|row| row.welcomed);
        let fits = |welcomed: &Welcomed| {
            welcomed.redirect_uri == redirect_uri && welcomed.challenge == verifier.map(challenge)
        };
        Ok(welcomed.filter(fits))
    }

    async fn note(&self, visit: Option<Visit>, welcomed: Option<Welcomed>) -> Result<String> {
        let (secret, now) = (random_secret() + &random_secret(), crate::now());
        let user = welcomed.as_ref().map(|welcomed| welcomed.user.clone());
        let fields = VisitRow { visit, welcomed, user, expires_at: now + PATIENCE };
        let statements = "DELETE visit WHERE expires_at < $now RETURN NONE;
            LET $room = count(SELECT VALUE id FROM visit) < $at_once;
            IF $room { INSERT INTO visit $row RETURN NONE; };
            RETURN $room;";
        let bound = Bound::new().with("now", now).with("at_once", AT_ONCE).with("row", row(record(&secret), fields));
        let has_room: bool = self.0.database.run(statements, bound).await?.take(3)?;
        if has_room { Ok(secret) } else { Err(Error::Unavailable("Too many are signing in at this moment".into())) }
    }

    async fn take_note(&self, secret: &str) -> Result<Option<VisitRow>> {
        let bound = Bound::new().with("id", record(secret));
        let gone: Vec<VisitRow> = self.0.database.run("DELETE $id RETURN BEFORE", bound).await?.take(0)?;
        Ok(gone.into_iter().next().filter(|row| row.expires_at > crate::now()))
    }
}

fn record(secret: &str) -> RecordId {
    RecordId::new("visit", digest(secret))
}
