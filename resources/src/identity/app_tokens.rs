//! Tokens of our own: they are good for minutes, and no longer than the session that they belong to.

use chrono::Utc;
use futures::future::BoxFuture;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use surrealdb::types::RecordId;

use super::{Identity, LEEWAY, Refused, SignInSettings, Verifier, claims::refused};
use crate::{
    Database, Error, Result,
    database::Bound,
    keys::{digest, random_secret},
};

/// What our tokens give as their issuer, and as their audience.
const ISSUER: &str = "recollect";

/// Makes and knows our own tokens.
pub(crate) struct Local {
    signing: EncodingKey,
    verifying: DecodingKey,
    seconds: i64,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    /// What the session is found by. Nobody but who holds a token knows it, for only its digest is kept: who reads the
    /// database can sign tokens, but none that is good.
    sid: String,
    iat: i64,
    exp: i64,
}

impl Local {
    /// Reads the secret that all servers on this database sign with; whoever is first makes it.
    pub(super) async fn open(settings: &SignInSettings, database: &Database) -> Result<Self> {
        let statements = "INSERT IGNORE INTO server_secret { id: $id, secret: $new } RETURN NONE;
            SELECT VALUE secret FROM ONLY $id;";
        let bound = Bound::new()
            .with("id", RecordId::new("server_secret", "access_tokens"))
            .with("new", random_secret() + &random_secret());
        let secret: String = database.run(statements, bound).await?.take(1)?;
        Ok(Self {
            signing: EncodingKey::from_secret(secret.as_bytes()),
            verifying: DecodingKey::from_secret(secret.as_bytes()),
            seconds: i64::from(settings.access_minutes) * 60,
        })
    }

    /// For how many seconds a token is good.
    pub(crate) fn seconds(&self) -> i64 {
        self.seconds
    }

    /// A token for a user, in the session called by this secret.
    pub(crate) fn issue(&self, user: &str, session: &str) -> Result<String> {
        let now = Utc::now().timestamp();
        let claims = Claims {
            iss: ISSUER.into(),
            aud: ISSUER.into(),
            sub: user.into(),
            sid: session.into(),
            iat: now,
            exp: now + self.seconds,
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.signing).map_err(Error::internal)
    }

    fn read(&self, token: &str) -> Result<Identity, Refused> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = LEEWAY;
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[ISSUER]);
        let claims: Claims = jsonwebtoken::decode(token, &self.verifying, &validation).map_err(refused)?.claims;
        Ok(Identity {
            issuer: claims.iss,
            subject: claims.sub,
            email: None,
            email_verified: false,
            name: None,
            session: Some(digest(&claims.sid)),
        })
    }
}

impl Verifier for Local {
    fn issuer(&self) -> &str {
        ISSUER
    }

    fn verify<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Identity, Refused>> {
        Box::pin(async { self.read(token) })
    }
}
