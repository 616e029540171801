//! HTML pages for browsers that sign in. Every text is escaped; nothing is loaded but the style sheets.

use maud::{DOCTYPE, Markup, html};
use poem::{
    Response,
    http::{StatusCode, header},
};
use tools::Error;

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// A problem above a form.
pub(crate) fn warning(problem: Option<&str>) -> Markup {
    html! { @if let Some(problem) = problem { p .warning role="alert" { (problem) } } }
}

/// A page, which redirects to `redirect` at once where that is given.
pub(crate) fn page(status: StatusCode, title: &str, redirect: Option<&str>, body: &Markup) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                @if let Some(url) = redirect { meta http-equiv="refresh" content={ "0; url=" (url) }; }
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

/// Sends the browser to `client` after a form. This is a page instead of a redirect: browsers check each redirect after
/// a form against the page's `form-action`, and an app on this machine has no page to show.
pub(crate) fn redirect_page(client: &str, url: &str) -> Response {
    let body = html! {
        h1 { "Back to " strong { (client) } }
        p .lead { "You can close this page when " (client) " says that it is done." }
        p .decision { a .agree href=(url) rel="noreferrer" { "Continue" } }
    };
    page(StatusCode::OK, "Back", Some(url), &body)
}

/// The status of a page that shows why signing in failed: on 401, browsers would ask for a password themselves.
pub(crate) fn error_status(problem: &Error) -> StatusCode {
    let status = Some(problem.status()).filter(|status| *status != StatusCode::UNAUTHORIZED);
    status.unwrap_or(StatusCode::UNPROCESSABLE_ENTITY)
}

/// The page with the headers of the error, such as `Retry-After`.
pub(crate) fn with_error_headers(problem: &Error, mut page: Response) -> Response {
    for (name, value) in problem.retry_headers() {
        if let Ok(value) = value.parse() {
            page.headers_mut().insert(name, value);
        }
    }
    page
}
