//! An issuer of OpenID Connect, found out about by discovery: its ID tokens, and signing in there with a browser.

use std::time::Duration;

use futures::future::BoxFuture;
use jsonwebtoken::{Algorithm, decode_header};
use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, ExtraTokenFields,
    HttpRequest, HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
    StandardRevocableToken, StandardTokenResponse, TokenUrl,
    basic::{BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType},
};
use serde::{Deserialize, Serialize};

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

/// How long the issuer may take to give a token for a code, and how many bytes its answer may have.
const PATIENCE: Duration = Duration::from_secs(10);
const LARGEST: usize = 256 << 10;

/// A client in the code flow, whose issuer gives ID tokens.
type CodeClient = oauth2::Client<
    BasicErrorResponse,
    StandardTokenResponse<WithIdToken, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
>;

/// What an issuer of OpenID Connect gives beside an access token.
#[derive(Debug, Serialize, Deserialize)]
struct WithIdToken {
    id_token: String,
}

impl ExtraTokenFields for WithIdToken {}

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
    /// What the code will be given for (RFC 7636): the issuer is told its challenge first, and this itself in the end.
    pub verifier: &'a str,
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
        let endpoint = self.discover().await?.authorization_endpoint.ok_or_else(no_browsers)?;
        let client = self.client_for(errand)?.set_auth_uri(AuthUrl::new(endpoint).map_err(|_| no_browsers())?);
        let verifier = PkceCodeVerifier::new(errand.verifier.to_owned());
        let (url, _) = client
            .authorize_url(|| CsrfToken::new(errand.state.to_owned()))
            .add_scopes(self.settings.scopes.iter().cloned().map(Scope::new))
            .add_extra_param("nonce", errand.nonce)
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        Ok(url.into())
    }

    /// Who came back with this code.
    ///
    /// # Errors
    /// [`Refused::Unknown`] while the issuer is away, [`Refused::Invalid`] when the code is not taken or what is given for
    /// it does not fit.
    pub async fn redeem(&self, code: &str, errand: Errand<'_>) -> Result<Redeemed, Refused> {
        let discovery = self.discover().await?;
        let endpoint = discovery.token_endpoint.ok_or_else(no_browsers)?;
        let posts = discovery.token_endpoint_auth_methods_supported.iter().any(|way| way == "client_secret_post");
        let client = self
            .client_for(errand)?
            .set_token_uri(TokenUrl::new(endpoint).map_err(|_| no_browsers())?)
            .set_auth_type(if posts { AuthType::RequestBody } else { AuthType::BasicAuth });
        let exchange = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(errand.verifier.to_owned()));
        let given = exchange.request_async(self).await.map_err(|error| match error {
            RequestTokenError::Request(error) => Refused::Unknown(error),
            RequestTokenError::Parse(..) => Refused::Invalid("the issuer gives no ID token for the code"),
            _ => Refused::Invalid("the issuer does not take the code"),
        })?;
        let id_token = given.extra_fields().id_token.clone();
        let claims = self.claims(&id_token, std::slice::from_ref(&self.client_id)).await?;
        if claims.nonce.as_deref() != Some(errand.nonce) {
            return Err(Refused::Invalid("it was not asked for by this sign-in"));
        }
        Ok(Redeemed { identity: claims.identity(), id_token })
    }

    /// This server, as a client of the issuer's that waits where the errand ends.
    fn client_for(&self, errand: Errand<'_>) -> Result<CodeClient> {
        let redirect_uri = RedirectUrl::new(errand.redirect_uri.to_owned()).map_err(Error::internal)?;
        let client = oauth2::Client::new(ClientId::new(self.client_id.clone())).set_redirect_uri(redirect_uri);
        Ok(match &self.settings.client_secret {
            Some(secret) => client.set_client_secret(ClientSecret::new(secret.expose().to_owned())),
            None => client,
        })
    }

    /// Sends what the library asks for.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse> {
        let away = |error: reqwest::Error| {
            Error::Unavailable(format!("the issuer does not answer: {}", http::root_cause(&error.without_url())))
        };
        let request = reqwest::Request::try_from(request).map_err(Error::internal)?;
        let mut response = self.client.execute(request).await.map_err(away)?;
        if response.status().is_server_error() {
            return Err(Error::Unavailable(format!("the issuer answers {}", response.status())));
        }
        let body = http::read_body(&mut response, LARGEST).await.map_err(Error::unavailable)?;
        let mut answer = HttpResponse::new(body);
        (*answer.status_mut(), *answer.headers_mut()) = (response.status(), std::mem::take(response.headers_mut()));
        Ok(answer)
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

impl<'c> AsyncHttpClient<'c> for Oidc {
    type Error = Error;
    type Future = BoxFuture<'c, Result<HttpResponse>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
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
