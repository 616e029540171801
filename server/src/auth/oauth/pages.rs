//! The pages of the authorization endpoint.

use maud::{Markup, html};
use poem::{
    Response,
    http::{StatusCode, header},
};
use reqwest::Url;
use resources::{
    grants::{Client, Trust, is_loopback},
    users::User,
};
use schemas::{key::KeyFamily, scope::Scope};

use super::{
    request::{AuthorizationRequest, RedirectTarget},
    response::OAuthError,
};
use crate::html::{page, warning};

/// The page on which a user consents.
pub(super) struct ConsentPage<'a> {
    pub(super) request: &'a AuthorizationRequest,
    pub(super) query: &'a str,
    pub(super) csrf_token: &'a str,
    pub(super) user: &'a User,
    pub(super) problem: Option<&'a str>,
}

/// The page on which a user signs in.
pub(super) struct SignInPage<'a> {
    pub(super) request: &'a AuthorizationRequest,
    pub(super) query: &'a str,
    pub(super) csrf_token: &'a str,
    pub(super) problem: Option<&'a str>,
    /// Whether users may sign in with a password.
    pub(super) passwords: bool,
    /// The name of the identity provider, and the URL that starts signing in there.
    pub(super) issuer: Option<(&'a str, String)>,
}

impl ConsentPage<'_> {
    pub(super) fn render(&self, status: StatusCode) -> Response {
        let client = &self.request.target.client;
        let (writing, reading): (Vec<Scope>, Vec<Scope>) =
            self.request.scopes.iter().copied().partition(|scope| scope.is_write());
        let title = format!("Authorize {}?", client.name);
        let body = html! {
            h1 { "Authorize " strong { (client.name) } "?" }
            (introduction(&self.request.target))
            (warning(self.problem))
            form method="post" action={ "/authorize?" (self.query) } {
                input type="hidden" name="form" value=(self.csrf_token);
                input type="hidden" name="account" value=(self.user.id);
                (scope_fields("It could", &reading))
                (scope_fields("It could also", &writing))
                div .account {
                    p {
                        "You are signed in as " strong { (self.user.name) }
                        @if let Some(email) = &self.user.email { " (" (email) ")" }
                        "."
                    }
                    button .plain type="submit" form="leave" name="action" value="sign_out" { "Use another account" }
                }
                div .decision {
                    button .agree type="submit" name="action" value="allow" { "Allow" }
                    button type="submit" name="action" value="deny" { "Deny" }
                }
            }
            form id="leave" method="post" action={ "/authorize?" (self.query) } {
                input type="hidden" name="form" value=(self.csrf_token);
            }
            p .note {
                "Clear a box to withhold a permission. You can revoke access at any time: your grants are listed at "
                code { "/v1/mcp/oauth/grants" } "."
            }
        };
        page(status, &title, None, &body)
    }
}

impl SignInPage<'_> {
    pub(super) fn render(&self, status: StatusCode) -> Response {
        let client = &self.request.target.client;
        let body = html! {
            h1 { "Sign in" }
            p .lead { strong { (client.name) } " requests access to your memory. Sign in to continue." }
            (introduction(&self.request.target))
            (warning(self.problem))
            form .sign-in method="post" action={ "/authorize?" (self.query) } {
                input type="hidden" name="form" value=(self.csrf_token);
                @if let Some((name, url)) = &self.issuer {
                    p .decision { a href=(url) { "Sign in with " span .issuer { (name) } } }
                }
                @if self.passwords {
                    label { "Name or e-mail" input type="text" name="name" autocomplete="username" autocapitalize="none"; }
                    label { "Password" input type="password" name="password" autocomplete="current-password"; }
                }
                details open[!self.passwords] {
                    summary { "Sign in with a token instead" }
                    label {
                        "User token"
                        input type="password" name="token" autocomplete="off" placeholder="omi_user_…";
                    }
                    p .note { "The owner token was printed when the server first started." }
                }
                div .decision {
                    button .agree type="submit" name="action" value="sign_in" { "Sign in" }
                    button type="submit" name="action" value="deny" { "Cancel" }
                }
            }
        };
        page(status, "Sign in", None, &body)
    }
}

/// Redirects the browser at once.
pub(super) fn redirect(url: &str) -> Response {
    Response::builder()
        .status(StatusCode::SEE_OTHER)
        .header(header::LOCATION, url)
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::REFERRER_POLICY, "no-referrer")
        .finish()
}

/// Shows the user why a client's request is invalid, with a link back to the client.
pub(super) fn invalid_request(target: &RedirectTarget, error: &OAuthError) -> Response {
    let body = html! {
        h1 { "Invalid request" }
        p .lead { strong { (target.client.name) } " sent an invalid request: " (error.description) "." }
        p .decision {
            a href=(target.with_error(error)) rel="noreferrer" { "Back to " (destination(&target.redirect_uri)) }
        }
    };
    page(StatusCode::BAD_REQUEST, "Invalid request", None, &body)
}

/// Shows the user an error.
pub(super) fn problem(status: StatusCode, sentence: &str) -> Response {
    let body = html! {
        h1 { "Something went wrong" }
        p .lead { (sentence) }
        p .note { "Sign-in was not completed. Return to the application and try again." }
    };
    page(status, "Something went wrong", None, &body)
}

/// The client, how it is trusted, and where the response goes.
fn introduction(target: &RedirectTarget) -> Markup {
    let client = &target.client;
    let is_local = target.redirect_uri.parse::<Url>().is_ok_and(|url| is_loopback(&url));
    html! {
        dl .who {
            div { dt { "App" } dd { (client.name) " " span { (trust_note(client)) } } }
            div { dt { "Returns to" } dd { (destination(&target.redirect_uri)) } }
        }
        @if is_local && client.trust != Trust::Manual {
            p .warning {
                "Any program on this computer can use this name. Continue only if you have just asked "
                (client.name) " to connect."
            }
        }
    }
}

fn trust_note(client: &Client) -> String {
    match client.trust {
        Trust::Manual => "added by the owner of this server".to_owned(),
        Trust::MetadataDocument => {
            let host = client.id.parse::<Url>().ok().and_then(|url| url.host_str().map(str::to_owned));
            format!("of {}", host.unwrap_or_default())
        }
        Trust::SelfRegistered => "self-registered; the name is not verified".to_owned(),
    }
}

/// Where a redirect URI leads, for people.
fn destination(redirect_uri: &str) -> String {
    let Ok(url) = redirect_uri.parse::<Url>() else { return redirect_uri.to_owned() };
    match (url.scheme(), url.host_str()) {
        (_, Some(host)) if is_loopback(&url) => format!("an app on this computer ({host})"),
        ("https", Some(host)) => host.to_owned(),
        (scheme, _) => format!("the app for {scheme}: links"),
    }
}

fn scope_fields(legend: &str, scopes: &[Scope]) -> Markup {
    html! {
        @if !scopes.is_empty() {
            fieldset {
                legend { (legend) }
                @for scope in scopes {
                    label {
                        input type="checkbox" name="grant" value=(scope.spelling(KeyFamily::Mcp)) checked;
                        span { (scope.description()) }
                    }
                }
            }
        }
    }
}
