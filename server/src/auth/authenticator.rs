//! Who makes a request: a user's token or an API key, as each audience wants it, refused in the contract's words.

use std::{net::IpAddr, sync::Arc};

use futures::future::BoxFuture;
use http::{HeaderMap, header};
use poem::{Request, web::websocket::CloseCode};
use resources::{Resources, grants::ACCESS_PREFIX, identity::AuthError, keys::GrantedKey, users::User};
use schemas::key::KeyFamily;
use tools::{Actor, Audience, Caller, Context, Credential, Error, Result, Surface};

use super::oauth;
use crate::{address::BaseUrl, auth_outcome};

/// What the app's routes say to a token that is no good.
const INVALID: &str = "Invalid authorization token";

/// Signs requests in.
pub struct SignIn {
    resources: Arc<Resources>,
    /// Whose tokens are taken; `None` takes those of no address.
    base: Option<BaseUrl>,
}

/// Why a user's token is not taken.
enum Denied {
    /// There is none, or the header is not as it should be.
    Header(&'static str),
    /// It is a key, which belongs elsewhere.
    Key(KeyFamily),
    Token(AuthError),
}

impl SignIn {
    /// Signs in the users and keys that `resources` know.
    pub fn new(resources: Arc<Resources>) -> Self {
        Self { resources, base: None }
    }

    /// Takes access tokens too, which are for the MCP endpoint at `base`.
    pub(crate) fn at(self, base: BaseUrl) -> Self {
        Self { base: Some(base), ..self }
    }

    /// The user with this name or e-mail address and this password, who tries from this address.
    pub(crate) async fn user_by_password(&self, from: Option<IpAddr>, account: &str, password: &str) -> Result<User> {
        let user = self.resources.users().authenticate_with_password(from, account, password).await;
        user.map_err(|refused| noted(Error::refused(refused, "There is no user with this name and this password")))
    }

    /// The user whom this token signs in. Whoever acts in their place cannot agree to anything that outlasts that.
    pub(crate) async fn user_by_token(&self, token: &str) -> Result<User> {
        let unknown = "This is not a user's token";
        let users = self.resources.users();
        let authenticated =
            users.authenticate(token).await.map_err(|refused| noted(Error::refused(refused, unknown)))?;
        let user = if authenticated.is_impersonated { None } else { users.find(&authenticated.user).await? };
        user.ok_or_else(|| noted(Error::Unauthorized(unknown.into())))
    }

    /// Who makes a request to the MCP endpoint: its key comes with `Bearer ` or bare.
    ///
    /// # Errors
    /// 401 with the endpoint's own sentence.
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

    /// Who opens a WebSocket for signed-in users; else how it is to be closed.
    ///
    /// # Errors
    /// The contract's close codes: 1008 for a bad token, 4001 for one to be refreshed or whose issuer's keys are away,
    /// 4004 for one whose user has to sign in again, 4005 for an account that is being deleted, 1013 to come later.
    pub(crate) async fn socket_context(&self, headers: &HeaderMap) -> Result<Context, (CloseCode, String)> {
        match self.app(headers).await {
            Ok(context) => Ok(context),
            Err(denied) => {
                let code = self.close_code(&denied).await;
                Err((code, noted(denied.told(INVALID)).to_string()))
            }
        }
    }

    async fn close_code(&self, denied: &Denied) -> CloseCode {
        let Denied::Token(refused) = denied else { return CloseCode::Policy };
        match refused {
            AuthError::Invalid(_) | AuthError::NoAccount => CloseCode::Policy,
            AuthError::Expired => CloseCode::Reserved(4001),
            AuthError::SessionRevoked | AuthError::Disabled => CloseCode::Reserved(4004),
            AuthError::Deleting => CloseCode::Reserved(4005),
            AuthError::Failed(resources::Error::Internal(_)) => CloseCode::Error,
            // Where the database answers, it is the issuer that does not.
            AuthError::Failed(resources::Error::Unavailable(_)) => match self.resources.users().owner().await {
                Ok(_) => CloseCode::Reserved(4001),
                Err(_) => CloseCode::Again,
            },
            AuthError::Failed(_) => CloseCode::Again,
        }
    }

    async fn sign_in(&self, audience: Audience, headers: &HeaderMap) -> Result<Context> {
        match audience {
            Audience::App => self.app(headers).await.map_err(|denied| denied.told(INVALID)),
            Audience::Account => self.account(headers).await,
            Audience::Developer => self.key(KeyFamily::Developer, Surface::Developer, authorization(headers)).await,
            Audience::Mcp => self.mcp(headers).await,
            Audience::Public => Ok(Context::of_nobody(Arc::clone(&self.resources))),
        }
    }

