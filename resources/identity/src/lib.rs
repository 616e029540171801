//! Identity: passwords, access tokens of our own, ID tokens of Firebase and OpenID Connect, and throttling of logins.

mod app_tokens;
mod claims;
pub mod crypto;
mod firebase;
mod jwks;
mod names;
mod oidc;
pub mod password;
mod revocations;
pub mod rotation;
mod settings;
pub mod throttle;
mod ttl_cache;

use outbound::{Error, Result};

use firebase::Firebase;

pub use app_tokens::AppTokens;
pub use names::{MAX_EMAIL_LENGTH, MAX_NAME_LENGTH, is_email, sanitize};
pub use oidc::{OidcProvider, OidcRequest, OidcSignIn};
pub use password::PASSWORD_LENGTH;
pub use revocations::Revocations;
pub use settings::{FirebaseSettings, OidcSettings, SignInSettings, SignUp};
pub use ttl_cache::TtlCache;

/// Tolerated difference between the clocks of two machines, in seconds.
const CLOCK_SKEW: u64 = 60;

/// A user as an issuer knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The issuer of the token.
    pub issuer: String,
    /// The user's id at the issuer, which is never reused.
    pub subject: String,
    /// Their e-mail address.
    pub email: Option<String>,
    /// Whether the issuer has verified that address.
    pub email_verified: bool,
    /// Their display name.
    pub name: Option<String>,
    /// The id of the session that the token belongs to, if it is one of ours.
    pub session: Option<String>,
}

/// Why credentials are not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// They are malformed, forged, unknown or meant for another server.
    #[error("{0}")]
    Invalid(&'static str),
    /// The token has expired.
    #[error("the token has expired")]
    Expired,
    /// The session of the token has ended.
    #[error("the session was revoked")]
    SessionRevoked,
    /// The identity is valid, but has no account here and may not create one.
    #[error("the identity has no account")]
    NoAccount,
    /// The account is disabled.
    #[error("the account is disabled")]
    Disabled,
    /// The account is being deleted.
    #[error("the account is being deleted")]
    Deleting,
    /// They could not be checked.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// The issuers whose tokens are accepted, as configured.
pub struct IdentityProviders {
    /// The configuration.
    pub settings: SignInSettings,
    /// The OpenID Connect provider.
    pub oidc: Option<OidcProvider>,
    /// This server's own access tokens.
    pub app_tokens: AppTokens,
    firebase: Option<Firebase>,
}

impl IdentityProviders {
    /// The configured issuers; our own tokens are signed with `signing_secret`. Nothing is fetched yet.
    ///
    /// # Errors
    /// [`Error::Internal`] when no HTTP client can be made.
    pub fn new(settings: &SignInSettings, signing_secret: &str) -> Result<Self> {
        Ok(Self {
            settings: settings.clone(),
            oidc: OidcProvider::new(settings)?,
            app_tokens: AppTokens::new(signing_secret, settings.access_minutes),
            firebase: Firebase::new(settings)?,
        })
    }

    /// The identity that a token proves, if it is valid and its issuer is one of these.
    ///
    /// # Errors
    /// Why it is not accepted; [`AuthError::Failed`] when it cannot be verified at present.
    pub async fn verify(&self, token: &str) -> Result<Identity, AuthError> {
        let issuer = claims::unverified_issuer(token).ok_or(AuthError::Invalid("not a JSON Web Token"))?;
        if issuer == app_tokens::ISSUER {
            return self.app_tokens.verify(token);
        }
        if let Some(firebase) = self.firebase.as_ref().filter(|firebase| firebase.issuer() == issuer) {
            return firebase.verify(token).await;
        }
        match self.oidc.as_ref().filter(|provider| provider.issuer() == issuer) {
            Some(provider) => provider.verify(token).await,
            None => Err(AuthError::Invalid("unknown issuer")),
        }
    }
}
