//! An OpenID Connect provider, found by discovery: verification of its ID tokens, and the authorization code flow.

use std::time::Duration;

use futures::future::BoxFuture;
use jsonwebtoken::{Algorithm, decode_header};
use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, ExtraTokenFields,
    HttpRequest, HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
    StandardRevocableToken, StandardTokenResponse, TokenUrl,
    basic::{BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType},
};
use outbound::{Error, Result, http};
use serde::{Deserialize, Serialize};

use crate::{
    AuthError, Identity, OidcSettings, SignInSettings,
    claims::{Claims, ExpectedClaims, auth_error},
    jwks::{CachedDocument, JwkSet},
};

/// The accepted signature algorithms: those with a public key.
const ALGORITHMS: [Algorithm; 9] = [
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

/// Timeout of token requests.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(10);

/// The largest token response, in bytes.
const MAX_RESPONSE_SIZE: usize = 256 << 10;

/// An OAuth client whose token responses hold an ID token.
type OauthClient = oauth2::Client<
    BasicErrorResponse,
    StandardTokenResponse<IdTokenField, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
>;

/// What OpenID Connect adds to a token response.
#[derive(Debug, Serialize, Deserialize)]
struct IdTokenField {
    id_token: String,
}

impl ExtraTokenFields for IdTokenField {}

/// The configured provider.
pub struct OidcProvider {
    settings: OidcSettings,
    issuer: String,
    client_id: String,
    audiences: Vec<String>,
    discovery: CachedDocument<Discovery>,
    keys: CachedDocument<JwkSet>,
    client: reqwest::Client,
}

/// The discovery document (OpenID Connect Discovery, section 3).
#[derive(Debug, Clone, Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

/// The parameters of one sign-in at the provider.
#[derive(Debug, Clone, Copy)]
pub struct OidcRequest<'a> {
    /// Our callback.
    pub redirect_uri: &'a str,
    /// Returned by the provider to the callback.
    pub state: &'a str,
    /// The `nonce` claim of the ID token.
    pub nonce: &'a str,
    /// The PKCE code verifier (RFC 7636).
    pub verifier: &'a str,
}

/// A completed sign-in at the provider.
#[derive(Debug)]
pub struct OidcSignIn {
    /// The user.
    pub identity: Identity,
    /// The ID token that proves it.
    pub id_token: String,
}

impl OidcProvider {
    /// `None` where no issuer is configured.
    pub(super) fn new(settings: &SignInSettings) -> Result<Option<Self>> {
        let (Some(issuer), Some(client_id)) = (&settings.oidc.issuer, &settings.oidc.client_id) else {
            return Ok(None);
        };
        let min_interval = Duration::from_secs(settings.refetch_seconds);
        let client = http::client().timeout(TOKEN_TIMEOUT).redirect(reqwest::redirect::Policy::none());
        let audiences = settings.oidc.audiences.iter().chain([client_id]).cloned().collect();
        Ok(Some(Self {
            issuer: issuer.clone(),
            client_id: client_id.clone(),
            audiences,
            settings: settings.oidc.clone(),
            discovery: CachedDocument::new("discovery document of the issuer", min_interval)?,
            keys: CachedDocument::new("key set of the issuer", min_interval)?,
            client: client.build().map_err(Error::internal)?,
        }))
    }

    /// The name that apps use for the provider.
    pub fn name(&self) -> &str {
        &self.settings.provider
    }

    /// The URL at the provider where a browser signs in.
    ///
    /// # Errors
    /// [`Error::Unavailable`] while the provider cannot be reached.
    pub async fn authorization_url(&self, request: OidcRequest<'_>) -> Result<String> {
        let endpoint = self.discover().await?.authorization_endpoint.ok_or_else(no_endpoint)?;
        let client = self.oauth_client(request)?.set_auth_uri(AuthUrl::new(endpoint).map_err(|_| no_endpoint())?);
        let verifier = PkceCodeVerifier::new(request.verifier.to_owned());
        let (url, _) = client
            .authorize_url(|| CsrfToken::new(request.state.to_owned()))
            .add_scopes(self.settings.scopes.iter().cloned().map(Scope::new))
            .add_extra_param("nonce", request.nonce)
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        Ok(url.into())
    }