    async fn app(&self, headers: &HeaderMap) -> Result<Context, Denied> {
        let value = authorization(headers).ok_or(Denied::Header("Authorization header not found"))?;
        let token = value.split_once(' ').map(|(_, token)| token).filter(|token| !token.contains(' '));
        let token = token.ok_or(Denied::Header(INVALID))?;
        self.user_or_key(token).await
    }

    async fn account(&self, headers: &HeaderMap) -> Result<Context> {
        let wrong = "Invalid authentication credentials";
        let value = authorization(headers).ok_or_else(|| Error::Forbidden("Not authenticated".into()))?;
        let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Error::Forbidden(wrong.into()));
        }
        self.user_or_key(token).await.map_err(|denied| denied.told(wrong))
    }

    /// Who brings this token of a user; whoever brings a key instead hears where that belongs.
    async fn user_or_key(&self, token: &str) -> Result<Context, Denied> {
        match self.user(token).await {
            Ok(context) => Ok(context),
            Err(AuthError::Invalid(reason)) => match self.resources.keys().find(token).await {
                Ok(Some(key)) => Err(Denied::Key(key.family)),
                Ok(None) => Err(Denied::Token(AuthError::Invalid(reason))),
                Err(error) => Err(Denied::Token(error.into())),
            },
            Err(refused) => Err(Denied::Token(refused)),
        }
    }

    /// MCP REST also takes the key in the header `uid`, where one published client sends it.
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

    /// The key, or what an access token for this server stands for.
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

    /// Who brings this token of a user.
    pub(crate) async fn user(&self, token: &str) -> Result<Context, AuthError> {
        let authenticated = self.resources.users().authenticate(token).await.inspect_err(|refused| {
            tracing::debug!("a token was refused: {refused}");
        })?;
        if authenticated.is_impersonated {
            tracing::warn!(target: "audit", user = authenticated.user, "the administrator acts for a user");
        }
        let mut caller = Caller::new(authenticated.user, Surface::App, Credential::Session);
        caller.role = authenticated.role;
        caller.session = authenticated.session;
        caller.actor = authenticated.is_impersonated.then_some(Actor::Administrator);
        auth_outcome::record_accepted();
        Ok(Context::new(caller, Arc::clone(&self.resources)))
    }

    /// Whoever has this key, if its user may come in; a key of nobody is `invalid`.
    async fn with_key(&self, key: Arc<GrantedKey>, surface: Surface, invalid: impl Fn() -> Error) -> Result<Context> {
        self.resources.users().ensure_active(&key.user).await.map_err(|refused| match refused {
            AuthError::Invalid(_) => invalid(),
            refused => Error::refused(refused, "Invalid API Key"),
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

impl openapi::SignIn for SignIn {
    /// The routes for MCP keys take the same tokens as the endpoint, and lead to them in the same way.
    fn challenge(&self, audience: Audience, request: &Request) -> Option<String> {
        let base = self.base.as_ref().filter(|_| audience == Audience::Mcp)?;
        let wrong = Error::Unauthorized("Invalid API Key".into());
        let challenge = oauth::unauthorized(base, request, authorization(request.headers()).map(|_| &wrong))?;
        challenge.to_str().ok().map(str::to_owned)
    }

    fn context<'a>(&'a self, audience: Audience, headers: &'a HeaderMap) -> BoxFuture<'a, Result<Context>> {
        Box::pin(async move {
            self.sign_in(audience, headers).await.inspect_err(|error| {
                if let Error::Internal(error) = error {
                    tracing::error!("signing in failed: {error:#}");
                }
            })
        })
    }
}

impl Denied {
    /// The same in the words of a route, which are `invalid` for what is not good there.
    fn told(self, invalid: &str) -> Error {
        match self {
            Denied::Header(sentence) => Error::Unauthorized(sentence.into()),
            Denied::Key(family) => Error::Unauthorized(format!("{invalid}: {}", belongs_on(family))),
            Denied::Token(refused) => Error::refused(refused, invalid),
        }
    }
}

/// Tells the walls of what opens nothing, where the status of the answer does not tell it.
fn noted(error: Error) -> Error {
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
    format!("Invalid API Key: {}", belongs_on(given))
}

fn belongs_on(family: KeyFamily) -> &'static str {
    match family {
        KeyFamily::Developer => "a key that starts with omi_dev_ works on /v1/dev/user and /v1/dev/key",
        KeyFamily::Mcp => "a key that starts with omi_mcp_ works on /v1/mcp and /v1/mcp/sse",
    }
}
