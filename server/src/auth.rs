//! Who makes a request: a user's token or an API key, as each audience wants it, refused in the contract's words.

use std::sync::Arc;

use futures::future::BoxFuture;
use http::{HeaderMap, header};
use resources::{Resources, grants::ACCESS_PREFIX, keys::GrantedKey, users::User};
use schemas::key::KeyFamily;
use tools::{Audience, Caller, Context, Credential, Error, Face, Result};

use crate::oauth::Base;

/// Signs requests in.
pub struct SignIn {
    resources: Arc<Resources>,
    /// Whose tokens are taken; `None` takes those of no address.
    base: Option<Base>,
}

impl SignIn {
    /// Signs in the users and keys that `resources` know.
    pub fn new(resources: Arc<Resources>) -> Self {
        Self { resources, base: None }
    }

    /// Takes access tokens too, which are for the MCP endpoint at `base`.
    pub(crate) fn at(self, base: Base) -> Self {
        Self { base: Some(base), ..self }
    }

    /// The user with this name or e-mail address and this password.
    pub(crate) async fn user_by_password(&self, _name: &str, _password: &str) -> Result<Option<User>> {
        Ok(None)
    }

    /// The user whom this token signs in.
    pub(crate) async fn user_by_token(&self, token: &str) -> Result<Option<User>> {
        Ok(self.resources.users().find_by_token(token).await?)
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
            Some(key) if key.family == KeyFamily::Mcp => Ok(self.with_key(key, Face::Mcp)),
            Some(_) => Err(Error::Unauthorized(wrong_family(KeyFamily::Mcp))),
            None => Err(refusal()),
        }
    }

    async fn sign_in(&self, audience: Audience, headers: &HeaderMap) -> Result<Context> {
        match audience {
            Audience::App => self.app(headers).await,
            Audience::Account => self.account(headers).await,
            Audience::Developer => self.key(KeyFamily::Developer, Face::Developer, authorization(headers)).await,
            Audience::Mcp => self.mcp(headers).await,
            Audience::Public => Ok(Context::of_nobody(Arc::clone(&self.resources))),
        }
    }

    async fn app(&self, headers: &HeaderMap) -> Result<Context> {
        let refusal = |sentence: &str| Error::Unauthorized(sentence.into());
        let value = authorization(headers).ok_or_else(|| refusal("Authorization header not found"))?;
        let token = value.split_once(' ').map(|(_, token)| token).filter(|token| !token.contains(' '));
        let token = token.ok_or_else(|| refusal("Invalid authorization token"))?;
        match self.user(token).await? {
            Some(context) => Ok(context),
            None => Err(refusal(&self.why_not(token).await?.unwrap_or("Invalid authorization token".into()))),
        }
    }

    async fn account(&self, headers: &HeaderMap) -> Result<Context> {
        let wrong = "Invalid authentication credentials";
        let value = authorization(headers).ok_or_else(|| Error::Forbidden("Not authenticated".into()))?;
        let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Error::Forbidden(wrong.into()));
        }
        self.user(token).await?.ok_or_else(|| Error::Unauthorized(wrong.into()))
    }

    /// MCP REST also takes the key in the header `uid`, where one published client sends it.
    async fn mcp(&self, headers: &HeaderMap) -> Result<Context> {
        let uid = headers.get("uid").and_then(|value| value.to_str().ok());
        match (authorization(headers), uid) {
            (None, Some(uid)) => self.key(KeyFamily::Mcp, Face::Mcp, Some(&format!("Bearer {uid}"))).await,
            (value, _) => self.key(KeyFamily::Mcp, Face::Mcp, value).await,
        }
    }

    async fn key(&self, family: KeyFamily, face: Face, value: Option<&str>) -> Result<Context> {
        let raw = value.and_then(|value| value.strip_prefix("Bearer ")).ok_or_else(|| {
            let sentence = "Missing or invalid Authorization header. Must be 'Bearer API_KEY'";
            Error::Unauthorized(sentence.into())
        })?;
        match self.find_key(raw).await? {
            Some(key) if key.family == family => Ok(self.with_key(key, face)),
            Some(_) => Err(Error::Unauthorized(wrong_family(family))),
            None => Err(Error::Unauthorized("Invalid API Key".into())),
        }
    }

    /// The key, or what an access token for this server stands for.
    async fn find_key(&self, raw: &str) -> Result<Option<Arc<GrantedKey>>> {
        if !raw.starts_with(ACCESS_PREFIX) {
            return Ok(self.resources.keys().find(raw).await?);
        }
        let is_for_us = |key: &Arc<GrantedKey>| {
            let resource = key.resource.as_deref().unwrap_or_default();
            self.base.as_ref().is_some_and(|base| base.takes(resource))
        };
        Ok(self.resources.grants().find(raw).await?.filter(is_for_us))
    }

    async fn user(&self, token: &str) -> Result<Option<Context>> {
        let user = self.resources.users().find_by_token(token).await?;
        Ok(user.map(|user| Context::of_user(user.id, Face::App, Arc::clone(&self.resources))))
    }

    /// What to tell somebody whose token is none, but a valid API key.
    async fn why_not(&self, token: &str) -> Result<Option<String>> {
        let key = self.find_key(token).await?;
        Ok(key.map(|key| format!("Invalid authorization token: {}", belongs_on(key.family))))
    }

    fn with_key(&self, key: Arc<GrantedKey>, face: Face) -> Context {
        let (resources, used) = (Arc::clone(&self.resources), Arc::clone(&key));
        if key.use_is_unnoted() {
            tokio::spawn(async move {
                let noted = match used.resource {
                    Some(_) => resources.grants().note_use(&used).await,
                    None => resources.keys().note_use(&used).await,
                };
                if let Err(error) = noted {
                    tracing::warn!("the last use of a key was not written down: {error}");
                }
            });
        }
        let caller = Caller { user: key.user.clone(), face, credential: Credential::Key(key) };
        Context::new(caller, Arc::clone(&self.resources))
    }
}

impl openapi::SignIn for SignIn {
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
