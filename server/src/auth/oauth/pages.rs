//! What a user sees. Every text is escaped; nothing is loaded but the style sheets.

use maud::{DOCTYPE, Markup, html};
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
use tools::Error;

use super::{
    answer::Refused,
    request::{Asked, Back},
};

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// The page on which a user agrees.
pub(super) struct Consent<'a> {
    pub(super) asked: &'a Asked,
    pub(super) query: &'a str,
    pub(super) form: &'a str,
    pub(super) user: &'a User,
    pub(super) problem: Option<&'a str>,
}

/// The page on which a user signs in.
pub(super) struct SignInForm<'a> {
    pub(super) asked: &'a Asked,
    pub(super) query: &'a str,
    pub(super) form: &'a str,
    pub(super) problem: Option<&'a str>,
    /// Whether users may have passwords.
    pub(super) passwords: bool,
    /// What the issuer is called at which users can sign in too, and the way there.
    pub(super) issuer: Option<(&'a str, String)>,
}

impl Consent<'_> {
    pub(super) fn page(&self, status: StatusCode) -> Response {
        let client = &self.asked.back.client;
        let (changing, reading): (Vec<Scope>, Vec<Scope>) =
            self.asked.scopes.iter().copied().partition(|scope| scope.is_write());
        let title = format!("Let {} in?", client.name);
        let body = html! {
            h1 { "Let " strong { (client.name) } " in?" }
            (introduction(&self.asked.back))
            (warning(self.problem))
            form method="post" action={ "/authorize?" (self.query) } {
                input type="hidden" name="form" value=(self.form);
                input type="hidden" name="account" value=(self.user.id);
                (choices("It could", &reading))
                (choices("And, beyond reading, it could", &changing))
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
                input type="hidden" name="form" value=(self.form);
            }
            p .note {
                "Take a tick away to withhold something. You can take all of it back at any time: what you have granted "
                "is listed at " code { "/v1/mcp/oauth/grants" } "."
            }
        };
        page(status, &title, None, &body)
    }
}

