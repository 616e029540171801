//! An issuer of OpenID Connect, found out about by discovery: its ID tokens, and signing in there with a browser.

use std::time::Duration;

use futures::future::BoxFuture;
use jsonwebtoken::{Algorithm, decode_header};
use reqwest::{StatusCode, Url};
use serde::Deserialize;

use super::{
    Identity, OidcSettings, Refused, SignInSettings, Verifier,
    claims::{Claims, Expected, refused},
    key_set::{Fetched, Keys},
};
use crate::{Error, Result, http};

/// The signatures that are taken: those with a public key.
const SIGNED: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// How long the issuer may take to give a token for a code.
const PATIENCE: Duration = Duration::from_secs(10);

/// Knows one issuer.
pub struct Oidc {
    settings: OidcSettings,
    issuer: String,
    client_id: String,
    audiences: Vec<String>,
    discovery: Fetched<Discovery>,
    keys: Fetched<Keys>,
    client: reqwest::Client,
}

/// What the issuer says of itself.
#[derive(Debug, Clone, Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

/// What a browser takes to the issuer, and is asked for when it comes back.
#[derive(Debug, Clone, Copy)]
pub struct Errand<'a> {
    /// Where it comes back to.
    pub redirect_uri: &'a str,
    /// What it brings back.
    pub state: &'a str,
    /// What the token will have in it.
    pub nonce: &'a str,
    /// What the code will be given for: the verifier's challenge here, the verifier itself there.
    pub pkce: &'a str,
}

/// Somebody who has signed in at the issuer.
#[derive(Debug)]
pub struct Redeemed {
    /// Who.
    pub identity: Identity,
    /// The token that says so.
    pub id_token: String,
}

impl Oidc {
    /// `None` where no issuer is configured.
    pub(super) fn open(settings: &SignInSettings) -> Result<Option<Self>> {
        let (Some(issuer), Some(client_id)) = (&settings.oidc.issuer, &settings.oidc.client_id) else {
            return Ok(None);
        };
        let floor = Duration::from_secs(settings.refetch_seconds);
        let client = http::client().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none());
        let others = settings.oidc.audiences.iter();
        Ok(Some(Self {
            issuer: issuer.clone(),
            client_id: client_id.clone(),
            audiences: others.chain([client_id]).cloned().collect(),
            settings: settings.oidc.clone(),
            discovery: Fetched::new("description of the issuer", floor)?,
            keys: Fetched::new("key set of the issuer", floor)?,
            client: client.build().map_err(Error::internal)?,
        }))
    }

    /// What clients call it.
    pub fn provider(&self) -> &str {
        &self.settings.provider
    }

    /// Where a browser goes to sign in.
    ///
    /// # Errors
    /// [`Error::Unavailable`] while the issuer is away.
    pub async fn authorization_url(&self, errand: Errand<'_>) -> Result<String> {
        let endpoint = self.discover().await?.authorization_endpoint;
        let mut url = endpoint.as_deref().and_then(|url| Url::parse(url).ok()).ok_or_else(no_browsers)?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client_id)
            .append_pair("redirect_uri", errand.redirect_uri)
            .append_pair("scope", &self.settings.scopes.join(" "))
            .append_pair("state", errand.state)
            .append_pair("nonce", errand.nonce)
            .append_pair("code_challenge", errand.pkce)
            .append_pair("code_challenge_method", "S256");
        Ok(url.into())
    }

    /// Who came back with this code.
    ///
    /// # Errors
    /// [`Refused::Unknown`] while the issuer is away, [`Refused::Invalid`] when the code is not taken or what is given for
    /// it does not fit.
    pub async fn redeem(&self, code: &str, errand: Errand<'_>) -> Result<Redeemed, Refused> {
        #[derive(Deserialize)]
        struct Given {
            id_token: String,
        }
        let discovery = self.discover().await?;
        let endpoint = discovery.token_endpoint.as_deref().ok_or_else(no_browsers)?;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", errand.redirect_uri),
            ("code_verifier", errand.pkce),
        ];
        let mut request = self.client.post(endpoint);
        let posts = discovery.token_endpoint_auth_methods_supported.iter().any(|way| way == "client_secret_post");
        match &self.settings.client_secret {
            Some(secret) if !posts => request = request.basic_auth(&self.client_id, Some(secret.expose())),
            secret => {
                form.push(("client_id", &self.client_id));
                form.extend(secret.as_ref().map(|secret| ("client_secret", secret.expose())));
            }
        }
        let body = reqwest::Url::parse_with_params("http://form/", form).map_err(Error::internal)?;
        let body = body.query().unwrap_or_default().to_owned();
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        let away = |error: reqwest::Error| {
            Error::Unavailable(format!("the issuer does not answer: {}", http::root_cause(&error.without_url())))
        };
        let response = request.send().await.map_err(away)?;
        match response.status() {
            StatusCode::OK => {}
            status if status.is_server_error() => {
                return Err(Error::Unavailable(format!("the issuer answers {status}")).into());
            }
            _ => return Err(Refused::Invalid("the issuer does not take the code")),
        }
        let Given { id_token } =
            response.json().await.map_err(|_| Refused::Invalid("the issuer gives no ID token for the code"))?;
        let claims = self.claims(&id_token, std::slice::from_ref(&self.client_id)).await?;
        if claims.nonce.as_deref() != Some(errand.nonce) {
            return Err(Refused::Invalid("it was not asked for by this sign-in"));
        }
        Ok(Redeemed { identity: claims.identity(), id_token })
    }

    async fn claims(&self, token: &str, audiences: &[String]) -> Result<Claims, Refused> {
        let header = decode_header(token).map_err(refused)?;
        if !SIGNED.contains(&header.alg) {
            return Err(Refused::Invalid("it is not signed with a public key"));
        }
        let key = self.keys.key(&self.discover().await?.jwks_uri, &header).await?;
        Claims::signed(token, &key, header.alg, &Expected { issuer: &self.issuer, audiences })
    }

    async fn discover(&self) -> Result<Discovery> {
        let url = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let is_its_own = |found: &Discovery| (found.issuer == self.issuer).then(|| found.clone());
        let found = self.discovery.find(&url, is_its_own).await?;
        found.ok_or_else(|| Error::Unavailable("the issuer describes itself as another one".into()))
    }
}

impl Verifier for Oidc {
    fn issuer(&self) -> &str {
        &self.issuer
    }

    fn verify<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Identity, Refused>> {
        Box::pin(async move { Ok(self.claims(token, &self.audiences).await?.identity()) })
    }
}

fn no_browsers() -> Error {
    Error::Unavailable("the issuer has no page to sign in on".into())
}
