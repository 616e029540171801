//! The start page, with the state of the server and how to connect to it, and its assets. It loads nothing from other
//! hosts.

use poem::{
    IntoResponse, handler,
    web::{WithContentType, WithHeader},
};

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The start page.
#[handler]
pub(crate) fn index() -> WithHeader<WithHeader<WithContentType<&'static str>>> {
    include_str!("pages/index.html")
        .with_content_type("text/html; charset=utf-8")
        .with_header("Content-Security-Policy", POLICY)
        .with_header("Referrer-Policy", "no-referrer")
}

#[handler]
pub(crate) fn style() -> WithContentType<&'static str> {
    include_str!("pages/style.css").with_content_type("text/css; charset=utf-8")
}

#[handler]
pub(crate) fn consent_style() -> WithContentType<&'static str> {
    include_str!("pages/consent.css").with_content_type("text/css; charset=utf-8")
}

#[handler]
pub(crate) fn script() -> WithContentType<&'static str> {
    include_str!("pages/page.js").with_content_type("text/javascript; charset=utf-8")
}

/// The icon, as the data URL in the start page.
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
