//! ID tokens of Firebase Authentication, and of its emulator.

use std::time::Duration;

use jsonwebtoken::{Algorithm, decode_header};
use outbound::Result;

use crate::{
    AuthError, Identity, SignInSettings,
    claims::{Claims, ExpectedClaims, auth_error, is_unsigned},
    jwks::{CachedDocument, JwkSet},
};

/// Verifies the ID tokens of one Firebase project.
pub(super) struct Firebase {
    issuer: String,
    audiences: [String; 1],
    keys: CachedDocument<JwkSet>,
    keys_url: String,
    allow_emulator: bool,
}

impl Firebase {
    /// `None` where no project is configured.
    pub(super) fn new(settings: &SignInSettings) -> Result<Option<Self>> {
        let Some(project) = settings.firebase.project.clone() else { return Ok(None) };
        Ok(Some(Self {
            issuer: format!("https://securetoken.google.com/{project}"),
            audiences: [project],
            keys: CachedDocument::new("key set of Firebase", Duration::from_secs(settings.refetch_seconds))?,
            keys_url: settings.firebase.keys.clone(),
            allow_emulator: settings.firebase.allow_emulator,
        }))
    }

    /// The `iss` claim of its tokens.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The identity that an ID token proves.
    pub(crate) async fn verify(&self, token: &str) -> Result<Identity, AuthError> {
        Ok(self.claims(token).await?.into_identity())
    }

    async fn claims(&self, token: &str) -> Result<Claims, AuthError> {
        let expected = ExpectedClaims { issuer: &self.issuer, audiences: &self.audiences };
        if self.allow_emulator && is_unsigned(token) {
            return Claims::from_unsigned(token, &expected);
        }
        let header = decode_header(token).map_err(auth_error)?;
        if header.alg != Algorithm::RS256 || header.kid.is_none() {
            return Err(AuthError::Invalid("not signed with RS256 and a key id"));
        }
        let key = self.keys.decoding_key(&self.keys_url, &header).await?;
        Claims::from_signed(token, &key, Algorithm::RS256, &expected)
    }
}
