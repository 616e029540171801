//! `/authorize`: a client sends a user's browser here; the user signs in, reads what the client wants, and agrees or not.
//! All of it works without a script, and every form carries the secret of the browser that it was made for.

use std::{net::IpAddr, sync::Arc};

use openapi::address_of;

use poem::{
    Request, Response,
    http::{StatusCode, header},
};
use resources::{grants::AuthorizationCode, users::User};
use schemas::{key::KeyFamily, scope::Scope};
use serde_json::json;

use super::{
    Oauth,
    answer::{self, Refused},
    browser::Browser,
    omi::{self, OMI},
    pages::{self, Consent, SignInForm},
    parameters::Parameters,
    request::{Asked, Objection},
    signed_in,
};

/// An answer that ends the request early.
type Ended<T> = Result<T, Response>;

/// Shows the user what a client asks for.
pub(super) async fn show(oauth: Arc<Oauth>, request: Request) -> Response {
    let visit = Visit::of(&oauth, &request, Parameters::of_query(&request)).await;
    match visit {
        Ok(visit) => visit.page(&oauth, None, StatusCode::OK).await,
        Err(response) => response,
    }
}

/// Does what the user has decided.
pub(super) async fn decide(oauth: Arc<Oauth>, mut request: Request) -> Response {
    let form = match Parameters::of_form(&mut request).await {
        Ok(form) => form,
        Err(refused) => return pages::problem(StatusCode::BAD_REQUEST, &refused.description),
    };
    let from = address_of(&request);
    let asked = Parameters::of_query(&request).or(&form);
    let token = form.get("firebase_id_token").ok().flatten();
    match Visit::of(&oauth, &request, asked).await {
        Ok(visit) => match token {
            Some(token) => visit.agree_with_token(&oauth, token, &form).await,
            None => visit.decide(&oauth, &form, from).await,
        },
        Err(response) => response,
    }
}

/// A client's request, in a browser.
struct Visit {
    asked: Asked,
    /// The request, to come back to.
    query: String,
    base: String,
    browser: Browser,
    is_new: bool,
}

impl Visit {
    /// Reads who is there and what for.
    async fn of(oauth: &Oauth, request: &Request, given: Parameters) -> Ended<Self> {
        let Some(base) = oauth.base.of(request) else {
            return Err(pages::problem(StatusCode::BAD_REQUEST, "This server does not go by that name."));
        };
        if given.get("client_id").ok().flatten() == Some(OMI) {
            return Err(omi::authorize(oauth, &base, &given));
        }
        let asked = Asked::read(oauth, &base, &given).await.map_err(objected)?;
        let known = Browser::of(request, &base);
        let is_new = known.is_none();
        let browser = known.unwrap_or_else(|| Browser::new(&base));
        Ok(Self { asked, query: given.query(), base, browser, is_new })
    }

    /// The page for whoever is there: to sign in, or to agree.
    async fn page(&self, oauth: &Oauth, problem: Option<&str>, status: StatusCode) -> Response {
        let user = match self.user(oauth).await {
            Ok(user) => user,
            Err(response) => return response,
        };
        let form = self.browser.form_secret();
        let mut response = match &user {
            Some(user) => Consent { asked: &self.asked, query: &self.query, form: &form, user, problem }.page(status),
            None => self.sign_in_form(oauth, &form, problem).page(status),
        };
        if self.is_new {
            keep(&self.browser, &mut response);
        }
        response
    }

    fn sign_in_form<'a>(&'a self, oauth: &'a Oauth, form: &'a str, problem: Option<&'a str>) -> SignInForm<'a> {
        let identity = &oauth.resources.identity;
        let issuer = identity.oidc.as_ref().map(|issuer| {
            let provider = issuer.name();
            (provider, signed_in::way_there(&self.base, provider, &self.browser, &self.query))
        });
        let passwords = identity.settings.passwords;
        SignInForm { asked: &self.asked, query: &self.query, form, problem, passwords, issuer }
    }

    async fn user(&self, oauth: &Oauth) -> Ended<Option<User>> {
        if self.is_new {
            return Ok(None);
        }
        oauth.resources.browser_sessions().user(&self.browser.secret).await.map_err(failed)
    }

    async fn decide(self, oauth: &Oauth, form: &Parameters, from: Option<IpAddr>) -> Response {
        let is_ours = form.get("form").ok().flatten().is_some_and(|given| self.browser.has_form(given));
        if self.is_new || !is_ours {
            let sentence = "This page was open for too long, or cookies are switched off. Please try again.";
            return self.page(oauth, Some(sentence), StatusCode::FORBIDDEN).await;
        }
        let outcome = match form.get("action").ok().flatten() {
            Some("sign_in") => self.sign_in(oauth, form, from).await,
            Some("sign_out") => self.sign_out(oauth).await,
            Some("allow") => self.allow(oauth, form).await,
            Some("deny") => Ok(self.deny()),
            _ => Ok(self.page(oauth, None, StatusCode::OK).await),
        };
        outcome.unwrap_or_else(|response| response)
    }

