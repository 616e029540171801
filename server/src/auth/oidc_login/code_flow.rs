//! The authorization code flow of a browser that signs in at the configured issuer, for a program that redeems the
//! code.

use std::{sync::Arc, time::Duration};

use openapi::address_of;
use poem::{Request, Response};
use reqwest::Url;
use resources::{
    identity::{AuthError, OidcProvider, OidcRequest},
    users::{LoginCode, OidcLoginState},
};
use serde::Deserialize;
use serde_json::json;
use tools::{Error, Result};

use super::{OidcLogin, read_form, redirect, redirect_to, required};
use crate::{
    auth::oauth::oidc_callback,
    cookies::{self, Cookie},
};

/// How long a browser may take at the issuer.
const LOGIN_TTL: Duration = Duration::from_secs(300);

#[derive(Deserialize, Default)]
#[serde(default)]
struct AuthorizeQuery {
    provider: String,
    redirect_uri: String,
    state: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
}

/// `GET /v1/auth/authorize`: redirects the browser to the issuer.
pub(crate) async fn authorize(login: Arc<OidcLogin>, request: Request) -> Result<Response> {
    let query: AuthorizeQuery = request.params().unwrap_or_default();
    let base = login.base.of(&request).ok_or_else(|| Error::Rejected("Unknown host".into()))?;
    // Checked first, so that no other error is sent to an unknown URI.
    if login.allowed_redirect(&query.redirect_uri, &base).is_none() {
        return Err(Error::Rejected("redirect_uri is not allowed; see `sign_in.redirect_uris`".into()));
    }
    let issuer = login.issuer(&query.provider)?;
    if query.code_challenge.is_some() && query.code_challenge_method.as_deref() != Some("S256") {
        return Err(Error::Rejected("code_challenge_method must be S256".into()));
    }
    if query.code_challenge.is_none() && query.redirect_uri == oidc_callback::url(&base) {
        return Err(Error::Rejected("code_challenge is missing".into()));
    }
    let callback = format!("{base}/v1/auth/callback/{}", query.provider);
    let login_state = OidcLoginState::new(query.redirect_uri, query.state, query.code_challenge, callback);
    let state = login.resources.users().begin_oidc_login(address_of(&request), &login_state).await?;
    let oidc_request = OidcRequest {
        redirect_uri: &login_state.callback,
        state: &state,
        nonce: &login_state.nonce,
        verifier: &login_state.verifier,
    };
    let mut response = redirect_to(issuer.authorization_url(oidc_request).await?);
    // The issuer redirects the browser here from another site, which `SameSite=Lax` allows.
    let cookie = Cookie {
        name: &cookie_name(&state),
        value: &login_state.browser,
        path: "/v1/auth/callback",
        max_age: Some(LOGIN_TTL),
        is_secure: base.starts_with("https:"),
    };
    cookie.set(&mut response);
    Ok(response)
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct CallbackQuery {
    state: String,
    code: Option<String>,
    error: Option<String>,
}

/// `GET /v1/auth/callback/{provider}`: the browser returns from the issuer.
pub(crate) async fn callback(login: Arc<OidcLogin>, request: Request) -> Result<Response> {
    let given: CallbackQuery = request.params().unwrap_or_default();
    let unknown = || Error::Rejected("This sign-in is unknown or has expired; start again".into());
    let login_state = login.resources.users().take_oidc_login(&given.state).await?.ok_or_else(unknown)?;
    // Another user's browser may have been tricked into this URL.
    if cookies::get(&request, &cookie_name(&given.state)) != Some(&login_state.browser) {
        return Err(unknown());
    }
    let issuer = login.resources.identity.oidc.as_ref().ok_or_else(unknown)?;
    let outcome = match &given.code {
        Some(code) if given.error.is_none() => login.complete_login(issuer, &login_state, code).await,
        _ => Err(("access_denied", "The identity provider did not sign you in".to_owned())),
    };
    let base = login.base.of(&request).ok_or_else(unknown)?;
    let back = login.allowed_redirect(&login_state.redirect_uri, &base).ok_or_else(unknown)?;
    let state = ("state", login_state.state.as_deref());
    Ok(redirect_to(match &outcome {
        Ok(code) => redirect::with_parameters(back, &[("code", Some(code)), state]),
        Err((error, reason)) => {
            redirect::with_parameters(back, &[("error", Some(error)), ("error_description", Some(reason)), state])
        }
    }))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct TokenRequest {
    grant_type: Option<String>,
    code: Option<String>,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
}

/// `POST /v1/auth/token`: exchanges the code for tokens.
pub(crate) async fn issue_tokens(login: Arc<OidcLogin>, request: Request) -> Result<Response> {
    let given: TokenRequest = read_form(request).await?;
    if required("grant_type", given.grant_type)? != "authorization_code" {
        return Err(Error::Rejected("Unsupported grant type".into()));
    }
    let (code, redirect_uri) = (required("code", given.code)?, required("redirect_uri", given.redirect_uri)?);
    let users = login.resources.users();
    let redeemed = users.redeem_login_code(&code, &redirect_uri, given.code_verifier.as_deref()).await?;
    let redeemed = redeemed.ok_or_else(|| Error::Rejected("Invalid or expired code".into()))?;
    users.ensure_active(&redeemed.user).await.map_err(|refused| Error::refused(refused, "The account was deleted"))?;
    let tokens = users.begin_session(&redeemed.user, Some("browser sign-in")).await?;
    let provider = login.resources.identity.oidc.as_ref().map_or("", OidcProvider::name);
    let body = json!({
        "provider": provider,
        "provider_id": format!("{provider}.com"),
        "id_token": redeemed.id_token,
        "access_token": tokens.access_token,
        "custom_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "token_type": tokens.token_type,
        "expires_in": tokens.expires_in,
        "uid": tokens.uid,
    });
    Ok(Response::builder().content_type("application/json").body(body.to_string()))
}

impl OidcLogin {
    /// The URI, if it is allowed as a redirect after signing in on the server at `base`: its own callback, or a
    /// configured one.
    fn allowed_redirect(&self, uri: &str, base: &str) -> Option<Url> {
        match uri == oidc_callback::url(base) {
            true => uri.parse().ok(),
            false => redirect::allowed(uri, &self.resources.identity.settings.redirect_uris),
        }
    }

    /// The issuer that clients call `provider`.
    fn issuer(&self, provider: &str) -> Result<&OidcProvider> {
        let issuer = self.resources.identity.oidc.as_ref().filter(|issuer| issuer.name() == provider);
        issuer.ok_or_else(|| Error::Rejected("Unsupported provider".into()))
    }

    /// Exchanges the issuer's code for an identity, and returns a code of this server.
    ///
    /// # Errors
    /// An OAuth error code and its description.
    async fn complete_login(
        &self,
        issuer: &OidcProvider,
        login_state: &OidcLoginState,
        code: &str,
    ) -> Result<String, (&'static str, String)> {
        let users = self.resources.users();
        let oidc_request = OidcRequest {
            redirect_uri: &login_state.callback,
            state: "",
            nonce: &login_state.nonce,
            verifier: &login_state.verifier,
        };
        let completed = async {
            let redeemed = issuer.exchange_code(code, oidc_request).await?;
            let user = users.resolve_identity(&redeemed.identity).await?;
            let (redirect_uri, challenge) = (login_state.redirect_uri.clone(), login_state.challenge.clone());
            let code = LoginCode { user: user.id, id_token: redeemed.id_token, redirect_uri, challenge };
            Ok::<_, AuthError>(users.create_login_code(code).await?)
        };
        completed.await.map_err(|refused| {
            tracing::warn!("sign-in at the issuer failed: {refused}");
            let code = match &refused {
                AuthError::Failed(resources::Error::Unavailable(_)) => "temporarily_unavailable",
                AuthError::Failed(_) => "server_error",
                _ => "access_denied",
            };
            (code, Error::refused(refused, "The response of the identity provider is invalid").to_string())
        })
    }
}

/// The name of the cookie of one login: a browser may have several under way.
fn cookie_name(state: &str) -> String {
    let known: String = state.chars().filter(char::is_ascii_alphanumeric).take(16).collect();
    format!("recollect_login_{known}")
}
