//! A browser signs in at the configured issuer, for a program that waits for the code it brings.

use std::sync::Arc;

use http::{HeaderValue, header};
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

use super::{Desk, form, redirect, required, sent_to};
use crate::auth::oauth;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Wish {
    provider: String,
    redirect_uri: String,
    state: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
}

/// `GET /v1/auth/authorize`: sends a browser to the issuer.
pub(super) async fn authorize(desk: Arc<Desk>, request: Request) -> Result<Response> {
    let wish: Wish = request.params().unwrap_or_default();
    let base = desk.base.of(&request).ok_or_else(|| Error::Rejected("This server does not go by that name".into()))?;
    // First of all, for whatever is wrong else must not be told there.
    if desk.destination(&wish.redirect_uri, &base).is_none() {
        return Err(Error::Rejected("redirect_uri is not one that browsers may be sent to".into()));
    }
    let issuer = desk.issuer(&wish.provider)?;
    if wish.code_challenge.is_some() && wish.code_challenge_method.as_deref() != Some("S256") {
        return Err(Error::Rejected("code_challenge_method must be S256".into()));
    }
    if wish.code_challenge.is_none() && wish.redirect_uri == oauth::signed_in_address(&base) {
        return Err(Error::Rejected("code_challenge is missing".into()));
    }
    let callback = format!("{base}/v1/auth/callback/{}", wish.provider);
    let visit = OidcLoginState::new(wish.redirect_uri, wish.state, wish.code_challenge, callback);
    let state = desk.resources.users().begin_oidc_login(address_of(&request), &visit).await?;
    let errand =
        OidcRequest { redirect_uri: &visit.callback, state: &state, nonce: &visit.nonce, verifier: &visit.verifier };
    let mut response = sent_to(issuer.authorization_url(errand).await?);
    // Lax: the issuer's page is another site's, but it sends the browser here by an ordinary link.
    let (name, secret) = (cookie_name(&state), &visit.browser);
    let secure = if base.starts_with("https:") { "; Secure" } else { "" };
    let cookie = format!("{name}={secret}; Path=/v1/auth/callback; Max-Age=300; HttpOnly; SameSite=Lax{secure}");
    let cookie = HeaderValue::from_str(&cookie).map_err(|error| Error::Internal(error.into()))?;
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Return {
    state: String,
    code: Option<String>,
    error: Option<String>,
}

/// `GET /v1/auth/callback/{provider}`: a browser comes back from the issuer.
pub(super) async fn come_back(desk: Arc<Desk>, request: Request) -> Result<Response> {
    let given: Return = request.params().unwrap_or_default();
    let unknown = || Error::Rejected("This sign-in is not known here, or took too long; begin again".into());
    let visit = desk.resources.users().take_oidc_login(&given.state).await?.ok_or_else(unknown)?;
    // Somebody else's browser may have been made to come here.
    if oauth::cookie_of(&request, &cookie_name(&given.state)) != Some(&visit.browser) {
        return Err(unknown());
    }
    let issuer = desk.resources.identity.oidc.as_ref().ok_or_else(unknown)?;
    let outcome = match &given.code {
        Some(code) if given.error.is_none() => desk.welcome(issuer, &visit, code).await,
        _ => Err(("access_denied", "The issuer did not sign you in".to_owned())),
    };
    let base = desk.base.of(&request).ok_or_else(unknown)?;
    let back = desk.destination(&visit.redirect_uri, &base).ok_or_else(unknown)?;
    let state = ("state", visit.state.as_deref());
    Ok(sent_to(match &outcome {
        Ok(code) => redirect::with(back, &[("code", Some(code)), state]),
        Err((error, reason)) => {
            redirect::with(back, &[("error", Some(error)), ("error_description", Some(reason)), state])
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

/// `POST /v1/auth/token`: the program gets its tokens for the code.
pub(super) async fn give_tokens(desk: Arc<Desk>, request: Request) -> Result<Response> {
    let given: TokenRequest = form(request).await?;
    if required("grant_type", given.grant_type)? != "authorization_code" {
        return Err(Error::Rejected("Unsupported grant type".into()));
    }
    let (code, redirect_uri) = (required("code", given.code)?, required("redirect_uri", given.redirect_uri)?);
    let users = desk.resources.users();
    let welcomed = users.redeem_login_code(&code, &redirect_uri, given.code_verifier.as_deref()).await?;
    let welcomed = welcomed.ok_or_else(|| Error::Rejected("Invalid or expired code".into()))?;
    users.ensure_active(&welcomed.user).await.map_err(|refused| Error::refused(refused, "The account is gone"))?;
    let tokens = users.begin_session(&welcomed.user, Some("browser sign-in")).await?;
    let provider = desk.resources.identity.oidc.as_ref().map_or("", OidcProvider::name);
    let body = json!({
        "provider": provider,
        "provider_id": format!("{provider}.com"),
        "id_token": welcomed.id_token,
        "access_token": tokens.access_token,
        "custom_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "token_type": tokens.token_type,
        "expires_in": tokens.expires_in,
        "uid": tokens.uid,
    });
    Ok(Response::builder().content_type("application/json").body(body.to_string()))
}

impl Desk {
    /// The address, if a browser may be sent there after signing in on the server at `base`: the page there on which
    /// users agree, or what the configuration lets it be.
    fn destination(&self, address: &str, base: &str) -> Option<Url> {
        match address == oauth::signed_in_address(base) {
            true => address.parse().ok(),
            false => redirect::allowed(address, &self.resources.identity.settings.redirect_uris),
        }
    }

    /// The issuer that clients call `provider`.
    fn issuer(&self, provider: &str) -> Result<&OidcProvider> {
        let issuer = self.resources.identity.oidc.as_ref().filter(|issuer| issuer.name() == provider);
        issuer.ok_or_else(|| Error::Rejected("Unsupported provider".into()))
    }

    /// Redeems the issuer's code; gives ours, or the reason in the words of OAuth.
    async fn welcome(
        &self,
        issuer: &OidcProvider,
        visit: &OidcLoginState,
        code: &str,
    ) -> Result<String, (&'static str, String)> {
        let users = self.resources.users();
        let errand =
            OidcRequest { redirect_uri: &visit.callback, state: "", nonce: &visit.nonce, verifier: &visit.verifier };
        let welcomed = async {
            let redeemed = issuer.exchange_code(code, errand).await?;
            let user = users.resolve_identity(&redeemed.identity).await?;
            let (redirect_uri, challenge) = (visit.redirect_uri.clone(), visit.challenge.clone());
            let welcomed = LoginCode { user: user.id, id_token: redeemed.id_token, redirect_uri, challenge };
            Ok::<_, AuthError>(users.create_login_code(welcomed).await?)
        };
        welcomed.await.map_err(|refused| {
            tracing::warn!("a browser could not sign in: {refused}");
            let word = match &refused {
                AuthError::Failed(resources::Error::Unavailable(_)) => "temporarily_unavailable",
                AuthError::Failed(_) => "server_error",
                _ => "access_denied",
            };
            (word, Error::refused(refused, "The issuer's answer is not good").to_string())
        })
    }
}

/// The cookie of a visit: a browser may be on several.
fn cookie_name(state: &str) -> String {
    let known: String = state.chars().filter(char::is_ascii_alphanumeric).take(16).collect();
    format!("recollect_visit_{known}")
}
