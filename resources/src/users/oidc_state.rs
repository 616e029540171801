//! Browser sign-ins at the OpenID Connect provider that are under way, and the codes that apps redeem afterwards.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use identity::{
    crypto::{digest, long_random_secret, pkce_challenge, random_secret},
    throttle::AnonymousAction,
};
use surrealdb::types::{RecordId, SurrealValue};

use super::Users;
use crate::{
    Error, Result,
    database::{Params, row},
};

/// How long a sign-in may take, and how long its code can be redeemed.
const STATE_TTL: TimeDelta = TimeDelta::seconds(300);

/// The most rows at a time.
const MAX_STATES: i64 = 10_000;

/// A browser sign-in that is under way.
#[derive(Debug, Clone, PartialEq, Eq, SurrealValue)]
pub struct OidcLoginState {
    /// Where the browser is redirected in the end.
    pub redirect_uri: String,
    /// The app's `state`, returned unchanged.
    pub state: Option<String>,
    /// The app's PKCE challenge (S256).
    pub challenge: Option<String>,
    /// Our callback, where the provider redirects the browser.
    pub callback: String,
    /// The expected `nonce` of the ID token.
    pub nonce: String,
    /// The PKCE verifier of our request to the provider.
    pub verifier: String,
    /// The secret in the browser's cookie.
    pub browser: String,
}

/// A user who has signed in, for the app that redeems the code.
#[derive(Debug, Clone, PartialEq, Eq, SurrealValue)]
pub struct LoginCode {
    /// The user's id.
    pub user: String,
    /// The ID token of the provider.
    pub id_token: String,
    /// Where the browser was redirected.
    pub redirect_uri: String,
    /// The app's PKCE challenge (S256).
    pub challenge: Option<String>,
}

#[derive(SurrealValue)]
struct OidcStateRow {
    login: Option<OidcLoginState>,
    code: Option<LoginCode>,
    /// The user of the code, so that deleting the user finds the row.
    user: Option<String>,
    expires_at: DateTime<Utc>,
}

impl OidcLoginState {
    /// A new sign-in; the provider redirects the browser to `callback`, and we redirect it to `redirect_uri` then.
    pub fn new(redirect_uri: String, state: Option<String>, challenge: Option<String>, callback: String) -> Self {
        let verifier = long_random_secret();
        Self { redirect_uri, state, challenge, callback, nonce: random_secret(), verifier, browser: random_secret() }
    }
}

impl Users<'_> {
    /// Stores a sign-in of a browser at this address; returns the `state` parameter for the provider.
    ///
    /// # Errors
    /// [`Error::RateLimited`] after too many from the address, [`Error::Unavailable`] while too many are under way.
    pub async fn begin_oidc_login(&self, address: Option<IpAddr>, login: &OidcLoginState) -> Result<String> {
        self.0.auth.throttle.count_anonymous(AnonymousAction::OidcLogin, address).map_err(Error::RateLimited)?;
        self.insert_state(Some(login.clone()), None).await
    }

    /// Takes the sign-in with this `state` parameter, once.
    pub async fn take_oidc_login(&self, state: &str) -> Result<Option<OidcLoginState>> {
        Ok(self.take_state(state).await?.and_then(|row| row.login))
    }

    /// A code for the app that the user has signed in to.
    pub async fn create_login_code(&self, code: LoginCode) -> Result<String> {
        self.insert_state(None, Some(code)).await
    }

    /// Redeems the code that was sent to `redirect_uri`, once.
    pub async fn redeem_login_code(
        &self,
        code: &str,
        redirect_uri: &str,
        verifier: Option<&str>,
    ) -> Result<Option<LoginCode>> {
        let code = self.take_state(code).await?.and_then(|row| row.code);
        let matches =
            |code: &LoginCode| code.redirect_uri == redirect_uri && code.challenge == verifier.map(pkce_challenge);
        Ok(code.filter(matches))
    }

    async fn insert_state(&self, login: Option<OidcLoginState>, code: Option<LoginCode>) -> Result<String> {
        let (secret, now) = (long_random_secret(), crate::now());
        let user = code.as_ref().map(|code| code.user.clone());
        let fields = OidcStateRow { login, code, user, expires_at: now + STATE_TTL };
        let statements = "DELETE oidc_state WHERE expires_at < $now RETURN NONE;
            LET $room = count(SELECT VALUE id FROM oidc_state) < $max;
            IF $room { INSERT INTO oidc_state $row RETURN NONE; };
            RETURN $room;";
        let params =
            Params::new().with("now", now).with("max", MAX_STATES).with("row", row(state_record(&secret), fields));
        let has_room: bool = self.0.database.run(statements, params).await?.take(3)?;
        if has_room { Ok(secret) } else { Err(Error::Unavailable("Too many sign-ins are under way".into())) }
    }

    async fn take_state(&self, secret: &str) -> Result<Option<OidcStateRow>> {
        let params = Params::new().with("id", state_record(secret));
        let rows: Vec<OidcStateRow> = self.0.database.run("DELETE $id RETURN BEFORE", params).await?.take(0)?;
        Ok(rows.into_iter().next().filter(|row| row.expires_at > crate::now()))
    }
}

fn state_record(secret: &str) -> RecordId {
    RecordId::new("oidc_state", digest(secret))
}
