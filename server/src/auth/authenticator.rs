//! Authenticates requests: by a user's token or an API key, as each audience requires, with the error sentences of the
//! contract.

use std::{net::IpAddr, sync::Arc};

use futures::future::BoxFuture;
use http::{HeaderMap, header};
use poem::{Request, web::websocket::CloseCode};
use resources::{
    Resources,
    grants::ACCESS_PREFIX,
    identity::{AuthError, MAX_EMAIL_LENGTH},
    keys::GrantedKey,
    users::User,
};
use schemas::key::KeyFamily;
use tools::{Actor, Audience, Caller, Context, Credential, Error, Result, Surface};

use super::challenge;
use crate::{address::BaseUrl, auth_outcome};

/// The error of the app's routes for an invalid token.
const INVALID_TOKEN: &str = "Invalid authorization token";

/// Authenticates requests.
pub struct Authenticator {
    resources: Arc<Resources>,
    /// The server that access tokens must be issued for; `None` accepts no access tokens.
    base: Option<BaseUrl>,
}

/// Why a user's token is rejected.
enum TokenRejection {
    /// The header is missing or malformed.
    Header(&'static str),
    /// It is an API key, which other routes accept.
    Key(KeyFamily),
    Token(AuthError),
}

impl Authenticator {
    /// Authenticates the users and keys of `resources`.
    pub fn new(resources: Arc<Resources>) -> Self {
        Self { resources, base: None }
    }

    /// Accepts access tokens too, which were issued for the MCP endpoint at `base`.
    pub(crate) fn with_access_tokens(self, base: BaseUrl) -> Self {
        Self { base: Some(base), ..self }
    }

    /// The user with this name or e-mail address and this password; `from` is the address of the client.
    pub(crate) async fn user_by_password(&self, from: Option<IpAddr>, account: &str, password: &str) -> Result<User> {
        if account.chars().nth(MAX_EMAIL_LENGTH).is_some() {
            let sentence = format!("The name or e-mail address has more than {MAX_EMAIL_LENGTH} characters");
            return Err(Error::Invalid(sentence));
        }
        let user = self.resources.users().authenticate_with_password(from, account, password).await;
        user.map_err(|error| recorded(Error::refused(error, "There is no user with this name and this password")))
    }

    /// The user of this token. An impersonated user is refused, as their consent would outlast the impersonation.
    pub(crate) async fn user_by_token(&self, token: &str) -> Result<User> {
        let unknown = "This is not a user's token";
        let users = self.resources.users();
        let authenticated =
            users.authenticate(token).await.map_err(|error| recorded(Error::refused(error, unknown)))?;
        let user = if authenticated.is_impersonated { None } else { users.find(&authenticated.user).await? };
        user.ok_or_else(|| recorded(Error::Unauthorized(unknown.into())))
    }

    /// Authenticates a request to the MCP endpoint: by a key with or without `Bearer `.
    ///
    /// # Errors
    /// 401 with the sentence of the endpoint.
    pub async fn mcp_endpoint_context(&self, headers: &HeaderMap) -> Result<Context> {
        let refusal = || Error::Unauthorized("Invalid or missing API key. Provide via Authorization header.".into());
        let value = authorization(headers).ok_or_else(refusal)?;
        let raw = value.strip_prefix("Bearer ").unwrap_or(value);
        match self.find_key(raw).await? {
            Some(key) if key.family == KeyFamily::Mcp => self.with_key(key, Surface::Mcp, refusal).await,
            Some(_) => Err(Error::Unauthorized(wrong_family(KeyFamily::Mcp))),
            None => Err(refusal()),
        }
    }

    /// Authenticates a user who opens a WebSocket.
    ///
    /// # Errors
    /// The close code of the contract, and a reason: 1008 for an invalid token, 4001 for an expired one or when the
    /// issuer's keys are unavailable, 4004 when the user has to sign in again, 4005 for an account that is being deleted,
    /// 1013 to try again later.
    pub(crate) async fn socket_context(&self, headers: &HeaderMap) -> Result<Context, (CloseCode, String)> {
        match self.app(headers).await {
            Ok(context) => Ok(context),
            Err(rejection) => {
                let code = self.close_code(&rejection).await;
                Err((code, recorded(rejection.into_error(INVALID_TOKEN)).to_string()))
            }
        }
    }

