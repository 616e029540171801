//! What can be chosen of how users sign in.

use serde::Deserialize;

use crate::Secret;

/// How users sign in.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignInSettings {
    /// Whether users may sign in with a password.
    pub passwords: bool,
    /// Who may make an account.
    pub sign_up: SignUp,
    /// Whether an identity that is new here belongs to the account with the same verified e-mail address.
    pub link_by_email: bool,
    /// For how many minutes an access token of our own is good.
    pub access_minutes: u32,
    /// After how many days without use a session ends.
    pub refresh_days: u32,
    /// The least number of seconds between two requests for the keys of an issuer.
    pub refetch_seconds: u64,
    /// What, followed by a user's id, acts for that user.
    pub admin_key: Option<Secret>,
    /// Where a browser may be sent after it has signed in, besides programs on its own machine.
    pub redirect_uris: Vec<String>,
    /// The apps that users may open with their account: `id address`.
    pub apps: Vec<String>,
    /// ID tokens of Firebase.
    pub firebase: FirebaseSettings,
    /// ID tokens of any other issuer.
    pub oidc: OidcSettings,
}

/// Who may make an account by signing in with an identity that is new here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignUp {
    /// Nobody.
    #[default]
    Closed,
    /// Whom the owner has invited.
    Invited,
    /// Everybody.
    Open,
}

/// Which ID tokens of Firebase are taken.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FirebaseSettings {
    /// The project that they are for; none takes none.
    pub project: Option<String>,
    /// Where the keys are that they are signed with.
    pub keys: String,
    /// Whether the unsigned tokens of the emulator are taken too, which anybody can write.
    pub allow_emulator: bool,
}

/// Which ID tokens of another issuer are taken.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OidcSettings {
    /// The issuer, by its address; none takes none.
    pub issuer: Option<String>,
    /// What this server is called there.
    pub client_id: Option<String>,
    /// Proves that it is this server.
    pub client_secret: Option<Secret>,
    /// Other names of clients whose tokens are taken too.
    pub audiences: Vec<String>,
    /// What clients call this issuer when they send a browser to it.
    pub provider: String,
    /// What is asked of it.
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
