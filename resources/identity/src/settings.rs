//! Configuration of sign-in: passwords, sign-up, Firebase and OpenID Connect.

use serde::Deserialize;

use outbound::Secret;

/// How users sign in.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignInSettings {
    /// Whether users may sign in with a password.
    pub passwords: bool,
    /// Who may make an account.
    pub sign_up: SignUp,
    /// Whether a new identity is linked to the account with the same verified e-mail address.
    pub link_by_email: bool,
    /// Lifetime of access tokens, in minutes.
    pub access_minutes: u32,
    /// Days without use after which a session expires.
    pub refresh_days: u32,
    /// Minimum interval between two requests for the keys of an issuer, in seconds.
    pub refetch_seconds: u64,
    /// The administrator's key: followed by a user's id, it is a token that impersonates that user.
    pub admin_key: Option<Secret>,
    /// Where a browser may be redirected after sign-in, besides loopback addresses.
    pub redirect_uris: Vec<String>,
    /// Apps that users can open with their account, each as `id address`.
    pub apps: Vec<String>,
    /// Sign-in with Firebase ID tokens.
    pub firebase: FirebaseSettings,
    /// Sign-in with an OpenID Connect provider.
    pub oidc: OidcSettings,
}

/// Who may create an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignUp {
    /// Nobody.
    #[default]
    Closed,
    /// Users whom the owner has invited.
    Invited,
    /// Anyone.
    Open,
}

/// Which Firebase ID tokens are accepted.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FirebaseSettings {
    /// The Firebase project; without one, no Firebase tokens are accepted.
    pub project: Option<String>,
    /// The URL of the keys that they are signed with, as a JWK set.
    pub keys: String,
    /// Whether unsigned tokens of the Firebase emulator are accepted too. Anyone can forge these.
    pub allow_emulator: bool,
}

/// The OpenID Connect provider.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OidcSettings {
    /// The issuer URL; without one, OpenID Connect is off.
    pub issuer: Option<String>,
    /// The client id of this server.
    pub client_id: Option<String>,
    /// The client secret of this server.
    pub client_secret: Option<Secret>,
    /// Further client ids whose ID tokens are accepted.
    pub audiences: Vec<String>,
    /// The name that apps use for this provider in `/v1/auth/authorize`.
    pub provider: String,
    /// The scopes to request.
    pub scopes: Vec<String>,
}

impl Default for SignInSettings {
    fn default() -> Self {
        Self {
            passwords: true,
            sign_up: SignUp::Closed,
            link_by_email: false,
            access_minutes: 15,
            refresh_days: 30,
            refetch_seconds: 30,
            admin_key: None,
            redirect_uris: Vec::new(),
            apps: Vec::new(),
            firebase: FirebaseSettings::default(),
            oidc: OidcSettings::default(),
        }
    }
}

impl Default for FirebaseSettings {
    fn default() -> Self {
        let keys = "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com";
        Self { project: None, keys: keys.into(), allow_emulator: false }
    }
}

impl Default for OidcSettings {
    fn default() -> Self {
        Self {
            issuer: None,
            client_id: None,
            client_secret: None,
            audiences: Vec::new(),
            provider: "google".into(),
            scopes: ["openid", "email", "profile"].map(str::to_owned).to_vec(),
        }
    }
}
