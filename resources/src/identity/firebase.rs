//! ID tokens of Firebase Auth, and of its emulator.

use std::time::Duration;

use futures::future::BoxFuture;
use jsonwebtoken::{Algorithm, decode_header};

use super::{
    Identity, Refused, SignInSettings, Verifier,
    claims::{Claims, Expected, is_unsigned, refused},
    key_set::{Fetched, Keys},
};
use crate::Result;

/// Knows the ID tokens for one project.
pub(super) struct Firebase {
    issuer: String,
    audiences: [String; 1],
    keys: Fetched<Keys>,
    keys_url: String,
    allow_emulator: bool,
}

impl Firebase {
    /// `None` where no project is configured.
    pub(super) fn open(settings: &SignInSettings) -> Result<Option<Self>> {
        let Some(project) = settings.firebase.project.clone() else { return Ok(None) };
        Ok(Some(Self {
            issuer: format!("https://securetoken.google.com/{project}"),
            audiences: [project],
            keys: Fetched::new("key set of Firebase", Duration::from_secs(settings.refetch_seconds))?,
            keys_url: settings.firebase.keys.clone(),
            allow_emulator: settings.firebase.allow_emulator,
        }))
    }

    async fn claims(&self, token: &str) -> Result<Claims, Refused> {
        let expected = Expected { issuer: &self.issuer, audiences: &self.audiences };
        if self.allow_emulator && is_unsigned(token) {
            return Claims::unsigned(token, &expected);
        }
        let header = decode_header(token).map_err(refused)?;
        if header.alg != Algorithm::RS256 || header.kid.is_none() {
            return Err(Refused::Invalid("it is not signed as Firebase signs"));
        }
        let key = self.keys.key(&self.keys_url, &header).await?;
        Claims::signed(token, &key, Algorithm::RS256, &expected)
    }
}

impl Verifier for Firebase {
    fn issuer(&self) -> &str {
        &self.issuer
    }

    fn verify<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Identity, Refused>> {
        Box::pin(async move { Ok(self.claims(token).await?.identity()) })
    }
}