    async fn close_code(&self, rejection: &TokenRejection) -> CloseCode {
        let TokenRejection::Token(error) = rejection else { return CloseCode::Policy };
        match error {
            AuthError::Invalid(_) | AuthError::NoAccount => CloseCode::Policy,
            AuthError::Expired => CloseCode::Reserved(4001),
            AuthError::SessionRevoked | AuthError::Disabled => CloseCode::Reserved(4004),
            AuthError::Deleting => CloseCode::Reserved(4005),
            AuthError::Failed(resources::Error::Internal(_)) => CloseCode::Error,
            // If the database responds, it is the issuer that is unavailable.
            AuthError::Failed(resources::Error::Unavailable(_)) => match self.resources.users().owner().await {
                Ok(_) => CloseCode::Reserved(4001),
                Err(_) => CloseCode::Again,
            },
            AuthError::Failed(_) => CloseCode::Again,
        }
    }

    async fn authenticate(&self, audience: Audience, headers: &HeaderMap) -> Result<Context> {
        match audience {
            Audience::App => self.app(headers).await.map_err(|rejection| rejection.into_error(INVALID_TOKEN)),
            Audience::Account => self.account(headers).await,
            Audience::Developer => self.key(KeyFamily::Developer, Surface::Developer, authorization(headers)).await,
            Audience::Mcp => self.mcp(headers).await,
            Audience::Public => Ok(Context::of_nobody(Arc::clone(&self.resources))),
        }
    }

    async fn app(&self, headers: &HeaderMap) -> Result<Context, TokenRejection> {
        let value = authorization(headers).ok_or(TokenRejection::Header("Authorization header not found"))?;
        let token = value.split_once(' ').map(|(_, token)| token).filter(|token| !token.contains(' '));
        let token = token.ok_or(TokenRejection::Header(INVALID_TOKEN))?;
        self.user_or_key(token).await
    }

    async fn account(&self, headers: &HeaderMap) -> Result<Context> {
        let wrong = "Invalid authentication credentials";
        let value = authorization(headers).ok_or_else(|| Error::Forbidden("Not authenticated".into()))?;
        let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Error::Forbidden(wrong.into()));
        }
        self.user_or_key(token).await.map_err(|rejection| rejection.into_error(wrong))
    }

    /// Authenticates a user by token; an API key is rejected with the routes that accept it.
    async fn user_or_key(&self, token: &str) -> Result<Context, TokenRejection> {
        match self.user(token).await {
            Ok(context) => Ok(context),
            Err(AuthError::Invalid(reason)) => match self.resources.keys().find(token).await {
                Ok(Some(key)) => Err(TokenRejection::Key(key.family)),
                Ok(None) => Err(TokenRejection::Token(AuthError::Invalid(reason))),
                Err(error) => Err(TokenRejection::Token(error.into())),
            },
            Err(error) => Err(TokenRejection::Token(error)),
        }
    }

    /// MCP REST also accepts the key in the header `uid`, where one published client sends it.
    async fn mcp(&self, headers: &HeaderMap) -> Result<Context> {
        let uid = headers.get("uid").and_then(|value| value.to_str().ok());
        match (authorization(headers), uid) {
            (None, Some(uid)) => self.key(KeyFamily::Mcp, Surface::Mcp, Some(&format!("Bearer {uid}"))).await,
            (value, _) => self.key(KeyFamily::Mcp, Surface::Mcp, value).await,
        }
    }

    async fn key(&self, family: KeyFamily, surface: Surface, value: Option<&str>) -> Result<Context> {
        let raw = value.and_then(|value| value.strip_prefix("Bearer ")).ok_or_else(|| {
            let sentence = "Missing or invalid Authorization header. Must be 'Bearer API_KEY'";
            Error::Unauthorized(sentence.into())
        })?;
        let invalid = || Error::Unauthorized("Invalid API Key".into());
        match self.find_key(raw).await? {
            Some(key) if key.family == family => self.with_key(key, surface, invalid).await,
            Some(_) => Err(Error::Unauthorized(wrong_family(family))),
            None => Err(invalid()),
        }
    }

    /// The key, or the key behind an access token issued for this server.
    async fn find_key(&self, raw: &str) -> Result<Option<Arc<GrantedKey>>> {
        if !raw.starts_with(ACCESS_PREFIX) {
            return Ok(self.resources.keys().find(raw).await?);
        }
        let is_for_us = |key: &Arc<GrantedKey>| {
            let resource = key.resource.as_deref().unwrap_or_default();
            self.base.as_ref().is_some_and(|base| base.accepts(resource))
        };
        Ok(self.resources.grants().find(raw).await?.filter(is_for_us))
    }

    /// Authenticates a user by token.
    pub(crate) async fn user(&self, token: &str) -> Result<Context, AuthError> {
        let authenticated = self.resources.users().authenticate(token).await.inspect_err(|error| {
            tracing::debug!("token rejected: {error}");
        })?;
        if authenticated.is_impersonated {
            tracing::warn!(target: "audit", user = authenticated.user, "the administrator impersonates a user");
        }
        let mut caller = Caller::new(authenticated.user, Surface::App, Credential::Session);
        caller.role = authenticated.role;
        caller.session = authenticated.session;
        caller.actor = authenticated.is_impersonated.then_some(Actor::Administrator);
        auth_outcome::record_accepted();
        Ok(Context::new(caller, Arc::clone(&self.resources)))
    }

    /// The owner of this key, if the account is active; a key without a user is `invalid`.
    async fn with_key(&self, key: Arc<GrantedKey>, surface: Surface, invalid: impl Fn() -> Error) -> Result<Context> {
        self.resources.users().ensure_active(&key.user).await.map_err(|error| match error {
            AuthError::Invalid(_) => invalid(),
            error => Error::refused(error, "Invalid API Key"),
        })?;
        auth_outcome::record_accepted();
        let (resources, used) = (Arc::clone(&self.resources), Arc::clone(&key));
        if key.should_record_use() {
            tokio::spawn(async move {
                let recorded = match used.resource {
                    Some(_) => resources.grants().record_use(&used).await,
                    None => resources.keys().record_use(&used).await,
                };
                if let Err(error) = recorded {
                    tracing::warn!("the last use of a key was not recorded: {error}");
                }
            });
        }
        let caller = Caller::new(key.user.clone(), surface, Credential::Key(key));
        Ok(Context::new(caller, Arc::clone(&self.resources)))
    }
}

