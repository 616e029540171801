//! `/authorize`: a client sends a user's browser here; the user signs in, reads what the client requests, and consents
//! or denies. It works without scripts, and every form has a CSRF token.

use std::{net::IpAddr, sync::Arc};

use openapi::address_of;
use poem::{Request, Response, http::StatusCode};
use resources::{grants::AuthorizationCode, users::User};
use schemas::{key::KeyFamily, scope::Scope};
use serde_json::json;

use super::{
    Oauth,
    browser::Browser,
    oidc_callback,
    omi::{self, OMI},
    pages::{self, ConsentPage, SignInPage},
    parameters::Parameters,
    request::{AuthorizationRequest, AuthorizeError},
    response::{self, OAuthError},
};
use crate::html;

/// An early response is an `Err`.
type Outcome<T> = Result<T, Response>;

/// Shows the consent page, or the sign-in page before it.
pub(crate) async fn show(oauth: Arc<Oauth>, request: Request) -> Response {
    let session = AuthorizeSession::of(&oauth, &request, Parameters::of_query(&request)).await;
    match session {
        Ok(session) => session.page(&oauth, None, StatusCode::OK).await,
        Err(response) => response,
    }
}

/// Handles the form of either page.
pub(crate) async fn submit(oauth: Arc<Oauth>, mut request: Request) -> Response {
    let form = match Parameters::of_form(&mut request).await {
        Ok(form) => form,
        Err(error) => return pages::problem(StatusCode::BAD_REQUEST, &error.description),
    };
    let from = address_of(&request);
    let given = Parameters::of_query(&request).or(&form);
    let token = form.get("firebase_id_token").ok().flatten();
    match AuthorizeSession::of(&oauth, &request, given).await {
        Ok(session) => match token {
            Some(token) => session.grant_with_token(&oauth, token, &form).await,
            None => session.decide(&oauth, &form, from).await,
        },
        Err(response) => response,
    }
}

/// An authorization request in a browser.
struct AuthorizeSession {
    request: AuthorizationRequest,
    /// The request as a query string, to return to.
    query: String,
    base: String,
    browser: Browser,
    is_new: bool,
}

impl AuthorizeSession {
    /// Reads the request and identifies the browser.
    async fn of(oauth: &Oauth, request: &Request, given: Parameters) -> Outcome<Self> {
        let Some(base) = oauth.base.of(request) else {
            return Err(pages::problem(StatusCode::BAD_REQUEST, "Unknown host. Check `server.allowed_hosts`."));
        };
        if given.get("client_id").ok().flatten() == Some(OMI) {
            return Err(omi::authorize(oauth, &base, &given));
        }
        let authorization =
            AuthorizationRequest::read(oauth, &base, &given, address_of(request)).await.map_err(refusal)?;
        let known = Browser::of(request, &base);
        let is_new = known.is_none();
        let browser = known.unwrap_or_else(|| Browser::new(&base));
        Ok(Self { request: authorization, query: given.query(), base, browser, is_new })
    }

    /// The consent page or, where nobody is signed in, the sign-in page.
    async fn page(&self, oauth: &Oauth, problem: Option<&str>, status: StatusCode) -> Response {
        let user = match self.user(oauth).await {
            Ok(user) => user,
            Err(response) => return response,
        };
        let csrf_token = self.browser.csrf_token();
        let mut response = match &user {
            Some(user) => {
                let (request, query) = (&self.request, &*self.query);
                ConsentPage { request, query, csrf_token: &csrf_token, user, problem }.render(status)
            }
            None => self.sign_in_page(oauth, &csrf_token, problem).render(status),
        };
        if self.is_new {
            self.browser.set_cookie(&mut response);
        }
        response
    }

    fn sign_in_page<'a>(&'a self, oauth: &'a Oauth, csrf_token: &'a str, problem: Option<&'a str>) -> SignInPage<'a> {
        let identity = &oauth.resources.identity;
        let issuer = identity.oidc.as_ref().map(|issuer| {
            let provider = issuer.name();
            (provider, oidc_callback::login_url(&self.base, provider, &self.browser, &self.query))
        });
        let passwords = identity.settings.passwords;
        SignInPage { request: &self.request, query: &self.query, csrf_token, problem, passwords, issuer }
    }

    async fn user(&self, oauth: &Oauth) -> Outcome<Option<User>> {
        if self.is_new {
            return Ok(None);
        }
        oauth.resources.browser_sessions().user(&self.browser.secret).await.map_err(error_page)
    }

    async fn decide(self, oauth: &Oauth, form: &Parameters, from: Option<IpAddr>) -> Response {
        let is_ours = form.get("form").ok().flatten().is_some_and(|token| self.browser.is_csrf_token(token));
        if self.is_new || !is_ours {
            let sentence = "This page was open for too long, or cookies are disabled. Please try again.";
            return self.page(oauth, Some(sentence), StatusCode::FORBIDDEN).await;
        }
        let outcome = match form.get("action").ok().flatten() {
            Some("sign_in") => self.sign_in(oauth, form, from).await,
            Some("sign_out") => self.sign_out(oauth).await,
            Some("allow") => self.allow(oauth, form).await,
            Some("deny") => self.deny(oauth).await,
            _ => Ok(self.page(oauth, None, StatusCode::OK).await),
        };
        outcome.unwrap_or_else(|response| response)
    }

