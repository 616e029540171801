//! Claims of ID tokens, and their validation.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Utc;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, errors::ErrorKind};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{AuthError, CLOCK_SKEW, Identity, MAX_NAME_LENGTH, is_email, sanitize};

/// The longest `sub` claim, in bytes (OpenID Connect Core, section 2).
const MAX_SUBJECT_LENGTH: usize = 255;

const WRONG_RECIPIENT: AuthError = AuthError::Invalid("wrong issuer or audience");
const NOT_YET_VALID: AuthError = AuthError::Invalid("not yet valid");

/// The claims of an ID token.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    iss: String,
    sub: String,
    aud: Audiences,
    exp: f64,
    iat: f64,
    nbf: Option<f64>,
    azp: Option<String>,
    pub(super) auth_time: Option<f64>,
    pub(super) nonce: Option<String>,
    email: Option<String>,
    email_verified: Option<LenientBool>,
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audiences {
    One(String),
    Many(Vec<String>),
}

/// A boolean, which some issuers write as a string.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum LenientBool {
    Bool(bool),
    Text(String),
}

/// The issuer whose tokens are accepted, and the audiences they may be for.
pub(super) struct ExpectedClaims<'a> {
    pub(super) issuer: &'a str,
    pub(super) audiences: &'a [String],
}

impl Claims {
    /// The validated claims of a token that is signed with this key.
    pub(super) fn from_signed(
        token: &str,
        key: &DecodingKey,
        algorithm: Algorithm,
        expected: &ExpectedClaims<'_>,
    ) -> Result<Self, AuthError> {
        let mut validation = Validation::new(algorithm);
        validation.leeway = CLOCK_SKEW;
        validation.validate_nbf = true;
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[expected.issuer]);
        validation.set_audience(expected.audiences);
        let claims: Self = jsonwebtoken::decode(token, key, &validation).map_err(auth_error)?.claims;
        claims.validate(expected)
    }

    /// The validated claims of an unsigned token.
    pub(super) fn from_unsigned(token: &str, expected: &ExpectedClaims<'_>) -> Result<Self, AuthError> {
        let claims: Option<Self> = decode_part(token, 1);
        claims.ok_or(AuthError::Invalid("claims cannot be parsed"))?.validate(expected)
    }

    /// Checks issuer, audience, subject and times.
    fn validate(self, expected: &ExpectedClaims<'_>) -> Result<Self, AuthError> {
        let is_expected = |audience: &String| expected.audiences.contains(audience);
        let is_for_us = match &self.aud {
            Audiences::One(audience) => is_expected(audience),
            // A token for several audiences names the client that requested it.
            Audiences::Many(audiences) => {
                audiences.iter().any(is_expected) && self.azp.as_ref().is_none_or(is_expected)
            }
        };
        if self.iss != expected.issuer || !is_for_us {
            return Err(WRONG_RECIPIENT);
        }
        if self.sub.is_empty() || self.sub.len() > MAX_SUBJECT_LENGTH {
            return Err(AuthError::Invalid("invalid subject"));
        }
        let (now, skew) = (Utc::now().timestamp() as f64, CLOCK_SKEW as f64);
        if self.exp < now - skew {
            return Err(AuthError::Expired);
        }
        let mut past_times = [Some(self.iat), self.nbf, self.auth_time].into_iter().flatten();
        if past_times.any(|time| time > now + skew) {
            return Err(NOT_YET_VALID);
        }
        Ok(self)
    }

    /// The identity they describe. Issuers may let users choose any name, so it is sanitized.
    pub(super) fn into_identity(self) -> Identity {
        let is_verified = match self.email_verified {
            Some(LenientBool::Bool(is_verified)) => is_verified,
            Some(LenientBool::Text(text)) => text == "true",
            None => false,
        };
        let email = self.email.filter(|email| is_email(email)).map(|email| email.trim().to_owned());
        Identity {
            issuer: self.iss,
            subject: self.sub,
            email_verified: is_verified && email.is_some(),
            email,
            name: self.name.and_then(|name| sanitize(&name, MAX_NAME_LENGTH)),
            session: None,
        }
    }
}

/// Why a token was rejected, without anything of its content.
pub(super) fn auth_error(error: jsonwebtoken::errors::Error) -> AuthError {
    match error.kind() {
        ErrorKind::ExpiredSignature => AuthError::Expired,
        ErrorKind::InvalidSignature => AuthError::Invalid("invalid signature"),
        ErrorKind::InvalidIssuer | ErrorKind::InvalidAudience => WRONG_RECIPIENT,
        ErrorKind::ImmatureSignature => NOT_YET_VALID,
        _ => AuthError::Invalid("malformed token or missing claim"),
    }
}

/// The `iss` claim of a token, before anything is verified.
pub(super) fn unverified_issuer(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct IssuerClaim {
        iss: String,
    }
    decode_part::<IssuerClaim>(token, 1).map(|claim| claim.iss)
}

/// Whether a token has the algorithm `none` and no signature.
pub(super) fn is_unsigned(token: &str) -> bool {
    #[derive(Deserialize)]
    struct AlgorithmHeader {
        alg: String,
    }
    decode_part::<AlgorithmHeader>(token, 0).is_some_and(|header| header.alg == "none") && token.ends_with('.')
}

/// Decodes one of the three parts of a token: the header (0) or the claims (1).
fn decode_part<T: DeserializeOwned>(token: &str, index: usize) -> Option<T> {
    let parts: Vec<&str> = token.split('.').collect();
    let [_, _, _] = parts[..] else { return None };
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[index]).ok()?).ok()
}
