//! What tokens say.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Utc;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, errors::ErrorKind};
use serde::{Deserialize, de::DeserializeOwned};

use super::{Identity, LEEWAY, LONGEST_NAME, Refused, is_email, shown};

/// What an ID token says of somebody.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    iss: String,
    sub: String,
    aud: OneOrMore,
    exp: f64,
    iat: f64,
    nbf: Option<f64>,
    azp: Option<String>,
    pub(super) auth_time: Option<f64>,
    pub(super) nonce: Option<String>,
    email: Option<String>,
    email_verified: Option<Truth>,
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// Some issuers write truth as a text.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Truth {
    Value(bool),
    Text(String),
}

/// Whose tokens are taken, and for whom they are.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) audiences: &'a [String],
}

impl Claims {
    /// What a token says that is signed with this key.
    pub(super) fn signed(
        token: &str,
        key: &DecodingKey,
        algorithm: Algorithm,
        expected: &Expected<'_>,
    ) -> Result<Self, Refused> {
        let mut validation = Validation::new(algorithm);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[expected.issuer]);
        validation.set_audience(expected.audiences);
        let claims: Self = jsonwebtoken::decode(token, key, &validation).map_err(refused)?.claims;
        claims.check(expected)
    }

    /// What an unsigned token says.
    pub(super) fn unsigned(token: &str, expected: &Expected<'_>) -> Result<Self, Refused> {
        let claims: Option<Self> = part(token, 1);
        claims.ok_or(Refused::Invalid("its claims cannot be read"))?.check(expected)
    }

    /// Sees to it that the claims are for us, and of this time.
    fn check(self, expected: &Expected<'_>) -> Result<Self, Refused> {
        let is_ours = |audience: &String| expected.audiences.contains(audience);
        let for_us = match &self.aud {
            OneOrMore::One(audience) => is_ours(audience),
            // Of a token for several, the one who asked for it is named.
            OneOrMore::More(audiences) => audiences.iter().any(is_ours) && self.azp.as_ref().is_none_or(is_ours),
        };
        if self.iss != expected.issuer || !for_us {
            return Err(Refused::Invalid("it is of another issuer, or for another audience"));
        }
        if self.sub.is_empty() || self.sub.len() > 255 {
            return Err(Refused::Invalid("it names nobody"));
        }
        let (now, leeway) = (Utc::now().timestamp() as f64, LEEWAY as f64);
        if self.exp < now - leeway {
            return Err(Refused::Expired);
        }
        let begun = [Some(self.iat), self.nbf, self.auth_time].into_iter().flatten();
        if begun.into_iter().any(|time| time > now + leeway) {
            return Err(Refused::Invalid("it is of the future"));
        }
        Ok(self)
    }

    /// Whom they are about. An issuer may let its users call themselves what they like: what can be shown is taken.
    pub(super) fn identity(self) -> Identity {
        let vouched = match self.email_verified {
            Some(Truth::Value(vouched)) => vouched,
            Some(Truth::Text(text)) => text == "true",
            None => false,
        };
        let email = self.email.filter(|email| is_email(email)).map(|email| email.trim().to_owned());
        Identity {
            issuer: self.iss,
            subject: self.sub,
            email_verified: vouched && email.is_some(),
            email,
            name: self.name.and_then(|name| shown(&name, LONGEST_NAME)),
            session: None,
        }
    }
}

/// Why a token was not taken; what it says goes nowhere.
pub(super) fn refused(error: jsonwebtoken::errors::Error) -> Refused {
    match error.kind() {
        ErrorKind::ExpiredSignature => Refused::Expired,
        ErrorKind::InvalidSignature => Refused::Invalid("its signature does not fit"),
        ErrorKind::InvalidIssuer | ErrorKind::InvalidAudience => {
            Refused::Invalid("it is of another issuer, or for another audience")
        }
        ErrorKind::ImmatureSignature => Refused::Invalid("it is of the future"),
        _ => Refused::Invalid("it cannot be read, or lacks a claim"),
    }
}

/// The issuer that a token gives; who reads it knows nothing yet of whether that is true.
pub(super) fn issuer_of(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Given {
        iss: String,
    }
    part::<Given>(token, 1).map(|given| given.iss)
}

/// Whether a token says of itself that it is not signed, and is not.
pub(super) fn is_unsigned(token: &str) -> bool {
    #[derive(Deserialize)]
    struct Header {
        alg: String,
    }
    part::<Header>(token, 0).is_some_and(|header| header.alg == "none") && token.ends_with('.')
}

/// The first or second of the three parts of a token.
fn part<T: DeserializeOwned>(token: &str, place: usize) -> Option<T> {
    let parts: Vec<&str> = token.split('.').collect();
    let [_, _, _] = parts[..] else { return None };
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[place]).ok()?).ok()
}
