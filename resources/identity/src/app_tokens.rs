//! Access tokens of our own, for apps: short-lived JWTs, valid no longer than the session that they belong to.

use chrono::Utc;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use outbound::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::{AuthError, CLOCK_SKEW, Identity, claims::auth_error, crypto::digest};

/// The issuer and the audience of our tokens.
pub(crate) const ISSUER: &str = "recollect";

/// Issues and verifies our access tokens.
pub struct AppTokens {
    encoding_key: EncodingKey,
    decoding_key: DecodingKey,
    lifetime_seconds: i64,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    /// The secret of the session. Only its digest is stored, so that reading the database is not enough to forge a
    /// valid token, even with the signing secret.
    sid: String,
    iat: i64,
    exp: i64,
}

impl AppTokens {
    pub(crate) fn new(signing_secret: &str, access_minutes: u32) -> Self {
        Self {
            encoding_key: EncodingKey::from_secret(signing_secret.as_bytes()),
            decoding_key: DecodingKey::from_secret(signing_secret.as_bytes()),
            lifetime_seconds: i64::from(access_minutes) * 60,
        }
    }

    /// Lifetime of the tokens, in seconds.
    pub fn lifetime_seconds(&self) -> i64 {
        self.lifetime_seconds
    }

    /// Issues a token for a user's session, which is known by its secret.
    ///
    /// # Errors
    /// [`Error::Internal`] when signing fails.
    pub fn issue(&self, user: &str, session_secret: &str) -> Result<String> {
        let now = Utc::now().timestamp();
        let claims = Claims {
            iss: ISSUER.into(),
            aud: ISSUER.into(),
            sub: user.into(),
            sid: session_secret.into(),
            iat: now,
            exp: now + self.lifetime_seconds,
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding_key).map_err(Error::internal)
    }

    pub(crate) fn verify(&self, token: &str) -> Result<Identity, AuthError> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = CLOCK_SKEW;
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[ISSUER]);
        let claims: Claims = jsonwebtoken::decode(token, &self.decoding_key, &validation).map_err(auth_error)?.claims;
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