    async fn sign_in(&self, oauth: &Oauth, form: &Parameters, from: Option<IpAddr>) -> Outcome<Response> {
        let text = |name| form.get(name).ok().flatten().unwrap_or_default();
        let (name, password, token) = (text("name").trim(), text("password"), text("token").trim());
        let found = match token.is_empty() {
            true => oauth.authenticator.user_by_password(from, name, password).await,
            false => oauth.authenticator.user_by_token(token).await,
        };
        let problem = match found {
            Ok(user) => return sign_browser_in(oauth, &self.base, &user.id, &self.query).await,
            Err(error @ tools::Error::Internal(_)) => return Err(tool_error_page(error)),
            Err(problem) => problem,
        };
        let page = self.page(oauth, Some(&problem.to_string()), html::error_status(&problem)).await;
        Ok(html::with_error_headers(&problem, page))
    }

    async fn sign_out(&self, oauth: &Oauth) -> Outcome<Response> {
        oauth.resources.browser_sessions().sign_out(&self.browser.secret).await.map_err(error_page)?;
        Ok(retry(&Browser::new(&self.base), &self.query))
    }

    async fn allow(&self, oauth: &Oauth, form: &Parameters) -> Outcome<Response> {
        let user = self.user(oauth).await?;
        // The consent is that of the user on the page: another one may have signed in since.
        let Some(user) = user.filter(|user| form.get("account").ok().flatten() == Some(&user.id)) else {
            return Ok(self.page(oauth, None, StatusCode::OK).await);
        };
        let scopes = self.chosen(form);
        if scopes.is_empty() {
            let sentence = "Nothing is selected. Select a permission, or deny the request.";
            return Ok(self.page(oauth, Some(sentence), StatusCode::UNPROCESSABLE_ENTITY).await);
        }
        let url = self.grant(oauth, &user.id, &scopes).await.map_err(error_page)?;
        self.finish(oauth, &url).await
    }

    async fn deny(&self, oauth: &Oauth) -> Outcome<Response> {
        let denied = OAuthError::new("access_denied", "The user denied the request");
        self.finish(oauth, &self.request.target.with_error(&denied)).await
    }

    /// Sends the browser back to the client, and signs it out: the next request needs another sign-in.
    async fn finish(&self, oauth: &Oauth, url: &str) -> Outcome<Response> {
        oauth.resources.browser_sessions().sign_out(&self.browser.secret).await.map_err(error_page)?;
        let mut response = html::redirect_page(&self.request.target.client.name, url);
        self.browser.remove_cookie(&mut response);
        Ok(response)
    }

    /// Grants access for a program that has its user's token, such as a page that signs its users in by itself.
    async fn grant_with_token(&self, oauth: &Oauth, token: &str, form: &Parameters) -> Response {
        let user = match oauth.authenticator.user_by_token(token).await {
            Ok(user) => user,
            Err(error) if error.code() == "authorization_denied" => {
                return OAuthError::new("access_denied", error.to_string()).into();
            }
            Err(error) => return tool_error_page(error),
        };
        let chosen = if form.all("grant").next().is_some() { self.chosen(form) } else { self.request.scopes.clone() };
        if chosen.is_empty() {
            return OAuthError::new("access_denied", "No scope is selected").into();
        }
        match self.grant(oauth, &user.id, &chosen).await {
            Ok(url) => response::json(StatusCode::OK, &json!({ "redirect_uri": url })),
            Err(error) => OAuthError::from(error).into(),
        }
    }

    async fn grant(&self, oauth: &Oauth, user: &str, scopes: &[Scope]) -> resources::Result<String> {
        let AuthorizationRequest { target, resource, challenge, .. } = &self.request;
        let (client, redirect_uri) = (&*target.client, target.redirect_uri.as_str());
        let code = AuthorizationCode { user, client, redirect_uri, challenge, resource, scopes };
        Ok(target.with_code(&oauth.resources.grants().create_authorization_code(code).await?))
    }

    /// The requested scopes that the user has selected.
    fn chosen(&self, form: &Parameters) -> Vec<Scope> {
        let is_chosen = |scope: &Scope| form.all("grant").any(|name| name == scope.spelling(KeyFamily::Mcp));
        self.request.scopes.iter().copied().filter(is_chosen).collect()
    }
}

/// Signs a user in, gives the browser a new secret, and returns to the authorization request in `query`.
pub(super) async fn sign_browser_in(oauth: &Oauth, base: &str, user: &str, query: &str) -> Outcome<Response> {
    let browser = Browser::new(base);
    oauth.resources.browser_sessions().sign_in(&browser.secret, user).await.map_err(error_page)?;
    Ok(retry(&browser, query))
}

/// Returns to the same authorization request, in a browser with a new secret.
fn retry(browser: &Browser, query: &str) -> Response {
    let mut response = pages::redirect(&format!("/authorize?{query}"));
    browser.set_cookie(&mut response);
    response
}

/// Reports an invalid request to the user or, where that is safe, to the client.
fn refusal(error: AuthorizeError) -> Response {
    match error {
        AuthorizeError::Untrusted(sentence) => pages::problem(StatusCode::BAD_REQUEST, &sentence),
        AuthorizeError::Redirect(target, error) if target.is_trusted() => pages::redirect(&target.with_error(&error)),
        AuthorizeError::Redirect(target, error) => pages::invalid_request(&target, &error),
        AuthorizeError::Failed(error) => tool_error_page(error),
    }
}

pub(super) fn error_page(error: resources::Error) -> Response {
    pages::problem(StatusCode::SERVICE_UNAVAILABLE, &OAuthError::from(error).description)
}

fn tool_error_page(error: tools::Error) -> Response {
    if let tools::Error::Internal(error) = &error {
        tracing::error!("authorization failed: {error:#}");
    }
    html::with_error_headers(&error, pages::problem(error.status(), &error.to_string()))
}
