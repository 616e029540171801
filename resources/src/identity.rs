//! Who somebody is: passwords of our own, and tokens that we or others have issued.

mod app_tokens;
mod claims;
mod firebase;
mod key_set;
mod names;
mod oidc;
pub(crate) mod password;
mod settings;
pub(crate) mod throttle;

use futures::future::BoxFuture;

use crate::{Database, Error, Result};
pub(crate) use app_tokens::Local;
use firebase::Firebase;
pub use names::is_email;
pub(crate) use names::{LONGEST_NAME, shown};
pub use oidc::{Errand, Oidc, Redeemed};
pub use password::LENGTH as PASSWORD_LENGTH;
pub use settings::{FirebaseSettings, OidcSettings, SignInSettings, SignUp};

/// How far the clocks of two machines may be apart, in seconds.
const LEEWAY: u64 = 60;

/// Who somebody is, as an issuer has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who says so.
    pub issuer: String,
    /// Whom the issuer means; nobody else of the same issuer has it, now or later.
    pub subject: String,
    /// Their e-mail address.
    pub email: Option<String>,
    /// Whether the issuer vouches for that address.
    pub email_verified: bool,
    /// What to call them.
    pub name: Option<String>,
    /// The sign-in that the token belongs to, where it is one of ours.
    pub session: Option<String>,
}

/// Why a token signs nobody in.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It is none, it is forged, or it is meant for somebody else.
    #[error("{0}")]
    Invalid(&'static str),
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// The sign-in that it belongs to was ended.
    #[error("the session was ended")]
    Ended,
    /// It is good, but nobody's here, and whoever brings it may make no account.
    #[error("the identity has no account here")]
    Stranger,
    /// The account is disabled.
    #[error("the account is disabled")]
    Disabled,
    /// The account is being deleted.
    #[error("the account is being deleted")]
    Leaving,
    /// Whether it is good cannot be told now.
    #[error(transparent)]
    Unknown(#[from] Error),
}

/// Tells who somebody is by a token of one issuer.
pub trait Verifier: Send + Sync {
    /// Whose tokens it knows: what they give as `iss`.
    fn issuer(&self) -> &str;

    /// Who brings this token. What cannot be verified now is [`Refused::Unknown`], never somebody.
    fn verify<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Identity, Refused>>;
}

/// Everybody whose word is taken for who somebody is, as the configuration says.
pub struct SignIn {
    /// What was configured.
    pub settings: SignInSettings,
    /// The issuer at which users sign in with a browser.
    pub oidc: Option<Oidc>,
    pub(crate) local: Local,
    firebase: Option<Firebase>,
}

impl SignIn {
    /// Reads or makes the secret that our own tokens are signed with, and gets ready to ask the issuers.
    pub(crate) async fn open(settings: &SignInSettings, database: &Database) -> Result<Self> {
        Ok(Self {
            settings: settings.clone(),
            oidc: Oidc::open(settings)?,
            local: Local::open(settings, database).await?,
            firebase: Firebase::open(settings)?,
        })
    }

    /// Who brings this token, by the word of its issuer.
    pub(crate) async fn verify(&self, token: &str) -> Result<Identity, Refused> {
        let issuer = claims::issuer_of(token).ok_or(Refused::Invalid("it is no token"))?;
        let known = self.verifiers().find(|verifier| verifier.issuer() == issuer);
        known.ok_or(Refused::Invalid("nobody here knows its issuer"))?.verify(token).await
    }

    fn verifiers(&self) -> impl Iterator<Item = &dyn Verifier> {
        let firebase = self.firebase.as_ref().map(|firebase| firebase as &dyn Verifier);
        let oidc = self.oidc.as_ref().map(|oidc| oidc as &dyn Verifier);
        [Some(&self.local as &dyn Verifier), firebase, oidc].into_iter().flatten()
    }
}