    /// Exchanges the provider's authorization code for an ID token, and verifies that.
    ///
    /// # Errors
    /// [`AuthError::Failed`] while the provider cannot be reached, [`AuthError::Invalid`] when it rejects the code or
    /// the ID token is not valid for this request.
    pub async fn exchange_code(&self, code: &str, request: OidcRequest<'_>) -> Result<OidcSignIn, AuthError> {
        let discovery = self.discover().await?;
        let endpoint = discovery.token_endpoint.ok_or_else(no_endpoint)?;
        let methods = &discovery.token_endpoint_auth_methods_supported;
        let supports_post = methods.iter().any(|method| method == "client_secret_post");
        let client = self
            .oauth_client(request)?
            .set_token_uri(TokenUrl::new(endpoint).map_err(|_| no_endpoint())?)
            .set_auth_type(if supports_post { AuthType::RequestBody } else { AuthType::BasicAuth });
        let exchange = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(request.verifier.to_owned()));
        let response = exchange.request_async(self).await.map_err(|error| match error {
            RequestTokenError::Request(error) => AuthError::Failed(error),
            RequestTokenError::Parse(..) => AuthError::Invalid("no ID token in the token response"),
            _ => AuthError::Invalid("the issuer rejected the code"),
        })?;
        let id_token = response.extra_fields().id_token.clone();
        let claims = self.claims(&id_token, std::slice::from_ref(&self.client_id)).await?;
        if claims.nonce.as_deref() != Some(request.nonce) {
            return Err(AuthError::Invalid("wrong nonce"));
        }
        Ok(OidcSignIn { identity: claims.into_identity(), id_token })
    }

    /// This server as an OAuth client of the provider.
    fn oauth_client(&self, request: OidcRequest<'_>) -> Result<OauthClient> {
        let redirect_uri = RedirectUrl::new(request.redirect_uri.to_owned()).map_err(Error::internal)?;
        let client = oauth2::Client::new(ClientId::new(self.client_id.clone())).set_redirect_uri(redirect_uri);
        Ok(match &self.settings.client_secret {
            Some(secret) => client.set_client_secret(ClientSecret::new(secret.expose().to_owned())),
            None => client,
        })
    }

    /// Sends an HTTP request of the `oauth2` crate.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse> {
        let unreachable = |error: reqwest::Error| {
            Error::Unavailable(format!("the issuer is unreachable: {}", http::root_cause(&error.without_url())))
        };
        let request = reqwest::Request::try_from(request).map_err(Error::internal)?;
        let mut response = self.client.execute(request).await.map_err(unreachable)?;
        if response.status().is_server_error() {
            return Err(Error::Unavailable(format!("the issuer responded with {}", response.status())));
        }
        let body = http::read_body(&mut response, MAX_RESPONSE_SIZE).await.map_err(Error::unavailable)?;
        let mut converted = HttpResponse::new(body);
        *converted.status_mut() = response.status();
        *converted.headers_mut() = std::mem::take(response.headers_mut());
        Ok(converted)
    }

    /// The `iss` claim of its tokens.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The identity that an ID token proves.
    pub(crate) async fn verify(&self, token: &str) -> Result<Identity, AuthError> {
        Ok(self.claims(token, &self.audiences).await?.into_identity())
    }

    async fn claims(&self, token: &str, audiences: &[String]) -> Result<Claims, AuthError> {
        let header = decode_header(token).map_err(auth_error)?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(AuthError::Invalid("unsupported signature algorithm"));
        }
        let key = self.keys.decoding_key(&self.discover().await?.jwks_uri, &header).await?;
        Claims::from_signed(token, &key, header.alg, &ExpectedClaims { issuer: &self.issuer, audiences })
    }

    async fn discover(&self) -> Result<Discovery> {
        let url = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let of_issuer = |document: &Discovery| (document.issuer == self.issuer).then(|| document.clone());
        let discovery = self.discovery.find(&url, of_issuer).await?;
        discovery.ok_or_else(|| Error::Unavailable("the discovery document is of another issuer".into()))
    }
}

impl<'c> AsyncHttpClient<'c> for OidcProvider {
    type Error = Error;
    type Future = BoxFuture<'c, Result<HttpResponse>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

fn no_endpoint() -> Error {
    Error::Unavailable("the issuer has no endpoints for the authorization code flow".into())
}
