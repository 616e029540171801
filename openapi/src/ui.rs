//! The API reference page.

use bytes::Bytes;
use poem::{Endpoint, Response, endpoint::make_sync, http::header};
use poem_openapi::OpenApi;

use crate::{api, document};

/// Everything is loaded from this server; scripts and styles are inlined.
const POLICY: &str = "default-src 'self'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; \
                      img-src 'self' data: blob:; font-src data:; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// The reference pages: Scalar, complete in one page, with the document of the tools and of `Other`.
pub fn ui_endpoint<Other: OpenApi>() -> impl Endpoint {
    // Shared: a response that its client does not read holds no copy of the page.
    let html = Bytes::from(html::<Other>());
    make_sync(move |_| {
        let response = Response::builder().content_type("text/html; charset=utf-8");
        response.header(header::CONTENT_SECURITY_POLICY, POLICY).body(html.clone())
    })
}

/// Scalar's page shows the document of the service it is made for; we make it for none and put ours in.
fn html<Other: OpenApi>() -> String {
    let service = api::titled(());
    // A closing tag within a text would end the script that carries the document.
    let document = document::document::<Other>().to_string().replace("</", "<\\/");
    let settings = r#"id="api-reference" data-configuration='{"withDefaultFonts":false}'"#;
    let page = service.scalar_html().replacen(r#"id="api-reference""#, settings, 1);
    page.replacen(&service.spec(), &document, 1).replacen("<title>Scalar", "<title>Recollect API", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_holds_the_document_and_asks_for_no_fonts() {
        let html = html::<()>();
        let carrier = html.find("id=\"api-reference\"").unwrap();
        let (start, end) =
            (carrier + html[carrier..].find('>').unwrap() + 1, html[carrier..].find("</script>").unwrap());
        let held: serde_json::Value = serde_json::from_str(&html[start..carrier + end]).unwrap();
        assert_eq!(held, document::document::<()>());
        assert!(html[carrier..start].contains(r#""withDefaultFonts":false"#));
        assert!(!html[..start].contains("http"), "nothing before the document names another place");
    }
}
