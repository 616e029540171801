//! The start page: whether the server is well, and how to connect to it. It asks nothing of any other host.

use poem::web::{Html, WithContentType, WithHeader};
use poem::{IntoResponse, Route, get, handler};

/// Adds what the page loads to the routes of the server.
pub(crate) fn mount(route: Route) -> Route {
    route.at("/web/style.css", get(style)).at("/web/consent.css", get(consent_style)).at("/web/page.js", get(script))
}

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page itself.
#[handler]
pub(crate) fn index() -> WithHeader<WithHeader<Html<&'static str>>> {
    Html(include_str!("pages/index.html"))
        .with_header("Content-Security-Policy", POLICY)
        .with_header("Referrer-Policy", "no-referrer")
}

#[handler]
fn style() -> WithContentType<&'static str> {
    include_str!("pages/style.css").with_content_type("text/css; charset=utf-8")
}

#[handler]
fn consent_style() -> WithContentType<&'static str> {
    include_str!("pages/consent.css").with_content_type("text/css; charset=utf-8")
}

#[handler]
fn script() -> WithContentType<&'static str> {
    include_str!("pages/page.js").with_content_type("text/javascript; charset=utf-8")
}

/// The icon of the page, which holds it as a URL of its own.
pub(crate) fn icon() -> &'static str {
    let page = include_str!("pages/index.html");
    let url = page.split_once("rel=\"icon\" href=\"").and_then(|(_, rest)| rest.split_once('"'));
    url.map_or("", |(url, _)| url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_icon_is_a_small_url() {
        assert!(icon().starts_with("data:image/svg+xml,") && icon().len() < 1000, "{}", icon());
        assert!(!icon().contains(char::is_whitespace), "{}", icon());
    }
}