impl openapi::Authenticate for Authenticator {
    fn base_url(&self, request: &Request) -> Option<String> {
        self.base.as_ref()?.of(request)
    }

    /// The routes for MCP keys accept the same tokens as the endpoint, and have the same challenge.
    fn challenge(&self, audience: Audience, request: &Request) -> Option<String> {
        let base = self.base.as_ref().filter(|_| audience == Audience::Mcp)?;
        let wrong = Error::Unauthorized("Invalid API Key".into());
        let challenge = challenge::unauthorized(base, request, authorization(request.headers()).map(|_| &wrong))?;
        challenge.to_str().ok().map(str::to_owned)
    }

    fn context<'a>(&'a self, audience: Audience, headers: &'a HeaderMap) -> BoxFuture<'a, Result<Context>> {
        Box::pin(async move {
            self.authenticate(audience, headers).await.inspect_err(|error| {
                if let Error::Internal(error) = error {
                    tracing::error!("authentication failed: {error:#}");
                }
            })
        })
    }
}

impl TokenRejection {
    /// The error of a route, whose sentence for an invalid token is `invalid`.
    fn into_error(self, invalid: &str) -> Error {
        match self {
            TokenRejection::Header(sentence) => Error::Unauthorized(sentence.into()),
            TokenRejection::Key(family) => Error::Unauthorized(format!("{invalid}: {}", accepted_by(family))),
            TokenRejection::Token(error) => Error::refused(error, invalid),
        }
    }
}

/// Reports rejected credentials to the failed-authentication limiter, where the status of the response does not show it.
fn recorded(error: Error) -> Error {
    if matches!(error, Error::Unauthorized(_)) {
        auth_outcome::record_rejected();
    }
    error
}

fn authorization(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok())
}

fn wrong_family(wanted: KeyFamily) -> String {
    let given = if wanted == KeyFamily::Developer { KeyFamily::Mcp } else { KeyFamily::Developer };
    format!("Invalid API Key: {}", accepted_by(given))
}

fn accepted_by(family: KeyFamily) -> &'static str {
    match family {
        KeyFamily::Developer => "a key that starts with omi_dev_ works on /v1/dev/user and /v1/dev/key",
        KeyFamily::Mcp => "a key that starts with omi_mcp_ works on /v1/mcp and /v1/mcp/sse",
    }
}