impl SignInForm<'_> {
    pub(super) fn page(&self, status: StatusCode) -> Response {
        let client = &self.asked.back.client;
        let body = html! {
            h1 { "Sign in" }
            p .lead { strong { (client.name) } " wants to use your memory. Sign in to see what for." }
            (introduction(&self.asked.back))
            (warning(self.problem))
            form .sign-in method="post" action={ "/authorize?" (self.query) } {
                input type="hidden" name="form" value=(self.form);
                @if let Some((name, way)) = &self.issuer {
                    p .decision { a href=(way) { "Sign in with " span .issuer { (name) } } }
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
                    p .note { "The owner's was printed when the server first started." }
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

/// The status of a page that tells why nobody was signed in: when one answers 401, browsers ask for a password themselves.
pub(crate) fn status_of(problem: &Error) -> StatusCode {
    let status = Some(problem.status()).filter(|status| *status != StatusCode::UNAUTHORIZED);
    status.unwrap_or(StatusCode::UNPROCESSABLE_ENTITY)
}

/// The same page with the headers that say what there is to do about it.
pub(crate) fn advised(problem: &Error, mut page: Response) -> Response {
    for (name, value) in problem.advice() {
        if let Ok(value) = value.parse() {
            page.headers_mut().insert(name, value);
        }
    }
    page
}

/// Sends the browser on at once.
pub(super) fn go(address: &str) -> Response {
    Response::builder()
        .status(StatusCode::SEE_OTHER)
        .header(header::LOCATION, address)
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::REFERRER_POLICY, "no-referrer")
        .finish()
}

/// Sends the browser back to the client when the user has decided.
pub(super) fn back(back: &Back, address: &str) -> Response {
    back_to(&back.client.name, address)
}

/// Sends the browser to `client` after a form. This is a page and no redirect: browsers hold each redirect after a form
/// against the page's own policy, and an app on this machine has no page to show.
pub(crate) fn back_to(client: &str, address: &str) -> Response {
    let body = html! {
        h1 { "Back to " strong { (client) } }
        p .lead { "You can close this page when " (client) " says that it is done." }
        p .decision { a .agree href=(address) rel="noreferrer" { "Continue" } }
    };
    page(StatusCode::OK, "Back", Some(address), &body)
}

/// Tells the user why a client's request is refused, and leaves it to them whether to go back.
pub(super) fn told(back: &Back, refused: &Refused) -> Response {
    let body = html! {
        h1 { "This does not work" }
        p .lead { strong { (back.client.name) } " asked for something that is not possible: " (refused.description) "." }
        p .decision {
            a href=(back.with_error(refused)) rel="noreferrer" { "Back to " (destination(&back.redirect_uri)) }
        }
    };
    page(StatusCode::BAD_REQUEST, "This does not work", None, &body)
}

/// Tells the user what is wrong.
pub(super) fn problem(status: StatusCode, sentence: &str) -> Response {
    let body = html! {
        h1 { "This does not work" }
        p .lead { (sentence) }
        p .note { "Nobody has been let in. Go back to where you came from, and try again from there." }
    };
    page(status, "This does not work", None, &body)
}

/// Who asks, who says so, and where the answer goes.
fn introduction(back: &Back) -> Markup {
    let client = &back.client;
    let near = back.redirect_uri.parse::<Url>().is_ok_and(|url| is_loopback(&url));
    html! {
        dl .who {
            div { dt { "Who" } dd { (client.name) " " span { (voucher(client)) } } }
            div { dt { "Goes to" } dd { (destination(&back.redirect_uri)) } }
        }
        @if near && client.trust != Trust::Manual {
            p .warning {
                "Any program on this computer can ask in this name. Go on only if you have just told "
                (client.name) " to connect."
            }
        }
    }
}

fn voucher(client: &Client) -> String {
    match client.trust {
        Trust::Manual => "added by the owner of this server".to_owned(),
        Trust::MetadataDocument => {
            let host = client.id.parse::<Url>().ok().and_then(|url| url.host_str().map(str::to_owned));
            format!("of {}", host.unwrap_or_default())
        }
        Trust::SelfRegistered => "calls itself so; nobody has checked".to_owned(),
    }
}

/// Where an address leads, for people.
fn destination(redirect_uri: &str) -> String {
    let Ok(url) = redirect_uri.parse::<Url>() else { return redirect_uri.to_owned() };
    match (url.scheme(), url.host_str()) {
        (_, Some(host)) if is_loopback(&url) => format!("an app on this computer ({host})"),
        ("https", Some(host)) => host.to_owned(),
        (scheme, _) => format!("the app for {scheme}: links"),
    }
}

fn choices(legend: &str, scopes: &[Scope]) -> Markup {
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

pub(crate) fn warning(problem: Option<&str>) -> Markup {
    html! { @if let Some(problem) = problem { p .warning role="alert" { (problem) } } }
}

/// A page; one that sends the browser on to `next` does so by itself.
pub(crate) fn page(status: StatusCode, title: &str, next: Option<&str>, body: &Markup) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                @if let Some(next) = next { meta http-equiv="refresh" content={ "0; url=" (next) }; }
                title { (title) " – Recollect" }
                link rel="icon" href=(crate::pages::icon());
                link rel="stylesheet" href="/web/style.css";
                link rel="stylesheet" href="/web/consent.css";
            }
            body {
                main .consent {
                    header {
                        svg .mark viewBox="0 0 32 32" aria-hidden="true" {
                            rect width="32" height="32" rx="9" {}
                            path d="M8 22a8 8 0 0 1 16 0" {}
                            path d="M12.5 22a3.5 3.5 0 0 1 7 0" {}
                            circle cx="16" cy="9" r="2.2" {}
                        }
                        span { "Recollect" }
                    }
                    div .card { (body) }
                }
            }
        }
    };
    Response::builder()
        .status(status)
        .content_type("text/html; charset=utf-8")
        .header(header::CONTENT_SECURITY_POLICY, POLICY)
        .header(header::X_FRAME_OPTIONS, "DENY")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(header::REFERRER_POLICY, "same-origin")
        .header(header::CACHE_CONTROL, "no-store")
        .body(page.into_string())
}