    async fn sign_in(&self, oauth: &Oauth, form: &Parameters, from: Option<IpAddr>) -> Ended<Response> {
        let text = |name| form.get(name).ok().flatten().unwrap_or_default();
        let (name, password, token) = (text("name").trim(), text("password"), text("token").trim());
        let found = match token.is_empty() {
            true => oauth.sign_in.user_by_password(from, name, password).await,
            false => oauth.sign_in.user_by_token(token).await,
        };
        let problem = match found {
            Ok(user) => return sign_browser_in(oauth, &self.base, &user.id, &self.query).await,
            Err(error @ tools::Error::Internal(_)) => return Err(failed_tool(error)),
            Err(problem) => problem,
        };
        let page = self.page(oauth, Some(&problem.to_string()), pages::status_of(&problem)).await;
        Ok(pages::advised(&problem, page))
    }

    async fn sign_out(&self, oauth: &Oauth) -> Ended<Response> {
        oauth.resources.browser_sessions().sign_out(&self.browser.secret).await.map_err(failed)?;
        Ok(again(&Browser::new(&self.base), &self.query))
    }

    async fn allow(&self, oauth: &Oauth, form: &Parameters) -> Ended<Response> {
        let user = self.user(oauth).await?;
        // Whoever agreed is whoever the page named: another may have signed in since.
        let Some(user) = user.filter(|user| form.get("account").ok().flatten() == Some(&user.id)) else {
            return Ok(self.page(oauth, None, StatusCode::OK).await);
        };
        let scopes = self.chosen(form);
        if scopes.is_empty() {
            let sentence = "Nothing is chosen. Choose something, or deny it all.";
            return Ok(self.page(oauth, Some(sentence), StatusCode::UNPROCESSABLE_ENTITY).await);
        }
        let address = self.agree(oauth, &user.id, &scopes).await.map_err(failed)?;
        Ok(pages::back(&self.asked.back, &address))
    }

    fn deny(&self) -> Response {
        let refused = Refused::new("access_denied", "The user has denied it");
        pages::back(&self.asked.back, &self.asked.back.with_error(&refused))
    }

    /// Agrees for a program that has its user's token: what a page does that signs its users in by itself.
    async fn agree_with_token(&self, oauth: &Oauth, token: &str, form: &Parameters) -> Response {
        let user = match oauth.sign_in.user_by_token(token).await {
            Ok(user) => user,
            Err(error) if error.code() == "authorization_denied" => {
                return Refused::new("access_denied", error.to_string()).into();
            }
            Err(error) => return failed_tool(error),
        };
        let chosen = if form.all("grant").next().is_some() { self.chosen(form) } else { self.asked.scopes.clone() };
        if chosen.is_empty() {
            return Refused::new("access_denied", "Nothing is chosen").into();
        }
        match self.agree(oauth, &user.id, &chosen).await {
            Ok(address) => answer::document(StatusCode::OK, &json!({ "redirect_uri": address })),
            Err(error) => Refused::from(error).into(),
        }
    }

    async fn agree(&self, oauth: &Oauth, user: &str, scopes: &[Scope]) -> resources::Result<String> {
        let Asked { back, resource, challenge, .. } = &self.asked;
        let (client, redirect_uri) = (&*back.client, back.redirect_uri.as_str());
        let agreement = AuthorizationCode { user, client, redirect_uri, challenge, resource, scopes };
        Ok(back.with_code(&oauth.resources.grants().create_authorization_code(agreement).await?))
    }

    /// What the user has left of what the client asks for.
    fn chosen(&self, form: &Parameters) -> Vec<Scope> {
        let is_chosen = |scope: &Scope| form.all("grant").any(|name| name == scope.spelling(KeyFamily::Mcp));
        self.asked.scopes.iter().copied().filter(is_chosen).collect()
    }
}

/// Signs a user in, in a browser that has a new secret from then on, and comes back to the request in `query`.
pub(super) async fn sign_browser_in(oauth: &Oauth, base: &str, user: &str, query: &str) -> Ended<Response> {
    let browser = Browser::new(base);
    oauth.resources.browser_sessions().sign_in(&browser.secret, user).await.map_err(failed)?;
    Ok(again(&browser, query))
}

/// Comes back to the same request, in a browser with a new secret.
fn again(browser: &Browser, query: &str) -> Response {
    let mut response = pages::go(&format!("/authorize?{query}"));
    keep(browser, &mut response);
    response
}

fn keep(browser: &Browser, response: &mut Response) {
    if let Ok(cookie) = browser.set_cookie().parse() {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
}

/// Tells the user or, where that is safe, the client, what is wrong with a request.
fn objected(objection: Objection) -> Response {
    match objection {
        Objection::Shown(sentence) => pages::problem(StatusCode::BAD_REQUEST, &sentence),
        Objection::Told(back, refused) if back.is_trusted() => pages::go(&back.with_error(&refused)),
        Objection::Told(back, refused) => pages::told(&back, &refused),
        Objection::Failed(refused) => pages::problem(StatusCode::SERVICE_UNAVAILABLE, &refused.description),
    }
}

pub(super) fn failed(error: resources::Error) -> Response {
    pages::problem(StatusCode::SERVICE_UNAVAILABLE, &Refused::from(error).description)
}

fn failed_tool(error: tools::Error) -> Response {
    if let tools::Error::Internal(error) = &error {
        tracing::error!("signing in failed: {error:#}");
    }
    pages::problem(error.status(), &error.to_string())
}
